-- Whom the shared parts of a run serve: what was mapped in that same run.
-- Grain: one row per (source, execution, target). Reads: tries, own_time, part_weights, policies.
with worked as (
    select
        w.source,
        w.execution,
        w.part,
        w.target,
        w.weight,
        sum(w.weight) over (partition by w.source, w.execution, w.part) as siblings_weight
    from part_weights as w
),

part_work as (
    select t.source, t.execution, t.part, sum(
        coalesce(t.busy_us, o.own_us) * coalesce(t.size_milli, 1000)
    ) as work
    from tries as t
    inner join own_time as o on t.attempt = o.attempt
    group by all
)

select
    w.source,
    w.execution,
    w.target,
    case (select value from policies where name = 'shared_parts')
        when 'by_work' then sum(coalesce(p.work, 0) * w.weight // greatest(w.siblings_weight, 1))
        else 1
    end::hugeint as weight
from worked as w
left join part_work as p on w.source = p.source and w.execution = p.execution and w.part = p.part
group by w.source, w.execution, w.target
