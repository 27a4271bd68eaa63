-- connectors/aws_cur/charges.sql
-- AWS line items as charges. Grain: one row per line item, and one more per commitment fee for the
-- part of the commitment that nothing used (x_class commitment_unused).
-- Reads: lines, pod_shares. Private prices (net) count where a line has them. What was mended: x_repairs.
select
    case when is_unused then second_line(x_line) else x_line end as x_line,
    case
        when category = 'Tax' then 'tax'
        when category = 'Credit' then 'credit'
        when is_unused then 'commitment_unused'
        when regexp_matches(code, '^(AWS|OCB)[A-Za-z]*Support')
            or starts_with(lower(service), 'aws support')
            then 'support'
        when is_commitment_fee then 'other'
        else 'work'
    end as x_class,
    usage_type as x_usage_type,
    nullif(
        concat_ws(
            ',',
            case when is_unused and is_derived then 'UnusedCommitment' end,
            case when is_covered and reserved_cost is null and plan_cost is null then 'CoveredCost' end,
            case when has_list_price and listed_at is null then 'ListCost' end,
            case when account is null then 'BillingAccountId' end,
            case when period_start <> month_start then 'BillingPeriodStart' end,
            case when stop is null then 'ChargePeriodEnd' end,
            case when is_malformed then 'Tags' end
        ),
        ''
    ) as x_repairs,
    coalesce(part_billed, billed) as BilledCost,
    coalesce(part_effective, effective) as EffectiveCost,
    coalesce(part_listed, listed) as ListCost,
    coalesce(part_contracted, contracted) as ContractedCost,
    currency as BillingCurrency,
    coalesce(account, '(none)') as BillingAccountId,
    account_name as BillingAccountName,
    sub_account as SubAccountId,
    sub_account_name as SubAccountName,
    invoice as InvoiceId,
    issuer as InvoiceIssuerName,
    'AWS' as ProviderName,
    month_start as BillingPeriodStart,
    month_stop as BillingPeriodEnd,
    start as ChargePeriodStart,
    charge_stop as ChargePeriodEnd,
    category as ChargeCategory,
    -- What is billed for a month that was closed before.
    case when charge_stop <= month_start then 'Correction' end as ChargeClass,
    description as ChargeDescription,
    case
        when type = 'RIFee' or type = 'SavingsPlanRecurringFee' then 'Recurring'
        when category = 'Purchase' or category = 'Credit' then 'One-Time'
        else 'Usage-Based'
    end as ChargeFrequency,
    service as ServiceName,
    region as RegionId,
    case when is_unused then coalesce(commitment, resource) else resource end as ResourceId,
    sku as SkuId,
    meter as SkuMeter,
    case
        when service = 'Amazon Bedrock' then details_of_tokens(bedrock_model, meter)
        else machine_details
    end as SkuPriceDetails,
    coalesce(terms.pricing, pricing) as PricingCategory,
    case when is_split then quantity else coalesce(part_quantity, quantity) end as ConsumedQuantity,
    case when not is_unused then consumed_unit end as ConsumedUnit,
    coalesce(terms.commitment, commitment) as CommitmentDiscountId,
    coalesce(terms.status, commitment_status) as CommitmentDiscountStatus,
    own_tags as Tags
from lines
left join pod_shares using (x_line)
