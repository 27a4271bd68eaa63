-- How the whole bill comes down to a target: what falls away at each step. Grain: one row per
-- (step, name, currency), in order; the amounts up to `target` add up to it.
-- Reads: ledger, shares, stage_costs, rates. Takes: $level, $target; $basis; $start, $stop,
-- $first and $after, the window.
with borne as (
    select
        target as name,
        billing_period,
        currency,
        sum_in($basis, billed, effective) as value
    from ledger
    where
        level = $level
        and day >= $start and day < $stop
        and billing_period >= $first and billing_period < $after
    group by all
),

figures as (
    select b.name, r.to_currency as currency, converted(sum(b.value * r.rate)) as amount
    from borne as b
    inner join rates as r on b.billing_period = r.month and b.currency = r.currency
    group by all
),

-- What the stages that it needs cost, whoever bears it.
stages as (
    select
        s.billing_period,
        s.currency,
        sum_in($basis, s.billed, s.effective) as value
    from stage_costs as s
    where
        set_of($level, feature_set, model_set, product_set) in (select need_set from shares where level = $level and target = $target)
        and day >= $start and day < $stop
        and billing_period >= $first and billing_period < $after
    group by all
),

needed as (
    select r.to_currency as currency, converted(sum(s.value * r.rate)) as amount
    from stages as s
    inner join rates as r on s.billing_period = r.month and s.currency = r.currency
    group by all
),

totals as (
    select
        f.currency,
        sum(f.amount) as bill,
        coalesce(sum(f.amount) filter (f.name not like '(%'), 0) as named,
        coalesce(sum(f.amount) filter (f.name = $target), 0) as mine,
        coalesce(any_value(n.amount), 0) as needed
    from figures as f
    left join needed as n on f.currency = n.currency
    group by f.currency
),

steps as (
    select 1 as place, 'bill' as step, '' as name, bill as amount, currency from totals
    union all
    select 2, 'residual', name, -amount, currency from figures where name like '(%'
    union all
    select 3, 'elsewhere', '', needed - named, currency from totals
    union all
    select 4, 'others', '', mine - needed, currency from totals
    union all
    select 5, 'target', $target, mine, currency from totals
)

select step, name, amount, currency
from steps
order by currency, place, abs(amount) desc, name
