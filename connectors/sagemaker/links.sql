-- connectors/sagemaker/links.sql
-- Which feature groups a model was trained on, as the input of its training job tells.
-- Grain: one row per (model, version, feature group). Reads: models_made, features_taken.
select
    min(m.x_line) as x_line,
    'feature:' || t.feature as from_node,
    'model:' || m.model as to_node,
    'uses' as kind,
    coalesce(m.version, m.run) as version,
    min(m.run) as run,
    min(m.start) as seen,
    'sagemaker.input' as seen_as
from models_made as m
inner join features_taken as t on m.arn = t.arn
where m.kind = 'training' and m.rung in ('own', 'execution') and m.state = 'Completed'
group by t.feature, m.model, coalesce(m.version, m.run)
