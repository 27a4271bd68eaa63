-- costlens/ingest/checks/activity.sql
-- What is wrong with the activity of one load. Grain: one row per problem.
-- Reads: activity. Takes: $source and $period, the load.
with judged as (
    select
        x_line,
        case
            when target is null or measure is null or quantity is null then 'no_activity'
            when quantity < 0 then 'negative_activity'
        end as problem,
        quantity::varchar as value
    from activity
    where source = $source and month = $period
)

select
    problem,
    count(*) as lines,
    min(x_line) as line,
    arg_min(value, x_line) as value
from judged
where problem is not null
group by problem
order by problem
