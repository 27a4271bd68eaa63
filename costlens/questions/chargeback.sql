-- A chargeback to post: who is debited, and the bills that are credited; debits equal credits.
-- A negative amount stands on the other side. Grain: one row per (side, account, currency).
-- Reads: chargeback_by_team, stage_costs, rates. Takes: $by, team or cost_centre; $basis; $start,
-- $stop, $first and $after, the window.
with debits as (
    select
        case
            when $by = 'team' or team like '(%' then team
            else coalesce(cost_centre, '(no cost centre)')
        end as account,
        currency,
        any_value(cost_centre) as cost_centre,
        string_agg(team, ', ' order by team) as teams,
        sum(case $basis when 'billed' then billed else effective end)::decimal(38, 12) as amount
    from chargeback_by_team
    group by account, currency
),

billed as (
    select
        source,
        billing_period,
        currency,
        sum_in($basis, billed, effective) as value
    from stage_costs
    where
        day >= $start and day < $stop
        and billing_period >= $first and billing_period < $after
    group by all
),

bills as (
    select b.source, r.to_currency as currency, sum(b.value * r.rate) as value
    from billed as b
    inner join rates as r on b.billing_period = r.month and b.currency = r.currency
    group by all
),

credits as (
    select source as account, currency, converted(value) as amount
    from bills
    union all
    -- What rounding each bill once left of the whole.
    select '(rounding)', currency, converted(sum(value)) - sum(converted(value))
    from bills
    group by currency
    having converted(sum(value)) <> sum(converted(value))
),

sides as (
    select 'pays' as side, account, cost_centre, teams, currency, amount as debit
    from debits
    union all
    select 'bill', account, null, null, currency, -amount
    from credits
)

select
    side,
    account,
    cost_centre,
    teams,
    currency,
    $basis as basis,
    case when debit > 0 or (debit = 0 and side = 'pays') then debit end as debit,
    case when debit < 0 or (debit = 0 and side = 'bill') then -debit end as credit
from sides
order by currency, side desc, account like '(%', abs(debit) desc, account
