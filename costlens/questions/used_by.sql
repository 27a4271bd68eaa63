-- Who uses a target, directly or by way of others, and what they cost themselves.
-- Grain: one row per (user, currency). `reads` is what a direct user read of it in the window.
-- Reads: catalogue, graph, activity, ledger, rates. Takes: $level, $target; $basis; $start,
-- $stop, $first and $after, the window.
with recursive edges as (
    select distinct from_node, to_node
    from graph
    where
        (valid_from is null or (valid_from < $stop and strftime(valid_from, '%Y-%m') < $after))
        and (valid_to is null or (valid_to > $start and strftime(valid_to, '%Y-%m-%d') > $first))
),

-- A node once per distance; a circle ends where it is as long as a way can be.
walked as (
    select $level || ':' || $target as node, 0 as distance
    union
    select e.to_node, w.distance + 1
    from walked as w
    inner join edges as e on w.node = e.from_node
    where w.distance < 12
),

users as (
    select node, min(distance) as distance
    from walked
    where distance > 0 and node <> $level || ':' || $target
    group by node
),

read as (
    select consumer as node, sum(quantity) as reads
    from activity
    where
        target = $level || ':' || $target and measure = 'reads' and consumer is not null
        and hour >= $start and hour < $stop
        and strftime(hour, '%Y-%m') >= $first and strftime(hour, '%Y-%m') < $after
    group by consumer
),

borne as (
    select
        level || ':' || target as node,
        billing_period,
        currency,
        sum_in($basis, billed, effective) as value
    from ledger
    where
        day >= $start and day < $stop
        and billing_period >= $first and billing_period < $after
    group by all
),

costs as (
    select b.node, r.to_currency as currency, converted(sum(b.value * r.rate)) as amount
    from borne as b
    semi join users as u on b.node = u.node
    inner join rates as r on b.billing_period = r.month and b.currency = r.currency
    group by all
),

named as (
    select node, kind, name, arg_max_null(owner, coalesce(valid_from, date '0001-01-01')) as owner
    from catalogue
    where kind in ('feature', 'model', 'product')
    group by node, kind, name
)

select
    n.kind,
    n.name,
    n.owner,
    u.distance = 1 as is_direct,
    r.reads,
    c.amount as cost,
    c.currency
from users as u
inner join named as n on u.node = n.node
left join read as r on u.node = r.node
left join costs as c on u.node = c.node
order by u.distance, r.reads desc nulls last, n.kind, n.name, c.currency
