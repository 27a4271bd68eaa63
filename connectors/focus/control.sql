-- connectors/focus/control.sql
-- What the source itself adds up to. Grain: one row per billing period and currency.
-- Reads: source. Where a line has no EffectiveCost its BilledCost counts, as in charges.sql.
with amounts as (
    select
        date_trunc('month', utc(BillingPeriodStart)) as month_start,
        coalesce(upper(words(BillingCurrency)), currency_if_missing()) as currency,
        exact(BilledCost) as billed,
        coalesce(exact(EffectiveCost), exact(BilledCost)) as effective
    from source
)

select
    strftime(month_start, '%Y-%m') as period,
    currency,
    count(*) as rows,
    sum(billed) as source_billed,
    sum(effective) as source_effective,
    sum(billed) - sum(trunc(billed, 12)) as residual_billed,
    sum(effective) - sum(trunc(effective, 12)) as residual_effective
from amounts
group by month_start, currency
order by month_start, currency
