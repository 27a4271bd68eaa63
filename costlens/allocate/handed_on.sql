-- The cost of stages that are split by use, at the stages and targets it ends with; each origin
-- amount is split once, by its row of the solved equations. What finds no way out is stranded.
-- Grain: one row per (placed row, sink). Reads: placed, pools, flows.
with origins as (
    select p.*, o.day
    from placed as p
    inner join pools as o on p.pool = o.pool
    where p.node in (select origin from flows)
),

members as (
    select
        o.piece,
        f.sink as member,
        f.numerator as weight,
        o.billed,
        o.effective
    from origins as o
    inner join flows as f on o.day = f.day and o.node = f.origin
),

parted as (
    select *
    from split('members')
)

select
    o.piece,
    o.pool,
    o.run,
    o.day,
    s.member as sink,
    o.stage as via,
    o.class,
    greatest(o.grade, f.grade) as grade,
    list_append(
        o.hops,
        {
            'hop': 'cascade',
            'via': o.stage,
            'measure': f.measure,
            'numerator': s.weight::decimal(38, 0),
            'denominator': s.total_weight::decimal(38, 0),
            'grade': f.grade
        }
    ) as hops,
    s.billed_part as billed,
    s.effective_part as effective
from parted as s
inner join origins as o on s.piece = o.piece
inner join flows as f on o.day = f.day and o.node = f.origin and s.member = f.sink
