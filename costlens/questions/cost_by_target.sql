-- What each feature, model or product cost, could have been saved, and would have cost alone.
-- Grain: one row per (name, currency); what no target bears is a row in parentheses.
-- Reads: ledger, shares, stage_costs, rates. Takes: $level; $basis; $start, $stop, $first
-- and $after, the window: UTC days and billing periods, both half open.
with borne as (
    select
        target,
        class,
        grade,
        billing_period,
        currency,
        sum_in($basis, billed, effective) as value
    from ledger
    where
        level = $level and day >= $start and day < $stop
        and billing_period >= $first and billing_period < $after
    group by all
),

figures as (
    select
        b.target as name,
        r.to_currency as currency,
        sum(b.value * r.rate) as allocated,
        coalesce(sum(b.value * r.rate) filter (b.class = 'waste'), 0) as waste,
        coalesce(sum(b.value * r.rate) filter (b.grade in ('A', 'B')), 0) as measured,
        coalesce(max(b.grade) filter (b.value <> 0), max(b.grade)) as grade
    from borne as b
    inner join rates as r on b.billing_period = r.month and b.currency = r.currency
    group by all
),

-- The cost of all stages of one need-set, and the idle beside them.
set_costs as (
    select
        set_of($level, feature_set, model_set, product_set) as need_set,
        billing_period,
        currency,
        sum_in($basis, billed, effective) as value,
        -- Unknown as soon as that of one resource is.
        case
            when count(idle_billed) = count(*)
                then sum_in($basis, idle_billed, idle_effective)
        end as idle
    from stage_costs
    where
        day >= $start and day < $stop
        and billing_period >= $first and billing_period < $after
    group by all
),

members as (
    select distinct need_set, target, members, numerator::hugeint as part, denominator::hugeint as whole
    from shares
    where level = $level
),

needed as (
    select
        m.target as name,
        r.to_currency as currency,
        sum(s.value * r.rate) as stand_alone,
        coalesce(sum(s.value * r.rate) filter (m.members = 1), 0) as avoidable,
        case
            when count(s.idle) = count(*) then sum(part_floor(s.idle, m.part, m.whole) * r.rate)
        end as idle
    from set_costs as s
    inner join members as m on s.need_set = m.need_set
    inner join rates as r on s.billing_period = r.month and s.currency = r.currency
    group by all
),

priced as (
    select
        f.name,
        f.currency,
        converted(n.avoidable) as avoidable,
        converted(f.allocated) as allocated,
        converted(n.stand_alone) as stand_alone,
        ratio(converted(n.idle), converted(f.allocated + n.idle)) as idle_share,
        ratio(converted(f.waste), converted(f.allocated)) as waste_share,
        f.grade,
        ratio(converted(f.measured), converted(f.allocated)) as measured_share
    from figures as f
    left join needed as n on f.name = n.name and f.currency = n.currency
),

-- What rounding each figure once left of the whole.
rounding as (
    select
        f.currency,
        converted(sum(f.allocated)) - sum(converted(f.allocated)) as allocated
    from figures as f
    group by f.currency
)

select * from priced
union all
select '(rounding)', currency, null, allocated, null, null, null, null, null
from rounding
where allocated <> 0
order by currency, name like '(%', allocated desc, name
