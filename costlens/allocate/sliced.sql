-- The cost of stages that are needed in slices, at each slice.
-- Grain: one row per (row of `ended`, slice). Positions go on where no row of a piece is.
-- Reads: ended, slices.
with wholes as (
    select *, piece || ' ' || position as whole
    from ended
    where node in (select stage from slices)
),

members as (
    select w.whole as piece, s.node as member, s.weight, w.billed, w.effective
    from wholes as w
    inner join slices as s on w.day = s.day and w.node = s.stage
),

parted as (
    select *
    from split('members')
)

select
    w.* exclude (whole, position, stage, node, grade, hops, billed, effective, idle_billed, idle_effective),
    524288 + row_number() over (partition by w.piece order by w.position, p.member) as position,
    p.member as stage,
    p.member as node,
    greatest(w.grade, case when p.weight = p.total_weight then 'A' else 'D' end) as grade,
    list_append(
        w.hops,
        {
            'hop': 'slice',
            'via': w.stage,
            'measure': 'size',
            'numerator': p.weight::decimal(38, 0),
            'denominator': p.total_weight::decimal(38, 0),
            'grade': case when p.weight = p.total_weight then 'A' else 'D' end
        }
    ) as hops,
    p.billed_part as billed,
    p.effective_part as effective,
    0::decimal(38, 12) as idle_billed,
    0::decimal(38, 12) as idle_effective
from parted as p
inner join wholes as w on p.piece = w.whole
