-- Which runs are nested in which, as they say by their parent: a run of their own source, else
-- `pipeline/run` of another source or `pipeline/run/part` of any. In a part are the attempts that have
-- it as their `parent`; both are null where the whole run is in a run.
-- Grain: one row per (inner run, outer run, part). Reads: logged.
with executions as (
    select distinct source, pipeline, run, parent, execution
    from logged
),

-- A parent is a run of the same pipeline, or of another one where that has none of its name.
own as (
    select
        c.source,
        c.execution as inner_run,
        c.parent,
        p.execution as outer_run
    from executions as c
    inner join executions as p
        on c.source = p.source and c.parent = p.run and c.execution <> p.execution
    where
        c.pipeline = p.pipeline
        or (c.source, c.pipeline, c.parent) not in (
            select (source, pipeline, run) from executions
        )
),

unresolved as (
    select *
    from executions as c
    anti join own as o
        on c.source = o.source and c.execution = o.inner_run and c.parent = o.parent
    where c.parent is not null
),

named as (
    select source, execution as outer_run, null as part, execution as name
    from executions
    union
    select source, execution, part, execution || '/' || part
    from logged
)

select source, inner_run, source as outer_source, outer_run, null as part, null as parent
from own
union
select
    u.source,
    u.execution,
    n.source,
    n.outer_run,
    n.part,
    case when n.part is not null then n.name end
from unresolved as u
inner join named as n
    on
        u.parent = n.name
        and (u.source <> n.source or (n.part is not null and u.execution <> n.outer_run))
