-- What each target weighs in its need-set, by the best rung that all its edges have: reads (or
-- another one measure of activity) of the day, of the month, work, lineage columns, declared weights; else even.
-- Grain: one row per (stretch, node, level, day, target); day is null where no reads are dated.
-- Reads: need_edges, consumption, rule_days, weights.
with declared as (
    select d.stretch, w.node, (w.weight * 1000000)::hugeint as weight
    from (select stretch, min(day) as first_day from rule_days group by stretch) as d
    inner join weights as w
        on
            (w.valid_from is null or w.valid_from <= d.first_day)
            and (w.valid_to is null or w.valid_to > d.first_day)
),

monthly as (
    select
        from_node,
        to_node,
        measure,
        date_trunc('month', day)::date as month,
        sum(reads)::hugeint as reads
    from consumption
    group by all
),

dated as (
    select distinct n.stretch, n.node, n.level
    from need_edges as n
    inner join monthly as m on n.from_node = m.from_node and n.target = m.to_node
),

variants as (
    select d.stretch, d.node, d.level, r.day
    from dated as d
    inner join rule_days as r on d.stretch = r.stretch
    union all
    select distinct n.stretch, n.node, n.level, null::date
    from need_edges as n
    anti join dated as d on n.stretch = d.stretch and n.node = d.node and n.level = d.level
),

seen as (
    select
        n.*,
        v.day,
        c.reads as day_reads,
        coalesce(m.reads, n.reads) as known_reads,
        coalesce(m.measure, case when n.reads is not null then 'reads' end) as measure,
        m.reads is not null or n.from_node is null as is_measured
    from variants as v
    inner join need_edges as n
        on v.stretch = n.stretch and v.node = n.node and v.level = n.level
    left join consumption as c
        on n.from_node = c.from_node and n.target = c.to_node and v.day = c.day
    left join monthly as m
        on
            n.from_node = m.from_node
            and n.target = m.to_node
            and date_trunc('month', v.day)::date = m.month
),

measures as (
    select stretch, node, level, day, count(distinct measure) as measures
    from seen
    group by all
),

targets as (
    select
        s.stretch,
        s.node,
        s.level,
        s.day,
        s.target,
        count(s.from_node) as edges,
        count(s.day_reads) as with_day_reads,
        sum(s.day_reads) as day_reads,
        count(s.known_reads) as with_reads,
        sum(s.known_reads) as known_reads,
        bool_and(s.is_measured) as is_measured,
        count(s.work) as with_work,
        sum(s.work) as work,
        count(s.column_count) as with_columns,
        sum(s.column_count) as column_count,
        count(coalesce(s.run_declared, s.declared)) as with_declared,
        sum(coalesce(s.run_declared, s.declared)) as declared,
        max(w.weight) as own_weight,
        any_value(m.measures) as measures
    from seen as s
    inner join measures as m
        on
            s.stretch = m.stretch
            and s.node = m.node
            and s.level = m.level
            and s.day is not distinct from m.day
    left join declared as w on s.stretch = w.stretch and s.target = w.node
    group by all
),

sets as (
    select
        stretch,
        node,
        level,
        day,
        count(*) as members,
        case
            when count(*) = 1 then 'only'
            when
                max(measures) = 1
                and bool_and(edges > 0 and with_day_reads = edges)
                and sum(day_reads) > 0
                then 'reads'
            when
                max(measures) = 1
                and bool_and(edges > 0 and with_reads = edges)
                and sum(known_reads) > 0
                then case when bool_and(is_measured) then 'month_reads' else 'known_reads' end
            when bool_and(edges > 0 and with_work = edges) and sum(work) > 0 then 'work'
            when bool_and(edges > 0 and with_columns = edges) and sum(column_count) > 0
                then 'columns'
            when bool_and(edges > 0 and with_declared = edges) and sum(declared) > 0
                then 'declared'
            when bool_and(own_weight is not null) and sum(own_weight) > 0 then 'weight'
            else 'even'
        end as rung
    from targets
    group by all
)

select
    t.stretch,
    t.node,
    t.level,
    t.day,
    t.target,
    s.members,
    s.rung,
    case s.rung
        when 'reads' then t.day_reads
        when 'month_reads' then t.known_reads
        when 'known_reads' then t.known_reads
        when 'work' then t.work
        when 'columns' then t.column_count
        when 'declared' then t.declared
        when 'weight' then t.own_weight
        else 1
    end::hugeint as weight,
    case s.rung
        when 'only' then 'A'
        when 'reads' then 'B'
        when 'month_reads' then 'B'
        when 'work' then 'C'
        when 'columns' then 'C'
        when 'even' then 'E'
        else 'D'
    end as grade
from targets as t
inner join sets as s
    on
        t.stretch = s.stretch
        and t.node = s.node
        and t.level = s.level
        and t.day is not distinct from s.day
