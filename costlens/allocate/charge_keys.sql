-- What rules can see of the charges of a period. Grain: one row per distinct combination.
-- Reads: charges. Takes: $period.
with seen as (
    select distinct
        source,
        BillingAccountId as account,
        SubAccountId as sub_account,
        ServiceName as service,
        RegionId as region,
        coalesce(AllocatedResourceId, ResourceId) as resource_id,
        x_usage_type as usage_type,
        ChargeCategory as category,
        ServiceCategory as service_category,
        x_tags as tags
    from charges
    where billing_period = $period
)

select row_number() over () as key, *
from seen
