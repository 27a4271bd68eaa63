-- What is wrong or missing in the run logs. Grain: one row per finding.
-- Reads: tries, activity, known_nodes.
with unknown as (
    select
        'info' as severity,
        'unknown_pipeline' as code,
        count(distinct run) || ' runs of ' || pipeline || ', which is not in the catalogue' as message,
        source as place,
        'add it under `pipelines`, with an owner' as hint
    from tries
    where not known
    group by source, pipeline
),

claimed as (
    select
        'warning' as severity,
        'contested_runs' as code,
        'several pipelines claim the runs of ' || pipeline || '; the first has them' as message,
        source as place,
        'make the `runs: match` of one of them narrower' as hint
    from tries
    where claimants > 1
    group by source, pipeline
),

named as (
    select source, target as name from activity
    union
    select source, consumer from activity
    where consumer is not null
),

strange as (
    select
        'warning' as severity,
        'unknown_name' as code,
        'activity names ' || name || ', which nothing is called, or more than one thing' as message,
        source as place,
        'write `kind:name`, for example `feature:' || name || '`, or add it to the catalogue' as hint
    from named
    where
        name not in (select node from known_nodes)
        and name not in (select name from known_nodes group by name having count(*) = 1)
),

all_found as (
    select * from unknown
    union all
    select * from claimed
    union all
    select * from strange
)

select
    severity,
    code,
    message,
    place,
    hint,
    null::varchar as billing_period,
    null::varchar as currency,
    null::decimal(38, 12) as billed,
    null::decimal(38, 12) as effective
from all_found
order by code, place, message
