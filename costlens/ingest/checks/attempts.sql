-- costlens/ingest/checks/attempts.sql
-- What is wrong with the attempts of one load. Grain: one row per problem.
-- Reads: attempts. Takes: $source and $period, the load.
with mine as (
    select *
    from attempts
    where source = $source and month = $period
),

judged as (
    select
        x_line,
        case
            when pipeline is null or run is null then 'no_run'
            when stop < start then 'run_ends_before_start'
            when size < 0 then 'negative_size'
            when busy_s < 0 then 'negative_time'
        end as problem,
        case
            when pipeline is null or run is null then null
            when stop < start then strftime(stop, '%Y-%m-%dT%H:%M:%SZ')
            when size < 0 then size::varchar
            else busy_s::varchar
        end as value
    from mine
    union all
    -- A try that two files hold.
    select max(x_line) as x_line, 'try_twice' as problem, run as value
    from mine
    group by pipeline, run, part, slice, try
    having count(*) > 1
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
