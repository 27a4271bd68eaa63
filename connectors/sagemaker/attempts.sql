-- connectors/sagemaker/attempts.sql
-- What ran, as tries. Grain: one row per job, step, stretch of an endpoint's variant, feature group.
-- Reads: placed. `busy_s` is what SageMaker bills, on each machine: spot training bills less than it took.
select
    x_line,
    pipeline,
    run,
    part,
    slice,
    1 as try,
    parent,
    case when lower(state) = 'deleting' then 'running' else state end as state,
    start,
    stop,
    resource_id,
    size,
    size_unit,
    busy_s,
    tags
from placed
