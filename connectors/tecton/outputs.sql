-- connectors/tecton/outputs.sql
-- A materialisation job fills its feature view. Grain: one row per job. Reads: tries.
-- `start` is not kept: it says to which month an output belongs.
select
    min(x_line) as x_line,
    coalesce(words(workspace), 'tecton') as pipeline,
    job as run,
    words(feature_view) as part,
    'feature:' || words(feature_view) as target,
    'made' as measure,
    1 as quantity,
    min(instant(created_at)) as start
from tries
group by words(workspace), job, words(feature_view)
