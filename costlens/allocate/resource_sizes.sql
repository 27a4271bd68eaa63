-- In which unit the attempts of a resource are sized, and what it can hold, in thousandths.
-- One unit per resource: sizes of several units cannot share a denominator, so then each counts 1.
-- `apart`: its vCPU, memory and GPU are each shared by themselves, as all that ran there say what they
-- had of each; `kept_whole`: they should be, but some do not say.
-- Grain: one row per place that attempts ran on in the period, or that is declared.
-- Reads: resources, ran_on, tries, rule_days,
-- policies.
with told as (
    select
        r.place,
        count(distinct t.size_unit) as units,
        min(t.size_unit) as unit,
        count(*) filter (t.size_unit is null) as unsized,
        count(*) filter (
            coalesce((t.made_of).vcpu, (t.made_of).memory_gb, (t.made_of).gpu) is null
        ) as unmade
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
        coalesce(t.unmade, 0) as unmade,
        x.capacity_of,
        x.machine_of,
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
    case overlap when 'capacity_by_unit' then 'capacity' else overlap end as overlap,
    overlap = 'capacity_by_unit' and not mixed and unit = 'weighted' and unmade = 0 as apart,
    overlap = 'capacity_by_unit' and not mixed and unit = 'weighted' and unmade > 0 as kept_whole,
    practical,
    capacity_of,
    machine_of,
    case when not mixed then unit end as unit,
    case when not mixed or unit in ('slots', 'machines') then capacity_milli end as capacity_milli,
    case when not mixed then machine_milli end as machine_milli
from joined
