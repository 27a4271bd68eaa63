-- connectors/aws_cur/lines.sql
-- The lines with what they cost in both bases. Grain: one row per line item, and one more per fee of a
-- commitment for what nothing used of it. Lines of split cost allocation data (is_split) cost nothing by
-- themselves and are here only where the source's split_costs is replace. Reads: source, typed, unused,
-- products, tag_sets.

-- The months in which lines have a private price: there it holds the discounts already.
with net_months as (
    select distinct
        date_trunc('month', utc(bill_billing_period_start_date))::timestamp as month_start
    from source
    where words(line_item_net_unblended_cost) is not null
),

two_rows as (
    select *, unnest([false, true]) as is_unused
    from unused
),

described as not materialized (
    select
        t.* exclude (region, model),
        coalesce(t.product_name, p.name, t.product_code) as title,
        coalesce(t.region, p.region) as region,
        coalesce(t.model, p.model) as model,
        p.machine as machine_details,
        s.is_malformed,
        s.own_tags
    from typed as t
    -- Every line has its product and its set. Of inner joins DuckDB knows which lines have the same text.
    inner join products as p
        on
            t.product is not distinct from p.product
            and t.product_instance_type is not distinct from p.product_instance_type
            and t.product_vcpu is not distinct from p.product_vcpu
            and t.product_memory is not distinct from p.product_memory
            and t.product_gpu is not distinct from p.product_gpu
    inner join tag_sets as s
        on
            t.tags is not distinct from s.tags
            and t.resource_tags is not distinct from s.resource_tags
            and t.cost_category is not distinct from s.cost_category
            and t.x_gathered is not distinct from s.x_gathered
            and t.principal is not distinct from s.principal
),

judged as not materialized (
    select
        t.* exclude (start, stop),
        case when r.is_unused then r.start else t.start end as start,
        case when r.is_unused then r.stop else t.stop end as stop,
        coalesce(r.is_unused, false) as is_unused,
        r.unused,
        r.is_derived,
        case
            when n.month_start is not null and suffix(t.type, 'Discount') then coalesce(t.net, 0)
            else t.price
        end as amount,
        coalesce(amount, 0) = 0 and is_split_line(t.operation, t.parent) as is_split,
        case
            when is_split then t.parent
            when is_machine_time(t.type, t.code, t.usage_type) then t.resource
        end as machine,
        coalesce(t.plan_arn, t.reservation_arn) as commitment,
        t.type = 'DiscountedUsage' or t.type = 'SavingsPlanCoveredUsage' as is_covered,
        case t.type
            when 'RIFee' then true
            when 'SavingsPlanRecurringFee' then true
            when 'SavingsPlanUpfrontFee' then true
            when 'Fee' then t.reservation_arn is not null
            when 'Refund' then
                coalesce(t.plan_arn, t.reservation_arn) is not null
                or coalesce(starts_with(t.description, 'Refund for one-time fee for'), false)
            else false
        end as is_commitment_fee,
        case when is_split then 'Amazon EC2' else service_of_aws(t.code, t.title) end as service,
        case when service = 'Amazon Bedrock' then meter_of_tokens(t.usage_type) end as meter,
        case
            when service = 'Amazon Bedrock' then model_of_bedrock(t.usage_type, t.title, t.model)
        end as bedrock_model,
        (t.month_start + interval 1 month)::timestamp as month_stop
    from described as t
    left join two_rows as r on t.x_line = r.x_line
    left join net_months as n on t.month_start = n.month_start
    where not is_split or setting('split_costs') = 'replace'
),

select
    *,
    case
        when is_unused or is_split then 0
        when type = 'SavingsPlanCoveredUsage' or type = 'SavingsPlanNegation' then 0
        else amount
    end as billed,
    case
        when is_unused then unused
        when is_split then 0
        when type = 'DiscountedUsage' then coalesce(reserved_cost, amount)
        when type = 'SavingsPlanCoveredUsage' then coalesce(plan_cost, 0)
        when type = 'SavingsPlanNegation' or is_commitment_fee then 0
        else amount
    end as effective,
    case
        when is_unused or is_split or type = 'SavingsPlanNegation' then 0
        else coalesce(listed_at, amount)
    end as listed,
    case
        when is_unused or is_split or type = 'SavingsPlanNegation' then 0
        when type = 'DiscountedUsage' then coalesce(listed_at, amount)
        else amount
    end as contracted,
    case
        when is_unused then null
        when is_split then coalesce(nullif(consumed, 0), split_usage)
        else consumed
    end as quantity,
    case
        when is_unused then 'Usage'
        when type = 'Tax' then 'Tax'
        when type = 'Credit' then 'Credit'
        when type = 'Fee' or is_commitment_fee then 'Purchase'
        when type = 'Refund' and tax_type is not null then 'Tax'
        else 'Usage'
    end as category,
    case
        when category <> 'Usage' then null
        when is_unused or is_covered then 'Committed'
        when is_split then null
        when contains(usage_type, 'Spot') then 'Dynamic'
        else 'Standard'
    end as pricing,
    case when is_unused then 'Unused' when is_covered then 'Used' end as commitment_status,
    -- Fees end in a month's last second.
    end_of(
        start,
        case when date_part('second', stop) = 59 then stop + interval 1 second else stop end
    ) as charge_stop
from judged
