-- costlens/ingest/checks/repairs.sql
-- What was mended in the charges of one load. Grain: one row per column and currency.
-- Reads: charges. Takes: $source and $period, the load.
with mended as (
    select x_repairs, BillingCurrency, count(*) as lines, sum(BilledCost) as billed
    from charges
    where source = $source and billing_period = $period and x_repairs is not null
    group by x_repairs, BillingCurrency
),

by_column as (
    select unnest(string_split(x_repairs, ',')) as repaired, BillingCurrency, lines, billed
    from mended
)

select
    repaired,
    BillingCurrency as currency,
    sum(lines)::bigint as lines,
    sum(billed) as billed
from by_column
group by repaired, currency
order by repaired, currency
