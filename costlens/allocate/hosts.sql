-- Where attempts run that name no resource: where the attempt runs that they are nested in, which of
-- several is the one they share most time with. And how large they are, where they do not say.
-- Grain: one row per attempt with a host. `host` is the nearest with a place of its own, else the
-- outermost; `lodges`: it has no place of its own from the catalogue either.
-- Reads: logged, run_nests, time_nests, runs_on.
with recursive placed_parts as (
    select distinct n.pipeline_node, n.part
    from (select distinct pipeline_node, part from logged) as n
    inner join runs_on as o
        on
            n.pipeline_node = 'pipeline:' || o.pipeline
            and (o.part is null or regexp_full_match(n.part, o.part))
),

live as (
    select l.*, p.part is not null as placed
    from logged as l
    left join placed_parts as p on l.pipeline_node = p.pipeline_node and l.part = p.part
    where l.state not in ('skipped', 'cached') and l.until > l.start
),

held as (
    select i.attempt, o.attempt as outer_attempt, micros(
        greatest(i.start, o.start), least(i.until, o.until)
    ) as shared_us
    from run_nests as n
    inner join live as i
        on
            n.source = i.source
            and n.inner_run = i.execution
            and (n.parent is null or n.parent = i.parent)
    inner join live as o
        on
            n.outer_source = o.source
            and n.outer_run = o.execution
            and (n.part is null or n.part = o.part)
            and i.start < o.until
            and i.until > o.start
    where i.resource_id is null
    union all
    select t.attempt, t.outer_attempt, micros(i.start, i.until)
    from time_nests as t
    inner join live as i on t.attempt = i.attempt
    where i.resource_id is null
),

nearest as (
    select attempt, arg_min(outer_attempt, (-shared_us, outer_attempt)) as host
    from held
    group by attempt
),

-- Up from host to host, as long as they name no resource and the catalogue gives them none.
climbed as (
    select n.attempt, [n.attempt] as way, n.host, 1 as height
    from nearest as n
    union all
    select c.attempt, list_append(c.way, c.host), n.host, c.height + 1
    from climbed as c
    inner join live as h on c.host = h.attempt and not h.placed
    inner join nearest as n on c.host = n.attempt and not list_contains(c.way, n.host)
),

sized as (
    select
        c.attempt,
        arg_max(c.host, c.height) as host,
        arg_min(l.size, c.height) filter (l.size is not null) as size,
        arg_min(l.size_unit, c.height) filter (l.size is not null) as size_unit,
        arg_min(
            {'vcpu': l.vcpu, 'memory_gb': l.memory_gb, 'gpu': l.gpu}, c.height
        ) filter (l.size is not null) as made_of
    from climbed as c
    inner join live as l on c.host = l.attempt
    group by c.attempt
)

select s.*, not l.placed as lodges
from sized as s
inner join live as l on s.attempt = l.attempt
