-- Who bears what. Grain: as the table. Reads: entries, shares.
-- Even sets, the widest ones, need no ranking: of a remainder of r units the first r members take
-- one each. Weighted sets go through `split`. Both give the largest-remainder result.
with even_sets as (
    select need_set, any_value(members) as members
    from shares
    where rung in ('even', 'only')
    group by need_set
),

-- The division is done once per entry, not once per member.
even as (
    select
        e.* exclude (billed, effective),
        sign(e.billed) as billed_sign,
        abs(units(e.billed)) // s.members as billed_floor,
        (abs(units(e.billed)) % s.members)::integer as billed_rest,
        sign(e.effective) as effective_sign,
        abs(units(e.effective)) // s.members as effective_floor,
        (abs(units(e.effective)) % s.members)::integer as effective_rest
    from entries as e
    inner join even_sets as s on e.need_set = s.need_set
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
    select piece, member, units(billed_part) as billed, units(effective_part) as effective
    from split('weighted')
),

parts as (
    select
        e.* exclude (
            entry,
            residual,
            need_set,
            grade,
            billed_sign,
            billed_floor,
            billed_rest,
            effective_sign,
            effective_floor,
            effective_rest
        ),
        s.target,
        greatest(e.grade, s.grade) as grade,
        e.billed_sign * (e.billed_floor + (s.place <= e.billed_rest)::integer) as billed,
        e.effective_sign * (e.effective_floor + (s.place <= e.effective_rest)::integer)
            as effective
    from even as e
    inner join shares as s on e.need_set = s.need_set
    union all by name
    select
        e.* exclude (entry, residual, need_set, grade, billed, effective),
        w.member as target,
        greatest(e.grade, s.grade) as grade,
        w.billed,
        w.effective
    from weighed as w
    inner join entries as e on w.piece = e.entry
    inner join shares as s on e.need_set = s.need_set and w.member = s.target
    union all by name
    select
        * exclude (entry, residual, need_set, billed, effective),
        residual as target,
        units(billed) as billed,
        units(effective) as effective
    from entries
    where need_set is null
)

select
    billing_period,
    day,
    source,
    level,
    target,
    service,
    class,
    grade,
    currency,
    step,
    amount(sum(billed)) as billed,
    amount(sum(effective)) as effective
from parts
group by all
