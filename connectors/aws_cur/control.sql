-- connectors/aws_cur/control.sql
-- What the source itself adds up to. Grain: one row per billing period and currency.
-- Reads: source. Billed: every line at its price, whatever its kind. Effective: lines at their price,
-- covered use at what it used of its commitment, and what nothing used; no fee of a commitment. Lines of
-- split cost allocation data have nothing here: whether they are rows is all that split_costs changes.
with private_months as (
    select distinct date_trunc('month', utc(bill_billing_period_start_date)) as month_start
    from source
    where words(line_item_net_unblended_cost) is not null
),

lines as not materialized (
    select
        date_trunc('month', utc(s.bill_billing_period_start_date)) as month_start,
        coalesce(upper(words(s.line_item_currency_code)), currency_if_missing()) as currency,
        coalesce(words(s.line_item_line_item_type), '') as type,
        coalesce(s.line_item_operation::varchar in ('EKSPod-EC2', 'ECSTask-EC2'), false)
        or words(s.split_line_item_parent_resource_id) is not null as is_split,
        words(s.reservation_reservation_arn) as reservation,
        words(s.savings_plan_savings_plan_arn) as plan,
        coalesce(
            s.line_item_line_item_description::varchar like 'Refund for one-time fee for%', false
        )
            as gives_back,
        exact(s.line_item_unblended_cost) as gross,
        exact(s.line_item_net_unblended_cost) as net,
        case
            when p.month_start is not null and s.line_item_line_item_type like '%Discount'
                then coalesce(exact(s.line_item_net_unblended_cost), 0)
            else
                coalesce(exact(s.line_item_net_unblended_cost), exact(s.line_item_unblended_cost))
        end as price,
        coalesce(exact(s.reservation_net_effective_cost), exact(s.reservation_effective_cost))
            as of_reservation,
        coalesce(
            exact(s.savings_plan_net_savings_plan_effective_cost),
            exact(s.savings_plan_savings_plan_effective_cost)
        ) as of_plan,
        coalesce(
            exact(s.reservation_net_amortized_upfront_fee_for_billing_period),
            exact(s.reservation_amortized_upfront_fee_for_billing_period)
        ) as reservation_upfront,
        coalesce(
            exact(s.savings_plan_net_amortized_upfront_commitment_for_billing_period),
            exact(s.savings_plan_amortized_upfront_commitment_for_billing_period)
        ) as plan_upfront,
        coalesce(
            exact(s.reservation_net_unused_amortized_upfront_fee_for_billing_period),
            exact(s.reservation_unused_amortized_upfront_fee_for_billing_period)
        ) as idle_upfront,
        coalesce(
            exact(s.reservation_net_unused_recurring_fee), exact(s.reservation_unused_recurring_fee)
        ) as idle_recurring,
        nothing_to_cut(s.line_item_unblended_cost)
        and nothing_to_cut(s.line_item_net_unblended_cost)
        and nothing_to_cut(s.reservation_effective_cost)
        and nothing_to_cut(s.reservation_net_effective_cost)
        and nothing_to_cut(s.savings_plan_savings_plan_effective_cost)
        and nothing_to_cut(s.savings_plan_net_savings_plan_effective_cost) as is_uncut,
        exact(s.savings_plan_total_commitment_to_date) as committed,
        exact(s.savings_plan_used_commitment) as used
    from source as s
    left join private_months as p
        on date_trunc('month', utc(s.bill_billing_period_start_date)) = p.month_start
),

-- What a line costs once its commitment is spread over what it covered; _cut: to 12 places.
spread as not materialized (
    select
        month_start,
        currency,
        type in ('SavingsPlanCoveredUsage', 'SavingsPlanNegation') as folds,
        is_uncut,
        price,
        case
            when type = 'DiscountedUsage' then coalesce(of_reservation, price)
            when type = 'SavingsPlanCoveredUsage' then coalesce(of_plan, 0)
            when
                type in (
                    'SavingsPlanNegation', 'SavingsPlanUpfrontFee', 'SavingsPlanRecurringFee', 'RIFee'
                )
                or (type = 'Fee' and reservation is not null)
                or (type = 'Refund' and (coalesce(reservation, plan) is not null or gives_back))
                then 0
            else price
        end as cost
    from lines
    where
        not (is_split and coalesce(trunc(price, 12), 0) = 0)
        or setting('split_costs') = 'replace'
),

totals as (
    select
        month_start,
        currency,
        count(*) as lines,
        sum(price) as billed,
        sum(case when is_uncut then price else trunc(price, 12)::decimal(38, 18) end)
            filter (not folds) as billed_cut,
        sum(cost) as effective,
        sum(case when is_uncut then cost else trunc(cost, 12)::decimal(38, 18) end)
            as effective_cut
    from spread
    group by month_start, currency
),

-- What nothing used of each commitment, as its fee lines say; where one does not, what is left over.
commitments as (
    select
        month_start,
        currency,
        sum(price + coalesce(upfront, 0)) filter (is_fee) - coalesce(sum(use), 0) as over,
        sum(trunc(price, 12) + coalesce(trunc(upfront, 12), 0)) filter (is_fee)
        - coalesce(sum(trunc(use, 12)), 0) as over_cut,
        sum(idle) as idle,
        sum(idle_cut) as idle_cut,
        count(*) filter (is_fee and idle_cut <> 0) as idle_lines,
        bool_or(is_fee and idle is null) as says_not
    from (
        select
            month_start,
            currency,
            type in ('RIFee', 'DiscountedUsage') as is_reservation,
            type in ('RIFee', 'SavingsPlanRecurringFee') as is_fee,
            price,
            case
                when type in ('RIFee', 'DiscountedUsage') then reservation
                else plan
            end as commitment,
            case type
                when 'DiscountedUsage' then of_reservation
                when 'SavingsPlanCoveredUsage' then of_plan
            end as use,
            case type
                when 'RIFee' then reservation_upfront
                when 'SavingsPlanRecurringFee' then plan_upfront
            end as upfront,
            case
                when type = 'RIFee' and coalesce(idle_upfront, idle_recurring) is not null
                    then coalesce(idle_upfront, 0) + coalesce(idle_recurring, 0)
                when type = 'SavingsPlanRecurringFee' and coalesce(net, gross) = gross
                    then committed - used
            end as idle,
            case
                when type = 'RIFee' and coalesce(idle_upfront, idle_recurring) is not null
                    then
                    trunc(coalesce(idle_upfront, 0), 12) + trunc(coalesce(idle_recurring, 0), 12)
                when type = 'SavingsPlanRecurringFee' and coalesce(net, gross) = gross
                    then trunc(committed, 12) - trunc(used, 12)
            end as idle_cut
        from lines
        where
            type in (
                'RIFee', 'DiscountedUsage', 'SavingsPlanRecurringFee', 'SavingsPlanCoveredUsage'
            )
    )
    group by month_start, currency, is_reservation, commitment
    having bool_or(is_fee)
),

unused as (
    select
        month_start,
        currency,
        sum(case when says_not then (over_cut > 0)::integer else idle_lines end) as lines,
        sum(case when not says_not then idle when over_cut > 0 then over else 0 end) as cost,
        sum(case when not says_not then idle_cut when over_cut > 0 then over_cut else 0 end)
            as cost_cut
    from commitments
    group by month_start, currency
)

select
    strftime(t.month_start, '%Y-%m') as period,
    t.currency,
    (t.lines + coalesce(u.lines, 0))::bigint as rows,
    t.billed as source_billed,
    t.effective + coalesce(u.cost, 0) as source_effective,
    t.billed - coalesce(t.billed_cut, 0) as residual_billed,
    t.effective + coalesce(u.cost, 0) - t.effective_cut - coalesce(u.cost_cut, 0)
        as residual_effective
from totals as t
left join unused as u
    on
        t.month_start is not distinct from u.month_start
        and t.currency is not distinct from u.currency
order by t.month_start, t.currency
