-- connectors/gcp/control.sql
-- What the source itself adds up to. Grain: one row per invoice month and currency.
-- Reads: source. A line comes to its cost and all its credits; promotions are rows of their own.
with months as (
    select *, entry(invoice, 'month') as nested_month
    from source
),

lines as (
    select
        x_line,
        coalesce(
            month_of(invoice_month),
            month_of(nested_month),
            date_trunc(
                'month',
                timezone('America/Los_Angeles', timezone('UTC', utc(usage_start_time)))
            )
        ) as month_start,
        upper(words(currency)) as currency,
        exact(cost) as cost,
        elements(credits) as credits
    from months
),

-- One row per credit.
credits as (
    select x_line, unnest(json_extract(credits, '$[*]')) as credit
    from lines
    where credits is not null
),

told as (
    select
        x_line,
        (credit ->> 'amount')::decimal(38, 18) as amount,
        nullif(credit ->> 'type', '') as type,
        coalesce(
            nullif(credit ->> 'full_name', ''), nullif(credit ->> 'name', ''), credit ->> 'id'
        ) as title
    from credits
),

credited as (
    select
        x_line,
        sum(amount) filter (lowers_price) as lower_price,
        sum(amount) filter (not lowers_price) as payment
    from (
        select
            x_line,
            amount,
            coalesce(
                type in (
                    'SUSTAINED_USAGE_DISCOUNT', 'COMMITTED_USAGE_DISCOUNT',
                    'COMMITTED_USAGE_DISCOUNT_DOLLAR_BASE', 'FEE_UTILIZATION_OFFSET',
                    'SPENDING_BASED_DISCOUNT', 'DISCOUNT', 'FREE_TIER', 'SUBSCRIPTION_BENEFIT',
                    'RESELLER_MARGIN'
                ),
                title ilike '%usage discount%',
                false
            ) as lowers_price
        from told
    ) as judged
    group by x_line
),

amounts as (
    select
        l.month_start,
        l.currency,
        l.cost + coalesce(c.lower_price, 0) as own,
        coalesce(c.payment, 0) as payment
    from lines as l
    left join credited as c on l.x_line = c.x_line
)

select
    strftime(month_start, '%Y-%m') as period,
    currency,
    count(*) + count(*) filter (payment <> 0) as rows,
    sum(own + payment) as source_billed,
    sum(own + payment) as source_effective,
    sum(own - trunc(own, 12) + payment - trunc(payment, 12)) as residual_billed,
    sum(own - trunc(own, 12) + payment - trunc(payment, 12)) as residual_effective
from amounts
group by month_start, currency
order by month_start, currency
