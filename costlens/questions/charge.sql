-- One billing line as its source has it, in FOCUS columns. Grain: one row. Reads: charges.
-- Takes: $source, $period and $line, which name it.
select
    source,
    billing_period,
    x_line,
    BilledCost,
    EffectiveCost,
    BillingCurrency,
    ChargePeriodStart,
    ChargePeriodEnd,
    ChargeCategory,
    ChargeDescription,
    ProviderName,
    BillingAccountId,
    SubAccountId,
    ServiceName,
    ServiceCategory,
    RegionId,
    ResourceId,
    ResourceName,
    x_usage_type,
    SkuId,
    PricingCategory,
    ConsumedQuantity,
    ConsumedUnit,
    CommitmentDiscountId,
    Tags,
    InvoiceId,
    x_repairs
from charges
where source = $source and billing_period = $period and x_line = $line
