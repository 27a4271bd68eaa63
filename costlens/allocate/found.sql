-- What is wrong or missing in a period, with the money it touches.
-- Grain: one row per finding and currency. Reads: bundles, placements, tries, ran_on, pools,
-- resource_sizes, tried_units, unit_capacity, run_members, rule_days, cascade_order, flows, need_edges,
-- need_weights.
-- Takes: $period.
with contested as (
    select
        'warning' as severity,
        'contested' as code,
        'two owners claim the same charges; they stay in (unmatched)' as message,
        rule as place,
        'make one rule narrower, or give one a higher `priority`' as hint,
        currency,
        sum(billed) as billed,
        sum(effective) as effective
    from bundles
    where reason = 'contested'
    group by all
),

unmatched as (
    select
        'info' as severity,
        'unmatched' as code,
        'no rule picks charges of ' || service as message,
        source as place,
        'name their owner: a `billed_by` rule on their tags, resource ids or service' as hint,
        currency,
        sum(billed) as billed,
        sum(effective) as effective
    from bundles
    where reason = 'no rule'
    group by all
),

unmapped as (
    select
        'warning' as severity,
        'unmapped' as code,
        'nothing says what ' || substr(stage, 10) || ' makes' as message,
        coalesce(rule, source) as place,
        'add a `produces` pattern for the part, or name its feature in the run log' as hint,
        currency,
        sum(billed) as billed,
        sum(effective) as effective
    from placements
    where outcome = 'unneeded' and reason = 'unmapped'
    group by all
),

unneeded as (
    select
        'warning' as severity,
        'unneeded' as code,
        'no feature, model or product needs ' || stage as message,
        coalesce(rule, source) as place,
        'say whom it feeds, or ask whether it can go' as hint,
        currency,
        sum(billed) as billed,
        sum(effective) as effective
    from placements
    where outcome = 'unneeded' and reason is distinct from 'unmapped'
    group by all
),

stranded as (
    select
        'warning' as severity,
        'stranded' as code,
        stage || ' is split by use, but nothing was consumed' as message,
        coalesce(rule, source) as place,
        'give its `feeds` weights, or load its consumption as activity' as hint,
        currency,
        sum(billed) as billed,
        sum(effective) as effective
    from placements
    where outcome = 'stranded'
    group by all
),

-- Weights that not all have whom a stage feeds, where nothing better is known: a need-set goes by what
-- all its members have.
half_weighed as (
    select
        'warning' as severity,
        'half_weighed' as code,
        'the weights of what ' || e.node || ' feeds do not count: ' || count(distinct e.target)
        || case when count(distinct e.target) = 1 then ' has' else ' have' end
        || ' none, such as ' || min(e.target) as message,
        e.node as place,
        'give each of them a `weight`, or none' as hint,
        null::varchar as currency,
        null::decimal(38, 12) as billed,
        null::decimal(38, 12) as effective
    from need_edges as e
    where
        e.node = e.from_node
        and e.declared is null
        and e.node in (select node from need_edges where node = from_node and declared is not null)
        and e.node in (select node from need_weights where rung = 'even' or rung = 'weight')
    group by e.node
),

-- By which order numbers were made that finance reconciles with.
stepped as (
    select
        'info' as severity,
        'step_down' as code,
        'stages hand on step by step: ' || string_agg(substr(node, 7), ', ' order by step) as message,
        'costlens.yaml' as place,
        'what they would bear if all serve each other: cascade: reciprocal' as hint,
        null::varchar as currency,
        null::decimal(38, 12) as billed,
        null::decimal(38, 12) as effective
    from cascade_order
    having count(*) > 0
),

rounded as (
    select
        'info' as severity,
        'rounded_cascade' as code,
        'what ' || origin || ' hands on is rounded to parts of 10^15' as message,
        origin as place,
        'nothing is lost: its exact parts have no smaller common denominator' as hint,
        null::varchar as currency,
        null::decimal(38, 12) as billed,
        null::decimal(38, 12) as effective
    from flows
    where measure like '%, rounded'
    group by origin
),

unbilled as (
    select
        'info' as severity,
        'runs_without_bill' as code,
        count(distinct t.run) || ' runs of ' || t.pipeline || ' ran on nothing that is billed'
            as message,
        t.source as place,
        'name their resource in the run log, or list them under a resource''s `runs`' as hint,
        null::varchar as currency,
        null::decimal(38, 12) as billed,
        null::decimal(38, 12) as effective
    from tries as t
    cross join (
        -- A correction has days of a month that was billed before.
        select min(day) as first_day, max(day) as last_day
        from rule_days
        where strftime(day, '%Y-%m') = $period
    ) as d
    where
        t.start < d.last_day + interval 1 day
        and t.until >= d.first_day
        and t.attempt not in (
            select r.attempt
            from ran_on as r
            where r.place in (select place from pools)
        )
        and t.attempt not in (
            select m.attempt
            from run_members as m
            where m.place in (select place from pools)
        )
    group by t.source, t.pipeline
),

mixed as (
    select
        'warning' as severity,
        'mixed_sizes' as code,
        'attempts on ' || place || ' are sized in several units; each counts 1' as message,
        place,
        'size all attempts of one resource in one unit, that of its capacity' as hint,
        null::varchar as currency,
        null::decimal(38, 12) as billed,
        null::decimal(38, 12) as effective
    from resource_sizes
    where mixed
),

kept_whole as (
    select
        'warning' as severity,
        'kept_whole' as code,
        'vCPU, memory and GPU of ' || place || ' are not shared apart: '
        || case
            when kept_whole then 'attempts on it do not say what they have of each'
            else 'nothing says what it has of each'
        end as message,
        place,
        case
            when kept_whole then 'name vCPU, memory and GPU of all that runs on it'
            else 'give it `capacity` or `machine` in vcpu, memory_gb and gpu'
        end as hint,
        null::varchar as currency,
        null::decimal(38, 12) as billed,
        null::decimal(38, 12) as effective
    from resource_sizes
    where
        place in (select place from pools where kind = 'resource')
        and (kept_whole or (apart and place not in (select place from unit_capacity)))
),

unpriced as (
    select
        'warning' as severity,
        'unit_without_price' as code,
        'attempts on ' || r.place || ' use ' || m.of_unit || ', of which it has none: that costs them nothing'
            as message,
        r.place,
        'say how much it has, in its `capacity` or `machine`' as hint,
        null::varchar as currency,
        null::decimal(38, 12) as billed,
        null::decimal(38, 12) as effective
    from ran_on as r
    inner join tried_units as m on r.attempt = m.attempt
    anti join unit_capacity as c on r.place = c.place and m.of_unit = c.of_unit
    where r.place in (select place from unit_capacity)
    group by r.place, m.of_unit
),

excluded as (
    select
        'info' as severity,
        'excluded' as code,
        'charges are left out: ' || reason as message,
        rule as place,
        'they are the column `excluded` of the statement' as hint,
        currency,
        sum(billed) as billed,
        sum(effective) as effective
    from bundles
    where place = '(excluded)'
    group by all
),

all_found as (
    select * from excluded
    union all
    select * from contested
    union all
    select * from unmatched
    union all
    select * from unmapped
    union all
    select * from unneeded
    union all
    select * from stranded
    union all
    select * from half_weighed
    union all
    select * from stepped
    union all
    select * from rounded
    union all
    select * from unbilled
    union all
    select * from mixed
    union all
    select * from kept_whole
    union all
    select * from unpriced
)

select
    severity,
    code,
    message,
    place,
    hint,
    $period as billing_period,
    currency,
    billed,
    effective
from all_found
order by code, place, message, currency
