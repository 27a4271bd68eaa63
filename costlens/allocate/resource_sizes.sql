-- In which unit the attempts of a resource are sized, and what it can hold, in thousandths.
-- One unit per resource: sizes of several units cannot share a denominator, so then each counts 1.
-- Grain: one row per place that attempts ran on in the period, or that is declared.
-- Reads: resources, ran_on, tries, rule_days,
-- policies.
with told as (
    select
        r.place,
        count(distinct t.size_unit) as units,
        min(t.size_unit) as unit,
        count(*) filter (t.size_unit is null) as unsized
    from ran_on as r
    inner join tries as t on r.attempt = t.attempt
    cross join (select min(day) as first_day, max(day) as last_day from rule_days) as d
    where t.start < d.last_day + interval 1 day and t.until >= d.first_day
    group by all
),

joined as (
    select
        coalesce(t.place, x.node) as place,
        coalesce(x.unit, case when t.units = 1 then t.unit end) as unit,
        coalesce(t.units, 0) > 1
        or (x.unit is not null and t.unit is not null and x.unit <> t.unit)
        or (coalesce(x.unit, t.unit) = 'weighted' and coalesce(t.unsized, 0) > 0) as mixed,
        (x.capacity::decimal(38, 3) * 1000)::hugeint as capacity_milli,
        (x.machine::decimal(38, 3) * 1000)::hugeint as machine_milli,
        x.practical,
        coalesce(x.overlap, p.value) as overlap
    from told as t
    full join resources as x on t.place = x.node
    cross join policies as p
    where p.name = 'overlap'
)

select
    place,
    mixed,
    overlap,
    practical,
    case when not mixed then unit end as unit,
    case when not mixed or unit in ('slots', 'machines') then capacity_milli end as capacity_milli,
    case when not mixed then machine_milli end as machine_milli
from joined
