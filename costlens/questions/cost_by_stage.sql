-- What the stages cost, by pipeline, stage, team, service, class or grade.
-- Grain: one row per (name, currency); what no target bears is a row in parentheses.
-- Reads: stage_costs, rates. Takes: $by; $basis; $start, $stop, $first and $after, the window.
with named as (
    select
        case
            when outcome <> 'allocated' then '(' || outcome || ')'
            else case $by
                when 'pipeline' then coalesce(pipeline, '(no pipeline)')
                when 'stage' then stage
                when 'team' then coalesce(owner, '(no owner)')
                when 'service' then service
                when 'class' then class
                else grade
            end
        end as name,
        class,
        grade,
        billing_period,
        currency,
        sum_in($basis, billed, effective) as value,
        -- Unknown as soon as that of one resource is; what nobody bears used nothing.
        case
            when count(idle_billed) = count(*) and bool_and(outcome = 'allocated')
                then sum_in($basis, idle_billed, idle_effective)
        end as idle
    from stage_costs
    where
        day >= $start and day < $stop
        and billing_period >= $first and billing_period < $after
    group by all
),

figures as (
    select
        n.name,
        r.to_currency as currency,
        sum(n.value * r.rate) as allocated,
        case when count(n.idle) = count(*) then sum(n.idle * r.rate) end as idle,
        coalesce(sum(n.value * r.rate) filter (n.class = 'waste'), 0) as waste,
        coalesce(sum(n.value * r.rate) filter (n.grade in ('A', 'B')), 0) as measured,
        coalesce(max(n.grade) filter (n.value <> 0), max(n.grade)) as grade
    from named as n
    inner join rates as r on n.billing_period = r.month and n.currency = r.currency
    group by all
),

priced as (
    select
        name,
        currency,
        null::decimal(38, 12) as avoidable,
        converted(allocated) as allocated,
        null::decimal(38, 12) as stand_alone,
        ratio(converted(idle), converted(allocated + idle)) as idle_share,
        ratio(converted(waste), converted(allocated)) as waste_share,
        grade,
        ratio(converted(measured), converted(allocated)) as measured_share
    from figures
),

rounding as (
    select currency, converted(sum(allocated)) - sum(converted(allocated)) as allocated
    from figures
    group by currency
)

select * from priced
union all
select '(rounding)', currency, null, allocated, null, null, null, null, null
from rounding
where allocated <> 0
order by currency, name like '(%', allocated desc, name
