-- connectors/batch/findings.sql
-- Array jobs whose children are not all here: their time is. Grain: one row per array job.
-- Reads: jobs.
with children as (
    select regexp_replace(jobId, ':[0-9]+$', '') as parent, count(distinct jobId) as here
    from jobs
    where contains(jobId, ':')
    group by regexp_replace(jobId, ':[0-9]+$', '')
)

select
    'warning' as severity,
    'array_children' as code,
    max(j.x_line) as line,
    'the array job ' || j.jobId || ' has ' || max(whole(j.ArraySize)) || ' children, of which '
    || coalesce(max(c.here), 0) || ' are described' as message,
    'describe ' || j.jobId || ':0 to ' || j.jobId || ':' || (max(whole(j.ArraySize)) - 1)
    || ' as well: they are what ran' as hint
from jobs as j
left join children as c on j.jobId = c.parent
where
    j.ArraySize is not null
    and not contains(j.jobId, ':')
    and words(j.startedAt) is not null
group by j.jobId
having coalesce(max(c.here), 0) < max(whole(j.ArraySize))
order by line
