-- The part of a target's cost that came from each placement. Grain: one row per placement.
-- The ledger splits the sum of a need-set's stages once, so a placement's part is the difference
-- that it makes to the running sum, in placement order: the parts re-add to the ledger exactly.
-- Reads: placements, shares. Takes: $level, $target; $stage, $service and $class, patterns or null;
-- $start, $stop, $first, $after: the window.
with members as (
    select distinct need_set, target, place, members, numerator, denominator, rung, grade
    from shares
    where level = $level and need_set in (
        select need_set from shares where level = $level and target = $target
    )
),

mine as (
    select *
    from members
    where target = $target
),

bearing as materialized (
    select
        *,
        set_of($level, feature_set, model_set, product_set) as need_set
    from placements
    where
        set_of($level, feature_set, model_set, product_set) in (select need_set from mine)
        and day >= $start and day < $stop
        and billing_period >= $first and billing_period < $after
),

running as (
    select
        b.*,
        sum(b.billed) over in_order as billed_so_far,
        sum(b.effective) over in_order as effective_so_far
    from bearing as b
    window in_order as (
        partition by
            b.billing_period, b.day, b.source, b.need_set, b.service, b.class, b.grade, b.currency
        order by b.placement
        rows unbounded preceding
    )
),

weighted as (
    select
        r.billing_period || '-' || r.placement as piece,
        m.target as member,
        m.numerator::hugeint as weight,
        r.billed_so_far::decimal(38, 12) as billed,
        r.effective_so_far::decimal(38, 12) as effective
    from running as r
    inner join members as m on r.need_set = m.need_set
    where m.rung not in ('even', 'only')
),

parted as (
    select piece, billed_part, effective_part
    from split('weighted')
    where member = $target
),

shared as (
    select
        r.*,
        m.rung,
        m.numerator,
        m.denominator,
        greatest(r.grade, m.grade) as borne_grade,
        coalesce(
            p.billed_part,
            amount(
                sign(r.billed_so_far) * (
                    abs(units(r.billed_so_far::decimal(38, 12))) // m.members
                    + (m.place <= abs(units(r.billed_so_far::decimal(38, 12))) % m.members)::hugeint
                )
            )
        ) as billed_share,
        coalesce(
            p.effective_part,
            amount(
                sign(r.effective_so_far) * (
                    abs(units(r.effective_so_far::decimal(38, 12))) // m.members
                    + (m.place <= abs(units(r.effective_so_far::decimal(38, 12))) % m.members)::hugeint
                )
            )
        ) as effective_share
    from running as r
    inner join mine as m on r.need_set = m.need_set
    left join parted as p on r.billing_period || '-' || r.placement = p.piece
),

parts as (
    select
        *,
        billed_share - coalesce(lag(billed_share) over in_order, 0) as billed_part,
        effective_share - coalesce(lag(effective_share) over in_order, 0) as effective_part
    from shared
    window in_order as (
        partition by billing_period, day, source, need_set, service, class, grade, currency
        order by placement
    )
)

select
    billing_period,
    day,
    source,
    pool,
    placement,
    need_set,
    stage,
    run,
    service,
    class,
    tier,
    rule,
    reason,
    borne_grade as grade,
    currency,
    lines,
    hops,
    rung,
    numerator,
    denominator,
    billed as placed_billed,
    effective as placed_effective,
    billed_so_far - billed as billed_base,
    effective_so_far - effective as effective_base,
    billed_part as billed,
    effective_part as effective
from parts
where
    ($stage::varchar is null or fits(stage, $stage))
    and ($service::varchar is null or fits(service, $service))
    and ($class::varchar is null or class = $class)
order by billing_period, placement
