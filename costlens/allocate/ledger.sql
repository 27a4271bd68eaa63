-- Who bears what. Grain: as the table. Reads: entries, shares.
-- Even sets, the widest ones, need no ranking: of a remainder of r units the first r members take
-- one each. Weighted sets go through `split`. Both give the largest-remainder result.
with even as (
    select
        e.*,
        s.target,
        s.grade as share_grade,
        abs(units(e.billed)) as billed_units,
        abs(units(e.effective)) as effective_units,
        s.members,
        s.place
    from entries as e
    inner join shares as s on e.need_set = s.need_set
    where s.rung in ('even', 'only')
),

weighted as (
    select
        e.entry as piece,
        s.target as member,
        s.numerator::hugeint as weight,
        e.billed,
        e.effective
    from entries as e
    inner join shares as s on e.need_set = s.need_set
    where s.rung not in ('even', 'only')
),

weighed as (
    select piece, member, billed_part, effective_part
    from split('weighted')
),

parts as (
    select
        entry,
        target,
        share_grade,
        amount(
            sign(billed)
            * (billed_units // members + (place <= billed_units % members)::hugeint)
        ) as billed,
        amount(
            sign(effective)
            * (effective_units // members + (place <= effective_units % members)::hugeint)
        ) as effective
    from even
    union all
    select w.piece, w.member, s.grade, w.billed_part, w.effective_part
    from weighed as w
    inner join entries as e on w.piece = e.entry
    inner join shares as s on e.need_set = s.need_set and w.member = s.target
    union all
    select entry, residual, 'A', billed, effective
    from entries
    where need_set is null
)

select
    e.billing_period,
    e.day,
    e.source,
    e.level,
    p.target,
    e.need_set,
    e.service,
    e.class,
    greatest(e.grade, p.share_grade) as grade,
    e.currency,
    e.step,
    p.billed,
    p.effective
from parts as p
inner join entries as e on p.entry = e.entry
