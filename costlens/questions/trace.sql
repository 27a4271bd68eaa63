-- Where one billing line went, to the last unit, at every level.
-- Grain: one row per (level, target, stage, way). At each level the amounts re-add to the line.
-- Reads: line_shares. Takes: $basis.
select
    level,
    target,
    sum(case $basis when 'billed' then billed else effective end) as amount,
    currency,
    stage,
    rung || ' ' || numerator || '/' || denominator as need,
    list_aggregate(
        list_transform(
            hops,
            lambda h: h.hop || ' ' || h.via || ' by ' || h.measure || ' '
            || h.numerator::hugeint // gcd(h.numerator::hugeint, h.denominator::hugeint) || '/'
            || h.denominator::hugeint // gcd(h.numerator::hugeint, h.denominator::hugeint)
        ),
        'string_agg',
        ' → '
    ) as weights,
    service,
    class,
    tier,
    rule,
    grade
from line_shares
group by all
order by level, abs(amount) desc, target, stage, class, weights, need
