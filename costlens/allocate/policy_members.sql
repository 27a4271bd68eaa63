-- Who takes what part of what the policies share out: those who used what was idle, by the idle beside
-- their work; else those who cost something in the same bill and month, by that cost, evenly, by
-- declared weights, or by a measure. Weights of a piece add up to less than 10^19, as `split` asks.
-- Grain: one row per (piece, target). Reads: policy_pieces, ledger, stage_costs, shares, weights,
-- measured. Takes: $period.
with levels as (
    select distinct level
    from policy_pieces
),

-- The idle beside the work of each stage, down to who needs it.
beside as (
    select
        l.level,
        s.day,
        s.source,
        s.service,
        s.currency,
        set_of(l.level, s.feature_set, s.model_set, s.product_set) as need_set,
        case s.outcome when 'allocated' then '(no ' || l.level || ')' else '(' || s.outcome || ')' end
            as residual,
        units(sum(s.idle_billed)::decimal(38, 12)) as billed,
        units(sum(s.idle_effective)::decimal(38, 12)) as effective
    from stage_costs as s
    cross join levels as l
    where s.class in ('work', 'waste')
    group by all
),

by_use as (
    select
        b.level,
        b.day,
        b.source,
        b.service,
        b.currency,
        coalesce(s.target, b.residual) as target,
        sum(
            case when s.target is null then b.billed
                else part_floor(b.billed, s.numerator::hugeint, s.denominator::hugeint) end
        )::hugeint as billed,
        sum(
            case when s.target is null then b.effective
                else part_floor(b.effective, s.numerator::hugeint, s.denominator::hugeint) end
        )::hugeint as effective
    from beside as b
    left join shares as s on b.need_set = s.need_set and b.level = s.level
    group by all
),

-- What each target costs in the month, before any policy.
costs as (
    select
        level,
        source,
        currency,
        target,
        units(greatest(sum(billed), 0)::decimal(38, 12)) as billed,
        units(greatest(sum(effective), 0)::decimal(38, 12)) as effective
    from ledger
    where
        step = 'own'
        and class in ('work', 'waste')
        and target not in ('(idle)', '(unmatched)', '(unneeded)', '(stranded)', '(excluded)')
    group by all
),

weighed as (
    select p.piece, u.target, u.billed, u.effective
    from policy_pieces as p
    inner join by_use as u
        on
            p.level = u.level
            and p.day = u.day
            and p.source = u.source
            and p.service = u.service
            and p.currency = u.currency
    where p.policy = 'idle' and p.mode = 'share'
    union all
    select
        p.piece,
        c.target,
        case p.mode
            when 'share' then c.billed
            when 'evenly' then 1
            when 'weight' then (w.weight * 1000000)::hugeint
            else m.weight
        end as billed,
        case p.mode
            when 'share' then c.effective
            when 'evenly' then 1
            when 'weight' then (w.weight * 1000000)::hugeint
            else m.weight
        end as effective
    from policy_pieces as p
    inner join costs as c
        on p.level = c.level and p.source = c.source and p.currency = c.currency
    left join weights as w
        on
            w.node = c.level || ':' || c.target
            and (w.valid_from is null or w.valid_from <= p.day)
            and (w.valid_to is null or w.valid_to > p.day)
    left join measured as m
        on
            m.node = c.level || ':' || c.target
            and m.month = $period
            and p.mode = 'by ' || m.measure
    where p.policy <> 'idle' or p.mode <> 'share'
),

-- By effective cost; where nobody has any, by what is billed.
settled_weights as (
    select
        piece,
        target as member,
        case when sum(effective) over (partition by piece) > 0 then effective else billed end
            as weight
    from weighed
)

select
    piece,
    member,
    weight // (1 + sum(weight) over (partition by piece) // 1000000000000000000) as weight
from settled_weights
where weight > 0
