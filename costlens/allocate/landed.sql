-- Handed-on cost where it lands: a pipeline passes it to its stages by that day's own cost, or to
-- its shared stage on a day without any. Grain: one row per (handed-on row, stage).
-- Reads: handed_on, own_costs, pools.
with arrivals as (
    select h.* exclude (piece), h.piece as origin, h.piece || ' ' || h.sink as piece, o.currency
    from handed_on as h
    inner join pools as o on h.pool = o.pool
),

members as (
    select
        a.piece,
        w.stage || chr(31) || coalesce(w.node, '') as member,
        w.weight,
        a.billed,
        a.effective,
        w.stage,
        w.node
    from arrivals as a
    inner join own_costs as w on a.day = w.day and a.currency = w.currency and a.sink = w.sink
    where w.weight > 0
),

parted as (
    select *
    from split('members')
),

spread as (
    select
        a.origin,
        a.sink,
        a.pool,
        a.run,
        m.stage,
        a.sink as pipeline,
        m.node,
        a.class,
        greatest(a.grade, case when s.weight = s.total_weight then 'A' else 'C' end) as grade,
        list_append(
            a.hops,
            {
                'hop': 'own_cost',
                'via': a.sink,
                'measure': 'cost',
                'numerator': s.weight::decimal(38, 0),
                'denominator': s.total_weight::decimal(38, 0),
                'grade': case when s.weight = s.total_weight then 'A' else 'C' end
            }
        ) as hops,
        s.billed_part as billed,
        s.effective_part as effective
    from parted as s
    inner join arrivals as a on s.piece = a.piece
    inner join members as m on s.piece = m.piece and s.member = m.member
),

passed as (
    select *, null::varchar as outcome
    from spread
    union all
    select
        origin,
        sink,
        pool,
        run,
        case
            when sink = '(stranded)' then via
            when sink like 'pipeline:%' then sink || '/shared'
            else sink
        end as stage,
        case when sink like 'pipeline:%' then sink end as pipeline,
        case
            when sink = '(stranded)' then null
            when sink like 'feature:%' or sink like 'model:%' or sink like 'product:%'
                then '=' || sink
            else sink
        end as node,
        class,
        grade,
        hops,
        billed,
        effective,
        case sink when '(stranded)' then 'stranded' end as outcome
    from arrivals
    where piece not in (select piece from members)
)

select
    * exclude (origin, sink),
    origin as piece,
    row_number() over (partition by origin order by sink, stage, node) as position
from passed
