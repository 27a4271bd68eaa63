-- What pipelines, or their parts, cost: work that counted, failed or repeated work, and the idle beside both.
-- What other teams own is one row, `(other teams)`, what is no pipeline another. Grain: one row per (pipeline,
-- stage, currency); `stage` is null by pipeline. Reads: stage_costs, rates.
-- Takes: $by, pipeline or part; $owner, or null for all; $basis; $start, $stop, $first and $after.
with named as (
    select
        case
            when pipeline is null then '(no pipeline)'
            when $owner::varchar is null or owner = $owner then pipeline
            else '(other teams)'
        end as name,
        stage as full_stage,
        owner,
        class = 'waste' as is_waste,
        billing_period,
        currency,
        sum_in($basis, billed, effective) as value,
        -- Unknown as soon as that of one resource is.
        case
            when count(idle_billed) = count(*) then sum_in($basis, idle_billed, idle_effective)
        end as idle
    from stage_costs
    where
        outcome = 'allocated'
        and day >= $start and day < $stop
        and billing_period >= $first and billing_period < $after
    group by all
)

select
    n.name as pipeline,
    case when $by = 'part' and n.name not like '(%' then n.full_stage end as stage,
    case when n.name not like '(%' then any_value(n.owner) end as owner,
    converted(sum(n.value * r.rate)) as cost,
    converted(coalesce(sum(n.value * r.rate) filter (not n.is_waste), 0)) as work,
    converted(coalesce(sum(n.value * r.rate) filter (n.is_waste), 0)) as waste,
    case when count(n.idle) = count(*) then converted(sum(n.idle * r.rate)) end as idle,
    r.to_currency as currency
from named as n
inner join rates as r on n.billing_period = r.month and n.currency = r.currency
group by 1, 2, r.to_currency
order by pipeline like '(%', cost desc, pipeline, stage, currency
