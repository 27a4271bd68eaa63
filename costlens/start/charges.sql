-- costlens/start/charges.sql
-- What a file's charges come to. Grain: one row per kind of charge that a rule could tell apart.
-- Reads: read_charges, the rows a pack makes. Takes: $source.
select
    $source as source,
    strftime(period_start, '%Y-%m') as period,
    BillingCurrency as currency,
    ProviderName || ': ' || BillingAccountId as account,
    coalesce(ServiceName, '(none)') as service,
    coalesce(AllocatedResourceId, ResourceId) as resource_id,
    lower(regexp_extract(coalesce(AllocatedResourceId, ResourceId), '[^:/]+$')) as id,
    coalesce(AllocatedTags, Tags) as tags,
    count(*) as lines,
    sum(BilledCost) as billed,
    sum(EffectiveCost) as effective
from read_charges
group by all
