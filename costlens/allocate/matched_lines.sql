-- Every billing line of a period with the one owner it was matched to.
-- Grain: one row per billing line. `span` is what its cost is split over: its own period on a
-- resource or where it is longer than a day, else its day.
-- Reads: charges, charge_keys, rule_days, winners. Takes: $period.
with lines as (
    select
        c.*,
        coalesce(c.AllocatedResourceId, c.ResourceId) as resource_id,
        case
            when c.ChargePeriodEnd > c.ChargePeriodStart then c.ChargePeriodEnd
            else c.ChargePeriodStart + interval 1 day
        end as charge_stop
    from charges as c
    where c.billing_period = $period
)

select
    c.source,
    c.billing_period,
    c.x_load,
    c.x_line,
    c.BilledCost as billed,
    c.EffectiveCost as effective,
    w.owner,
    w.place,
    w.kind,
    w.tier,
    w.rule,
    w.reason,
    coalesce(c.ServiceName, '(no service)') as service,
    c.x_class as charge_class,
    c.BillingCurrency as currency,
    case
        when w.kind <> 'whole' or c.charge_stop - c.ChargePeriodStart > interval 1 day
            then c.ChargePeriodStart
        else date_trunc('day', c.ChargePeriodStart)
    end as span_start,
    case
        when w.kind <> 'whole' or c.charge_stop - c.ChargePeriodStart > interval 1 day
            then c.charge_stop
        else date_trunc('day', c.ChargePeriodStart) + interval 1 day
    end as span_stop,
    case when w.kind = 'resource' then lower(c.ConsumedUnit) end as unit,
    case when w.kind = 'resource' then c.SkuPriceDetails end as machine_details,
    case when w.kind = 'resource' then c.ConsumedQuantity end as quantity
from lines as c
left join rule_days as d on c.ChargePeriodStart::date = d.day
left join charge_keys as k
    on
        c.source = k.source
        and c.BillingAccountId is not distinct from k.account
        and c.SubAccountId is not distinct from k.sub_account
        and c.ServiceName is not distinct from k.service
        and c.RegionId is not distinct from k.region
        and c.resource_id is not distinct from k.resource_id
        and c.x_usage_type is not distinct from k.usage_type
        and c.ChargeCategory is not distinct from k.category
        and c.ServiceCategory is not distinct from k.service_category
        and c.x_tags is not distinct from k.tags
left join winners as w on k.key = w.key and d.stretch = w.stretch
