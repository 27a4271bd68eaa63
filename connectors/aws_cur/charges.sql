-- connectors/aws_cur/charges.sql
-- AWS line items as charges. Grain: one row per line item, and one more per commitment fee for the
-- part of the commitment that nothing used (x_class commitment_unused).
-- Reads: source. Private prices (net) count where a line has them. What was mended: x_repairs.

-- The fees that are paid for a commitment bit by bit, with what nothing used of it.
with fees as (
    select
        x_line,
        date_trunc('month', utc(bill_billing_period_start_date)) as month_start,
        words(line_item_currency_code) as currency,
        line_item_line_item_type = 'RIFee' as is_reservation,
        case
            when line_item_line_item_type = 'RIFee' then words(reservation_reservation_arn)
            else words(savings_plan_savings_plan_arn)
        end as commitment,
        utc(line_item_usage_start_date) as start,
        utc(line_item_usage_end_date) as stop,
        coalesce(money(line_item_net_unblended_cost), money(line_item_unblended_cost)) as fee,
        coalesce(
            case
                when line_item_line_item_type = 'RIFee' then coalesce(
                    money(reservation_net_amortized_upfront_fee_for_billing_period),
                    money(reservation_amortized_upfront_fee_for_billing_period)
                )
                else coalesce(
                    money(savings_plan_net_amortized_upfront_commitment_for_billing_period),
                    money(savings_plan_amortized_upfront_commitment_for_billing_period)
                )
            end,
            0
        ) as upfront,
        coalesce(
            money(reservation_net_unused_amortized_upfront_fee_for_billing_period),
            money(reservation_unused_amortized_upfront_fee_for_billing_period)
        ) as unused_upfront,
        coalesce(
            money(reservation_net_unused_recurring_fee), money(reservation_unused_recurring_fee)
        ) as unused_recurring,
        -- A private price is in no column of the commitment itself: there it must be derived.
        case
            when
                money(line_item_net_unblended_cost) is null
                or money(line_item_net_unblended_cost) = money(line_item_unblended_cost)
                then money(savings_plan_total_commitment_to_date)
                - money(savings_plan_used_commitment)
        end as unused_plan
    from source
    where line_item_line_item_type = 'RIFee' or line_item_line_item_type = 'SavingsPlanRecurringFee'
),

told as (
    select
        * exclude (unused_upfront, unused_recurring, unused_plan),
        case
            when not is_reservation then unused_plan
            when unused_upfront is not null or unused_recurring is not null
                then coalesce(unused_upfront, 0) + coalesce(unused_recurring, 0)
        end as unused
    from fees
),

covered as (
    select
        date_trunc('month', utc(bill_billing_period_start_date)) as month_start,
        words(line_item_currency_code) as currency,
        line_item_line_item_type = 'DiscountedUsage' as is_reservation,
        case
            when line_item_line_item_type = 'DiscountedUsage'
                then words(reservation_reservation_arn)
            else words(savings_plan_savings_plan_arn)
        end as commitment,
        sum(
            case
                when line_item_line_item_type = 'DiscountedUsage' then coalesce(
                    money(reservation_net_effective_cost), money(reservation_effective_cost)
                )
                else coalesce(
                    money(savings_plan_net_savings_plan_effective_cost),
                    money(savings_plan_savings_plan_effective_cost)
                )
            end
        ) as used
    from source
    where
        line_item_line_item_type = 'DiscountedUsage'
        or line_item_line_item_type = 'SavingsPlanCoveredUsage'
    group by all
),

-- Commitments with a fee that does not say what was unused: what their fees leave over, at the first.
derived as (
    select
        f.month_start,
        f.currency,
        f.is_reservation,
        f.commitment,
        min(f.x_line) as x_line,
        min(f.start) as start,
        max(f.stop) as stop,
        sum(f.fee + f.upfront) - coalesce(any_value(c.used), 0) as unused
    from told as f
    left join covered as c
        on
            f.month_start is not distinct from c.month_start
            and f.currency is not distinct from c.currency
            and f.is_reservation = c.is_reservation
            and f.commitment is not distinct from c.commitment
    group by all
    having bool_or(f.unused is null)
),

unused_parts as (
    select f.x_line, f.start, f.stop, f.unused, false as is_derived
    from told as f
    anti join derived as d
        on
            f.month_start is not distinct from d.month_start
            and f.currency is not distinct from d.currency
            and f.is_reservation = d.is_reservation
            and f.commitment is not distinct from d.commitment
    where f.unused <> 0
    union all
    select x_line, start, stop, unused, true
    from derived
    where unused > 0
),

-- The lines that become two rows: grain is a row from here on.
rows_of as (
    select x_line, false as is_unused, start, stop, unused, is_derived
    from unused_parts
    union all
    select x_line, true, start, stop, unused, is_derived
    from unused_parts
),

-- The months in which lines have a private price: there it holds the discounts already.
net_months as (
    select distinct date_trunc('month', utc(bill_billing_period_start_date)) as month_start
    from source
    where words(line_item_net_unblended_cost) is not null
),

typed as (
    select
        s.x_line,
        coalesce(r.is_unused, false) as is_unused,
        r.unused,
        r.is_derived,
        words(s.line_item_line_item_type) as type,
        money(s.line_item_unblended_cost) as unblended,
        money(s.line_item_net_unblended_cost) as net,
        n.month_start is not null as has_net,
        coalesce(
            money(s.reservation_net_effective_cost), money(s.reservation_effective_cost)
        ) as reserved_cost,
        coalesce(
            money(s.savings_plan_net_savings_plan_effective_cost),
            money(s.savings_plan_savings_plan_effective_cost)
        ) as plan_cost,
        -- Some tools write words here; a list price ties to nothing, so that stops no bill.
        case
            when typeof(s.pricing_public_on_demand_cost) = 'VARCHAR'
                then trunc(try_money(s.pricing_public_on_demand_cost), 12)
            else money(s.pricing_public_on_demand_cost)
        end as listed_at,
        written_text(s.pricing_public_on_demand_cost) is not null as has_list_price,
        coalesce(upper(words(s.line_item_currency_code)), currency_if_missing()) as currency,
        words(s.bill_payer_account_id) as account,
        words(s.bill_payer_account_name) as account_name,
        words(s.line_item_usage_account_id) as sub_account,
        words(s.line_item_usage_account_name) as sub_account_name,
        words(s.bill_invoice_id) as invoice,
        coalesce(words(s.bill_invoicing_entity), words(s.line_item_legal_entity)) as issuer,
        date_trunc('month', utc(s.bill_billing_period_start_date))::timestamp as month_start,
        utc(s.bill_billing_period_start_date) as period_start,
        case when r.is_unused then r.start else utc(s.line_item_usage_start_date) end as start,
        case when r.is_unused then r.stop else utc(s.line_item_usage_end_date) end as stop,
        words(s.line_item_line_item_description) as description,
        words(s.line_item_product_code) as code,
        coalesce(words(s.product_product_name), entry(s.product, 'product_name')) as product_name,
        words(s.product_servicecode) as service_code,
        coalesce(
            words(s.product_region_code), words(s.product_region), entry(s.product, 'region')
        ) as region,
        words(s.line_item_resource_id) as resource,
        words(s.product_sku) as sku,
        words(s.line_item_usage_type) as usage_type,
        words(s.line_item_operation) as operation,
        words(s.line_item_tax_type) as tax_type,
        quantity(s.line_item_usage_amount) as consumed,
        words(s.pricing_unit) as consumed_unit,
        coalesce(words(s.product_vcpu), entry(s.product, 'vcpu')) as cores,
        coalesce(words(s.product_memory), entry(s.product, 'memory')) as memory,
        coalesce(words(s.product_gpu), entry(s.product, 'gpu')) as gpus,
        words(s.product_instance_type) as instance_type,
        words(s.savings_plan_savings_plan_arn) as plan_arn,
        words(s.reservation_reservation_arn) as reservation_arn,
        coalesce(json(s.resource_tags), s.tags_csv, s.tags_flat) as raw_tags,
        written_text(s.resource_tags) as tags_text,
        coalesce(json(s.cost_category), s.categories_csv, s.categories_flat) as categories
    from source as s
    left join rows_of as r on s.x_line = r.x_line
    left join net_months as n
        on date_trunc('month', utc(s.bill_billing_period_start_date)) = n.month_start
),

judged as (
    select
        *,
        case
            when has_net and suffix(type, 'Discount') then coalesce(net, 0)
            else coalesce(net, unblended)
        end as amount,
        (month_start + interval 1 month)::timestamp as month_stop,
        -- Fees end in a month's last second.
        coalesce(
            case when date_part('second', stop) = 59 then stop + interval 1 second else stop end,
            case when start = date_trunc('day', start) then start + interval 1 day end,
            start + interval 1 hour
        )::timestamp as charge_stop,
        coalesce(plan_arn, reservation_arn) as commitment,
        type = 'DiscountedUsage' or type = 'SavingsPlanCoveredUsage' as is_covered,
        case type
            when 'RIFee' then true
            when 'SavingsPlanRecurringFee' then true
            when 'SavingsPlanUpfrontFee' then true
            when 'Fee' then reservation_arn is not null
            when 'Refund' then
                coalesce(plan_arn, reservation_arn) is not null
                or coalesce(starts_with(description, 'Refund for one-time fee for'), false)
            else false
        end as is_commitment_fee,
        -- The names people use; whatever is not here goes by its product name.
        case code
            when 'AmazonEC2' then 'Amazon EC2'
            when 'AmazonS3' then 'Amazon S3'
            when 'AmazonCloudWatch' then 'Amazon CloudWatch'
            when 'AmazonVPC' then 'Amazon VPC'
            when 'AmazonRDS' then 'Amazon RDS'
            when 'ElasticMapReduce' then 'Amazon EMR'
            when 'AmazonSageMaker' then 'Amazon SageMaker'
            when 'AmazonBedrock' then 'Amazon Bedrock'
            when 'AmazonECR' then 'Amazon ECR'
            when 'AmazonECS' then 'Amazon ECS'
            when 'AmazonEKS' then 'Amazon EKS'
            when 'AmazonEFS' then 'Amazon EFS'
            when 'AmazonES' then 'Amazon OpenSearch Service'
            when 'AmazonMSK' then 'Amazon MSK'
            when 'AmazonMWAA' then 'Amazon MWAA'
            when 'AmazonSNS' then 'Amazon SNS'
            when 'AmazonStates' then 'AWS Step Functions'
            when 'AmazonElastiCache' then 'Amazon ElastiCache'
            when 'AWSDataTransfer' then 'AWS Data Transfer'
            when 'AWSELB' then 'Elastic Load Balancing'
            when 'AWSEvents' then 'Amazon EventBridge'
            when 'AWSLambda' then 'AWS Lambda'
            when 'AWSQueueService' then 'Amazon SQS'
            when 'awskms' then 'AWS KMS'
            when 'ComputeSavingsPlans' then 'AWS Savings Plans'
            when 'MachineLearningSavingsPlans' then 'AWS Savings Plans'
            else
                case product_name
                    when 'Amazon Elastic Compute Cloud' then 'Amazon EC2'
                    when 'Amazon Simple Storage Service' then 'Amazon S3'
                    when 'Amazon Relational Database Service' then 'Amazon RDS'
                    when 'Amazon Elastic MapReduce' then 'Amazon EMR'
                    when 'Amazon Virtual Private Cloud' then 'Amazon VPC'
                    else coalesce(
                        product_name,
                        regexp_replace(
                            coalesce(service_code, code), '^(Amazon|AWS)([A-Z][a-z])', '\1 \2'
                        )
                    )
                end
        end as service,
        -- "user:team" in CSV, "user_team" in the rest: the key is what people wrote, team.
        regexp_replace(
            regexp_replace(raw_tags, '([{,])"user[:_]', '\1"', 'g'), '([{,])"aws_', '\1"aws:', 'g'
        ) as own_tags,
        regexp_replace(categories, '([{,])"([^"]+":)', '\1"cost_category:\2', 'g') as category_tags
    from typed
),

costed as (
    select
        *,
        case
            when is_unused then 0
            when type = 'SavingsPlanCoveredUsage' or type = 'SavingsPlanNegation' then 0
            else amount
        end as billed,
        case
            when is_unused then unused
            when type = 'DiscountedUsage' then coalesce(reserved_cost, amount)
            when type = 'SavingsPlanCoveredUsage' then coalesce(plan_cost, 0)
            when type = 'SavingsPlanNegation' or is_commitment_fee then 0
            else amount
        end as effective,
        case
            when is_unused then 'Usage'
            when type = 'Tax' then 'Tax'
            when type = 'Credit' then 'Credit'
            when type = 'Fee' or is_commitment_fee then 'Purchase'
            when type = 'Refund' and tax_type is not null then 'Tax'
            else 'Usage'
        end as category
    from judged
    where
        -- Pods and tasks cut the instances' own lines once more, beside them.
        not (
            (operation = 'EKSPod-EC2' or operation = 'ECSTask-EC2')
            and coalesce(amount, 0) = 0
        )
        or operation is null
)

select
    case when is_unused then second_line(x_line) else x_line end as x_line,
    case
        when category = 'Tax' then 'tax'
        when category = 'Credit' then 'credit'
        when is_unused then 'commitment_unused'
        when starts_with(code, 'AWSSupport') or starts_with(lower(service), 'aws support')
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
            case when malformed(tags_text, raw_tags) then 'Tags' end
        ),
        ''
    ) as x_repairs,
    billed as BilledCost,
    effective as EffectiveCost,
    case when is_unused or type = 'SavingsPlanNegation' then 0 else coalesce(listed_at, amount) end
        as ListCost,
    case
        when is_unused or type = 'SavingsPlanNegation' then 0
        when type = 'DiscountedUsage' then coalesce(listed_at, amount)
        else amount
    end as ContractedCost,
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
    case
        when cores is not null then json_object(
            'InstanceType', instance_type,
            'CoreCount', try_cast(cores as decimal(12, 3)),
            'MemorySize', replace(memory, ',', ''),
            'GpuCount', try_cast(gpus as decimal(12, 3))
        )::varchar
    end as SkuPriceDetails,
    case
        when category <> 'Usage' then null
        when is_unused or is_covered then 'Committed'
        when contains(usage_type, 'Spot') then 'Dynamic'
        else 'Standard'
    end as PricingCategory,
    case when not is_unused then consumed end as ConsumedQuantity,
    case when not is_unused then consumed_unit end as ConsumedUnit,
    commitment as CommitmentDiscountId,
    case when is_unused then 'Unused' when is_covered then 'Used' end as CommitmentDiscountStatus,
    case
        when category_tags is null then own_tags
        when own_tags is null then category_tags
        else own_tags[:-2] || ',' || category_tags[2:]
    end as Tags
from costed
