-- The bills of AWS that a build holds. Grain: one row per (source, month). `net`: private discounts are
-- in its prices, as in FOCUS, and in a cost and usage report whose files have a column of net cost.
-- Reads: loads, charges. Takes: $first and $after, the billing periods.
with bills as (
    select
        source,
        period as month,
        bool_or(
            pack = 'focus'
            or coalesce(
                list_contains(
                    from_json(files -> '$.columns', '["VARCHAR"]'), 'line_item_net_unblended_cost'
                ),
                false
            )
        ) as net
    from loads
    where
        makes = 'charges' and superseded_by is null and pack in ('aws_cur', 'focus')
        and period >= $first and period < $after
    group by all
),

of_aws as (
    select distinct source, billing_period as month
    from charges
    where lower(ProviderName) in ('aws', 'amazon', 'amazon web services')
)

select b.source, b.month, b.net
from bills as b
semi join of_aws as a on b.source = a.source and b.month = a.month
order by b.source, b.month
