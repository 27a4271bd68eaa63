-- costlens/ingest/checks/charges.sql
-- What is wrong with the charges of one load. Grain: one row per problem.
-- Reads: charges. Takes: $source and $period, the load.
with judged as (
    select
        x_line,
        BilledCost,
        case
            when BilledCost is null then 'no_cost'
            when BillingCurrency is null then 'no_currency'
            when ChargePeriodStart is null then 'no_charge_period'
            when ChargeCategory is null then 'no_category'
            when ChargePeriodEnd < ChargePeriodStart then 'charge_ends_before_start'
            when ChargeClass is distinct from 'Correction' and (
                ChargePeriodStart >= BillingPeriodEnd
                or (
                    ChargePeriodEnd <= BillingPeriodStart
                    and ChargePeriodStart < BillingPeriodStart
                )
            ) then 'other_month'
        end as problem,
        case
            when BillingCurrency is null or ChargePeriodStart is null then null
            when ChargePeriodEnd < ChargePeriodStart
                then strftime(ChargePeriodEnd, '%Y-%m-%dT%H:%M:%SZ')
            else strftime(ChargePeriodStart, '%Y-%m-%d')
        end as value
    from charges
    where source = $source and billing_period = $period
)

select
    problem,
    count(*) as lines,
    min(x_line) as line,
    arg_min(value, x_line) as value
from judged
where problem is not null
group by problem
order by problem
