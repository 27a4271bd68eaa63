-- connectors/sagemaker/outputs.sql
-- Which models and feature groups the parts of runs made or served.
-- Grain: one row per (pipeline, run, part, target). Reads: placed, models_made, processing_jobs.
with written as (
    select
        p.x_line,
        p.pipeline,
        p.run,
        p.part,
        p.start,
        unnest(
            list_distinct(
                json_extract_string(j.Outputs, '$[*].FeatureStoreOutput.FeatureGroupName')
            )
        ) as feature_group
    from placed as p
    inner join processing_jobs as j on p.kind = 'processing' and p.arn = j.ProcessingJobArn
    union all
    select x_line, pipeline, run, part, start, feature_group
    from placed
    where kind = 'feature_group'
),

made as (
    select x_line, pipeline, run, part, 'model:' || model as target, start
    from models_made
    union all
    select x_line, pipeline, run, part, 'feature:' || feature_group, start
    from written
    where feature_group is not null
)

select
    min(x_line) as x_line,
    pipeline,
    run,
    part,
    target,
    'made' as measure,
    1 as quantity,
    min(start) as start
from made
group by pipeline, run, part, target
