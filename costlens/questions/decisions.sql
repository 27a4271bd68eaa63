-- What needs a decision of a person: what costs more than it brings, reviews that are due, what costs and
-- was never said to bring anything, features that nothing uses. Grain: one row per (decision, name),
-- the dearest of its kind first. Reads: chosen, claims, graph, catalogue, stage_costs, shares, rates.
-- Takes: $level; $owner and $product, whose things count, or null; $basis, $start, $stop, $first
-- and $after, the window; $as_of, the day that reviews are held against; $currency. Reads also: scope.
with advised as (
    select
        advice as decision,
        $level as level,
        name,
        converted(avoidable) as amount,
        why
    from chosen
    where
        advice in ('stop', 'either', 'unknown') and (avoidable > 0 or advice <> 'unknown')
        and ($owner::varchar is null and $product::varchar is null or name in (select name from scope))
),

due as (
    select
        'review' as decision,
        split_part(target, ':', 1) as level,
        substr(target, strpos(target, ':') + 1) as name,
        null::decimal(38, 12) as amount,
        '"' || c.name || '" was to be reviewed by ' || review_on
        || coalesce('; its owner is ' || owner, '') as why
    from claims as c
    where
        side = 'benefit' and review_on <= $as_of
        and ($owner::varchar is null or owner = $owner)
        and ($product::varchar is null or target = 'product:' || $product)
),

features as (
    select name, arg_max_null(owner, coalesce(valid_from, date '0001-01-01')) as owner
    from catalogue
    where kind = 'feature'
    group by name
),

unused as (
    select name
    from features
    where
        'feature:' || name not in (select from_node from graph)
        and ($owner::varchar is null or owner = $owner)
        and $product::varchar is null
),

alone as (
    select distinct need_set, target
    from shares
    where level = 'feature' and members = 1 and target in (select name from unused)
),

saved as (
    select
        a.target as name,
        s.billing_period,
        s.currency,
        sum_in($basis, s.billed, s.effective) as value
    from stage_costs as s
    inner join alone as a on s.feature_set = a.need_set
    where
        s.day >= $start and s.day < $stop
        and s.billing_period >= $first and s.billing_period < $after
    group by all
),

unread as (
    select
        'unused' as decision,
        'feature' as level,
        s.name,
        converted(sum(s.value * r.rate)) as amount,
        'nothing that is known uses it' as why
    from saved as s
    inner join rates as r on s.billing_period = r.month and s.currency = r.currency
    group by s.name
)

select decision, level, name, amount, $currency as currency, why
from (
    select * from advised
    union all
    select * from due
    union all
    select * from unread
) as every
order by
    case decision
        when 'stop' then 1
        when 'either' then 2
        when 'review' then 3
        when 'unused' then 4
        else 5
    end,
    amount desc nulls last,
    level,
    name,
    why
