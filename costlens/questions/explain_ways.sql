-- By which stages, rules and ways an amount came, in both bases. Grain: one row per (stage, service, class, rule,
-- need, way), which is a part, and billing period. Numerators and denominators are added up over the placements of
-- a part, and reduced. Reads: explain_parts, kept before; placements.
-- Takes: $level; $is_whole, whether its placements have need-sets of no target.
-- The need-sets are asked for once more: their hops are decoded, and few others.
with reached as (
    select billing_period, placement, hops
    from placements
    where set_of($level, feature_set, model_set, product_set) in (select need_set from explain_parts)
    union all
    select billing_period, placement, hops
    from placements
    where $is_whole
),

described as (
    select
        e.*,
        p.hops,
        list_transform(p.hops, lambda h: h.hop || ' ' || h.via || ' by ' || h.measure) as way,
        e.rung as need
    from explain_parts as e
    inner join reached as p
        on e.billing_period = p.billing_period and e.placement = p.placement
),

keyed as (
    select
        *,
        dense_rank() over (
            order by stage, service, class, tier, rule, grade, currency, need, way
        ) as part
    from described
),

steps as (
    select part, way, hops, unnest(range(1, len(hops) + 1)) as step
    from keyed
),

weighed as (
    select
        part,
        step,
        any_value(way[step]) as hop,
        sum(hops[step].numerator)::hugeint as numerator,
        sum(hops[step].denominator)::hugeint as denominator
    from steps
    group by part, step
),

reduced as (
    select *, gcd(numerator, denominator) as common
    from weighed
),

weights as (
    select
        part,
        string_agg(
            hop || ' ' || numerator // common || '/' || denominator // common, ' → ' order by step
        ) as weights
    from reduced
    group by part
),

-- The weights of every need-set that the row met, once each.
needs as (
    select
        part,
        sum(numerator)::hugeint as numerator,
        sum(denominator)::hugeint as denominator
    from (select distinct part, need_set, numerator, denominator from keyed) as once
    group by part
),

pooled as (
    select part, sum(lines) as lines
    from (select distinct part, billing_period, pool, lines from keyed) as once
    group by part
),

told as (
    select
        k.part,
        any_value(
            k.need || ' ' || n.numerator // gcd(n.numerator, n.denominator) || '/'
            || n.denominator // gcd(n.numerator, n.denominator)
        ) as need,
        any_value(w.weights) as weights,
        count(distinct k.run) as runs,
        any_value(p.lines)::bigint as lines
    from keyed as k
    inner join pooled as p on k.part = p.part
    inner join needs as n on k.part = n.part
    left join weights as w on k.part = w.part
    group by k.part
),

summed as (
    select
        part,
        billing_period,
        stage,
        service,
        class,
        tier,
        rule,
        grade,
        currency,
        sum(billed)::decimal(38, 12) as billed,
        sum(effective)::decimal(38, 12) as effective,
        sum(placed_billed)::decimal(38, 12) as placed_billed,
        sum(placed_effective)::decimal(38, 12) as placed_effective
    from keyed
    group by all
)

select s.*, t.* exclude (part)
from summed as s
inner join told as t on s.part = t.part
