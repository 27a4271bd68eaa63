-- What each consumer took of each stage that is split by use, day by day: that day's measured
-- consumption, else its month's, else what is declared. Where stages step down, none gives to itself or to
-- one before it. Grain: one row per (day, stage, consumer).
-- Reads: things, edges, rule_days, consumption, cascade_order.
with stages as (
    select node
    from things
    where split = 'use'
),

monthly as (
    select from_node, to_node, date_trunc('month', day)::date as month, sum(reads)::hugeint as reads
    from consumption
    group by all
),

declared as (
    select
        d.day,
        e.from_node,
        e.to_node,
        sum((e.weight * 1000000)::hugeint)::hugeint as weight,
        count(*) over (partition by d.day, e.from_node) as feeds,
        count(sum(e.weight)) over (partition by d.day, e.from_node) as weighted
    from rule_days as d
    inner join edges as e
        on
            (e.valid_from is null or e.valid_from <= d.day)
            and (e.valid_to is null or e.valid_to > d.day)
    where e.from_node in (select node from stages)
    group by d.day, e.from_node, e.to_node
),

offered as (
    select d.day, c.from_node, c.to_node, c.reads as weight, 1 as rung
    from rule_days as d
    inner join consumption as c on d.day = c.day
    where c.from_node in (select node from stages)
    union all
    select d.day, m.from_node, m.to_node, m.reads, 2
    from rule_days as d
    inner join monthly as m on date_trunc('month', d.day)::date = m.month
    where m.from_node in (select node from stages)
    union all
    select day, from_node, to_node, case when feeds = 1 then coalesce(weight, 1) else weight end, 3
    from declared
    where feeds = weighted or feeds = 1
),

best as (
    select day, from_node, min(rung) as rung
    from (
        select day, from_node, rung
        from offered
        group by all
        having sum(weight) > 0
    ) as usable
    group by all
),

graded as (
    select
        o.day,
        o.from_node,
        o.to_node,
        o.weight,
        case o.rung when 3 then 'declared' else 'consumption' end as measure,
        case
            when count(*) over (partition by o.day, o.from_node) = 1 then 'A'
            when o.rung = 3 then 'D'
            else 'B'
        end as grade
    from offered as o
    inner join best as b on o.day = b.day and o.from_node = b.from_node and o.rung = b.rung
    where o.weight > 0
)

select
    g.day,
    g.from_node,
    g.to_node,
    g.weight,
    g.measure || coalesce(', step ' || a.step, '') as measure,
    g.grade
from graded as g
left join cascade_order as a on g.from_node = a.node
left join cascade_order as b on g.to_node = b.node
where b.step is null or b.step > a.step
order by g.day, g.from_node, g.to_node
