-- What policies took of each line from what no target bears, and gave on: steps of their own, which add
-- up to nothing for each line, and over all lines to the ledger's. Grain and columns as line_shares.
-- Reads: line_points, policy_pieces, policy_members, placements. Takes: $period.
with taken as (
    select *
    from policy_pieces
    where piece in (select piece from policy_members)
),

used_pools as (
    select distinct pool
    from placements
    where outcome <> 'idle'
),

-- What a piece is made of, in the order in which lines take their part of it.
sources as (
    select
        t.piece,
        p.placement,
        sum(p.billed) over in_order - p.billed as billed_base,
        sum(p.effective) over in_order - p.effective as effective_base
    from taken as t
    inner join placements as p
        on
            t.day = p.day
            and t.source = p.source
            and t.target = '(' || p.outcome || ')'
            and t.service = p.service
            and t.class = p.class
            and t.grade = p.grade
            and t.currency = p.currency
    where t.policy <> 'idle' or t.mode <> 'share' or p.pool in (select pool from used_pools)
    window in_order as (partition by t.piece order by p.placement rows unbounded preceding)
),

points as (
    select
        l.*,
        t.piece,
        t.policy || '_share' as step,
        t.mode,
        row_number() over (order by t.piece, l.placement, l.x_load, l.x_line) as point,
        (s.billed_base + l.billed_before)::decimal(38, 12) as billed_from,
        (s.billed_base + l.billed_after)::decimal(38, 12) as billed_to,
        (s.effective_base + l.effective_before)::decimal(38, 12) as effective_from,
        (s.effective_base + l.effective_after)::decimal(38, 12) as effective_to
    from line_points as l
    inner join taken as t
        on
            l.level = t.level
            and l.day = t.day
            and l.source = t.source
            and l.residual = t.target
            and l.service = t.service
            and l.class = t.class
            and l.grade = t.grade
            and l.currency = t.currency
    inner join sources as s on t.piece = s.piece and l.placement = s.placement
    where l.need_set is null
),

weighted as (
    select
        p.point * 2 + side as piece,
        m.member,
        m.weight,
        case side when 0 then p.billed_from else p.billed_to end as billed,
        case side when 0 then p.effective_from else p.effective_to end as effective
    from points as p
    inner join policy_members as m on p.piece = m.piece
    cross join (values (0), (1)) as sides (side)
),

parts as (
    select
        piece // 2 as point,
        member as target,
        any_value(weight) as weight,
        any_value(total_weight) as total_weight,
        sum(case piece % 2 when 1 then billed_part else -billed_part end) as billed,
        sum(case piece % 2 when 1 then effective_part else -effective_part end) as effective
    from split('weighted')
    group by all
    union all
    select point, residual, null, null, billed_from - billed_to, effective_from - effective_to
    from points
)

select
    p.x_load,
    p.x_line,
    $period as billing_period,
    p.day,
    p.source,
    p.level,
    s.target,
    p.step,
    p.placement,
    p.stage,
    p.run,
    p.service,
    p.class,
    p.tier,
    p.rule,
    'policy ' || p.residual as weights,
    p.mode || ' ' || s.weight || '/' || s.total_weight as need,
    case
        when s.weight is null then p.grade
        else greatest(p.grade, case p.mode when 'evenly' then 'E' when 'weight' then 'D' else 'C' end)
    end as grade,
    p.currency,
    s.billed::decimal(38, 12) as billed,
    s.effective::decimal(38, 12) as effective
from parts as s
inner join points as p on s.point = p.point
order by p.x_load, p.x_line, p.day, p.level, s.target, p.stage, p.run, p.class, p.rule
