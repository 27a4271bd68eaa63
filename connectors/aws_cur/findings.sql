-- connectors/aws_cur/findings.sql
-- What a reader of the report must know. Grain: one row per finding; of `severity` error, it stops.
-- Reads: source.
with kinds as (
    select
        strftime(utc(bill_billing_period_start_date), '%Y-%m') as period,
        coalesce(words(line_item_currency_code), currency_if_missing(), '') as currency,
        coalesce(words(line_item_line_item_type), '(none)') as type,
        coalesce(line_item_operation::varchar in ('EKSPod-EC2', 'ECSTask-EC2'), false)
        or words(split_line_item_parent_resource_id) is not null as is_split,
        count(*) as lines,
        min(x_line) as x_line,
        count(line_item_unblended_cost) filter (words(line_item_unblended_cost::varchar) <> '')
        + count(line_item_net_unblended_cost) filter (
            words(line_item_net_unblended_cost::varchar) <> ''
        ) as priced,
        -- Most lines are plain usage, whose price is told nowhere.
        sum(
            case
                when line_item_line_item_type is distinct from 'Usage' or is_split then
                    coalesce(
                        exact(line_item_net_unblended_cost), exact(line_item_unblended_cost), 0
                    )
            end
        ) as price,
        sum(
            coalesce(exact(split_line_item_net_split_cost), exact(split_line_item_split_cost), 0)
            + coalesce(
                exact(split_line_item_net_unused_cost), exact(split_line_item_unused_cost), 0
            )
        ) as split_cost
    from source
    group by all
),

-- What commitments cost by their use and by their fees: over a month the two are the same.
commitments as (
    select
        strftime(utc(bill_billing_period_start_date), '%Y-%m') as period,
        coalesce(words(line_item_currency_code), currency_if_missing(), '') as currency,
        line_item_line_item_type in ('RIFee', 'DiscountedUsage') as is_reservation,
        case
            when line_item_line_item_type in ('RIFee', 'DiscountedUsage')
                then words(reservation_reservation_arn)
            else words(savings_plan_savings_plan_arn)
        end as commitment,
        min(x_line) as x_line,
        sum(
            case line_item_line_item_type
                when 'DiscountedUsage' then coalesce(
                    exact(reservation_net_effective_cost), exact(reservation_effective_cost), 0
                )
                when 'SavingsPlanCoveredUsage' then coalesce(
                    exact(savings_plan_net_savings_plan_effective_cost),
                    exact(savings_plan_savings_plan_effective_cost),
                    0
                )
                else 0
            end
        ) as used,
        sum(
            case line_item_line_item_type
                when 'RIFee' then
                    coalesce(exact(line_item_net_unblended_cost), exact(line_item_unblended_cost))
                    + coalesce(
                        exact(reservation_net_amortized_upfront_fee_for_billing_period),
                        exact(reservation_amortized_upfront_fee_for_billing_period),
                        0
                    )
                when 'SavingsPlanRecurringFee' then
                    coalesce(exact(line_item_net_unblended_cost), exact(line_item_unblended_cost))
                    + coalesce(
                        exact(savings_plan_net_amortized_upfront_commitment_for_billing_period),
                        exact(savings_plan_amortized_upfront_commitment_for_billing_period),
                        0
                    )
                else 0
            end
        ) as due,
        sum(
            case line_item_line_item_type
                when 'RIFee' then
                    coalesce(
                        exact(reservation_net_unused_amortized_upfront_fee_for_billing_period),
                        exact(reservation_unused_amortized_upfront_fee_for_billing_period),
                        0
                    )
                    + coalesce(
                        exact(reservation_net_unused_recurring_fee),
                        exact(reservation_unused_recurring_fee),
                        0
                    )
                when 'SavingsPlanRecurringFee' then
                    exact(savings_plan_total_commitment_to_date)
                    - exact(savings_plan_used_commitment)
                else 0
            end
        ) as unused,
        -- Where a fee line does not say it, what was unused is what is left: no less than nothing.
        bool_or(
            case line_item_line_item_type
                when 'RIFee' then
                    words(reservation_unused_amortized_upfront_fee_for_billing_period::varchar)
                    is null
                    and words(reservation_unused_recurring_fee::varchar) is null
                when 'SavingsPlanRecurringFee' then
                    words(savings_plan_total_commitment_to_date::varchar) is null
                    or words(savings_plan_used_commitment::varchar) is null
                    or exact(line_item_net_unblended_cost) <> exact(line_item_unblended_cost)
                else false
            end
        ) as says_not
    from source
    where
        line_item_line_item_type in (
            'RIFee', 'DiscountedUsage', 'SavingsPlanRecurringFee', 'SavingsPlanCoveredUsage'
        )
    group by all
),

gaps as (
    select
        period,
        currency,
        is_reservation,
        min(x_line) as x_line,
        sum(case when says_not then greatest(used - due, 0) else used + unused - due end) as gap
    from commitments
    group by all
),

folded as (
    select
        period,
        currency,
        sum(price) as price,
        coalesce(min(x_line) filter (type = 'SavingsPlanNegation'), min(x_line)) as x_line
    from kinds
    where type in ('SavingsPlanCoveredUsage', 'SavingsPlanNegation')
    group by all
),

-- Pods and tasks beside the instances that they ran on, where they stand in for these.
parts as (
    select
        strftime(utc(bill_billing_period_start_date), '%Y-%m') as period,
        coalesce(words(line_item_currency_code), currency_if_missing(), '') as currency,
        words(split_line_item_parent_resource_id) as machine,
        utc(line_item_usage_start_date) as start,
        count(*) as lines,
        min(x_line) as x_line,
        sum(
            coalesce(exact(split_line_item_net_split_cost), exact(split_line_item_split_cost), 0)
            + coalesce(
                exact(split_line_item_net_unused_cost), exact(split_line_item_unused_cost), 0
            )
        ) as cost
    from source
    where
        setting('split_costs') = 'replace'
        and is_split_line(words(line_item_operation), words(split_line_item_parent_resource_id))
        and coalesce(
            exact(line_item_net_unblended_cost), exact(line_item_unblended_cost), 0
        ) = 0
    group by all
),

machines as (
    select
        strftime(utc(bill_billing_period_start_date), '%Y-%m') as period,
        coalesce(words(line_item_currency_code), currency_if_missing(), '') as currency,
        words(line_item_resource_id) as machine,
        utc(line_item_usage_start_date) as start,
        sum(
            case line_item_line_item_type
                when 'SavingsPlanCoveredUsage' then coalesce(
                    exact(savings_plan_net_savings_plan_effective_cost),
                    exact(savings_plan_savings_plan_effective_cost),
                    0
                )
                when 'DiscountedUsage' then coalesce(
                    exact(reservation_net_effective_cost),
                    exact(reservation_effective_cost),
                    exact(line_item_net_unblended_cost),
                    exact(line_item_unblended_cost)
                )
                else coalesce(exact(line_item_net_unblended_cost), exact(line_item_unblended_cost))
            end
        ) as cost
    from source
    where
        setting('split_costs') = 'replace'
        and is_machine_time(
            line_item_line_item_type, line_item_product_code, words(line_item_usage_type)
        )
    group by all
),

placed as (
    select
        p.period,
        p.currency,
        coalesce(m.cost, 0) > 0 as is_there,
        sum(p.lines) as lines,
        min(p.x_line) as x_line,
        count(distinct p.machine) as machines,
        sum(p.cost) as cost,
        sum(greatest(p.cost - m.cost, 0)) as over
    from parts as p
    left join machines as m
        on
            p.period = m.period
            and p.currency = m.currency
            and p.machine = m.machine
            and p.start = m.start
    group by all
),

periods as (
    select
        period,
        sum(priced) filter (not is_split) as priced,
        coalesce(min(x_line) filter (not is_split), min(x_line)) as x_line,
        sum(lines) filter (is_split and price = 0) as split_lines,
        min(x_line) filter (is_split and price = 0) as split_line,
        sum(split_cost) filter (is_split and price = 0) as split_cost,
        any_value(currency) as currency
    from kinds
    group by period
)

select
    'error' as severity,
    'no_cost' as code,
    x_line,
    'line_item_unblended_cost is empty on every line of ' || period as message,
    'put that column into the export, and deliver it again' as hint
from periods
where priced = 0
union all
select
    'error',
    'uneven_negation',
    x_line,
    'usage that savings plans cover and its negation differ by ' || plain(price) || ' ' || currency
    || ' in ' || period,
    'lines of one of the two are missing: have the report hold every account and line type'
from folded
where abs(price) >= 0.000001
union all
select
    'warning',
    'uneven_commitment',
    x_line,
    case when is_reservation then 'reservations' else 'savings plans' end || ' cost '
    || plain(trunc(abs(gap), 6)) || ' ' || currency || ' '
    || case when gap > 0 then 'more' else 'less' end || ' by their use than by their fees in '
    || period,
    'fees or use of a commitment are in no line of this report: have it hold every account'
from gaps
where abs(gap) >= 0.01
union all
select
    'warning',
    'unknown_line_type',
    min(x_line),
    'the line type "' || type || '" is unknown: ' || plain(sum(price)) || ' ' || currency
    || ' on ' || sum(lines) || ' lines of ' || period || ' count as usage',
    'this matters if it is a tax, a credit or the fee of a commitment: tell us about it'
from kinds
where
    type not in (
        'Usage', 'DiscountedUsage', 'RIFee', 'Fee', 'SavingsPlanCoveredUsage',
        'SavingsPlanNegation', 'SavingsPlanRecurringFee', 'SavingsPlanUpfrontFee',
        'FlatRateSubscription', 'BundledDiscount', 'Discount', 'EdpDiscount',
        'PrivateRateDiscount', 'RiVolumeDiscount', 'SppDiscount', 'Credit', 'Refund', 'Tax'
    )
group by period, currency, type
union all
select
    'info',
    'split_cost',
    split_line,
    split_lines || ' lines of split cost allocation data are left out of ' || period,
    'they cut ' || plain(split_cost) || ' ' || currency
    || ' of the instances once more: these have lines of their own'
from periods
where split_lines > 0 and coalesce(setting('split_costs'), '') <> 'replace'
union all
select
    'info',
    'split_cost',
    x_line,
    lines || ' lines of split cost allocation data have their part of ' || machines
    || ' instances in ' || period,
    'effectively ' || plain(cost - over) || ' ' || currency
    || ', which the instances'' own lines have no more'
from placed
where is_there
union all
select
    'warning',
    'split_without_instance',
    x_line,
    lines || ' lines of split cost allocation data come to ' || plain(cost) || ' ' || currency
    || ' of ' || machines || ' instances that cost nothing then in this report of ' || period,
    'they count 0, so the bill ties: have the report hold the instances'' lines, by resource'
from placed
where not is_there and cost <> 0
union all
select
    'warning',
    'split_over_instance',
    x_line,
    'lines of split cost allocation data come to ' || plain(over) || ' ' || currency
    || ' more than their instances cost in ' || period,
    'they have what the instances cost, in proportion: does the report lack net costs?'
from placed
where over >= 0.01
order by 1, 2, 3, 4
