-- What the bills of AWS say beside what Cost Explorer says. Grain: one row per (Cost Explorer asked,
-- month, account, service, basis, currency); `difference` is ours less theirs, a side that has no such
-- row counts as nothing in it. A month is a billing period.
-- Services pair by name, whatever its case, spaces and signs, or by what `called` says two names stand
-- for. A name that only one side has and `called` does not know may be another name of anything that
-- only the other side has: in an account with such a name, all that has no pair is compared as one, as
-- `(other names)`, and `names` lists it.
-- Reads: charges, ways, their_costs, their_estimates, called. Takes: $tolerance.
with ours as (
    select
        w.way,
        c.billing_period as month,
        coalesce(c.SubAccountId, c.BillingAccountId) as account,
        -- The one thing that is no service in Cost Explorer, and has a row of its own there.
        case
            when c.ChargeCategory = 'Tax' then 'Tax' else coalesce(c.ServiceName, '(none)')
        end as name,
        c.BillingCurrency as currency,
        sum(c.BilledCost) as billed,
        sum(c.EffectiveCost) as effective
    from charges as c
    inner join ways as w on c.source = w.source and c.billing_period = w.month
    where lower(c.ProviderName) in ('aws', 'amazon', 'amazon web services')
    group by all
),

sides as (
    select way, month, account, name, currency, 'billed' as basis, billed as ours, null as theirs
    from ours
    union all
    select way, month, account, name, currency, 'effective', effective, null
    from ours
    union all
    select way, month, account, service, currency, basis, null, amount
    from their_costs
),

keyed as (
    select
        s.*,
        coalesce(k.service, lower(regexp_replace(s.name, '[^\pL\pN]', '', 'g'))) as key,
        k.service as listed
    from sides as s
    left join called as k
        on lower(regexp_replace(s.name, '[^\pL\pN]', '', 'g'))
            = lower(regexp_replace(k.called, '[^\pL\pN]', '', 'g'))
),

-- What a key is called, where it is known to mean the same on both sides.
known as (
    select
        way,
        key,
        coalesce(
            any_value(listed), case when count(theirs) > 0 then min(name) filter (ours is not null) end
        ) as service
    from keyed
    group by way, key
),

-- Whether a key has a pair in an account, and whether something there has none that anybody knows of.
paired as (
    select
        k.way,
        k.month,
        k.account,
        k.key,
        any_value(n.service) as service,
        count(k.ours) > 0 and count(k.theirs) > 0 as is_pair,
        bool_or(any_value(n.service) is null) over (partition by k.way, k.month, k.account)
            as has_strangers
    from keyed as k
    inner join known as n on k.way = n.way and k.key = n.key
    group by k.way, k.month, k.account, k.key
),

placed as (
    select
        k.*,
        case
            when p.is_pair or not p.has_strangers then p.service else '(other names)'
        end as service
    from keyed as k
    inner join paired as p
        on k.way = p.way and k.month = p.month and k.account = p.account and k.key = p.key
),

compared as (
    select
        way,
        month,
        account,
        service,
        basis,
        sum(ours)::decimal(38, 12) as ours,
        sum(theirs)::decimal(38, 12) as theirs,
        (coalesce(sum(ours), 0) - coalesce(sum(theirs), 0))::decimal(38, 12) as difference,
        currency,
        case
            when service = '(other names)'
                then concat_ws(
                    '; ',
                    'in the bill: '
                    || string_agg(distinct name, ', ' order by name) filter (ours is not null),
                    'in Cost Explorer: '
                    || string_agg(distinct name, ', ' order by name) filter (theirs is not null)
                )
        end as names
    from placed
    group by way, month, account, service, basis, currency
)

select
    c.month,
    c.account,
    c.service,
    c.basis,
    c.ours,
    c.theirs,
    c.difference,
    c.currency,
    case
        when abs(c.difference) <= $tolerance then 'equal'
        when c.theirs is null then 'only in the bill'
        when c.ours is null then 'only in Cost Explorer'
        else 'differs'
    end as state,
    e.month is not null as estimated,
    c.names
from compared as c
left join their_estimates as e on c.way = e.way and c.month = e.month
order by c.month, c.account, c.service, c.basis, c.currency, c.way
