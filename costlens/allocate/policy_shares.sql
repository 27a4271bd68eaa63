-- What policies share out, as steps of the ledger of their own: taken from the residual and given to
-- its takers, so that both views stand in one table and every step adds up to nothing.
-- Grain: as the ledger. Reads: policy_pieces, policy_members.
with pieces as (
    select m.piece, m.member, m.weight, p.billed, p.effective
    from policy_members as m
    inner join policy_pieces as p on m.piece = p.piece
),

parts as (
    select piece, member as target, billed_part as billed, effective_part as effective
    from split('pieces')
    union all
    select p.piece, p.target, -p.billed, -p.effective
    from policy_pieces as p
    where p.piece in (select piece from policy_members)
)

select
    p.billing_period,
    p.day,
    p.source,
    p.level,
    s.target,
    p.service,
    p.class,
    case
        when s.target = p.target then p.grade
        else greatest(
            p.grade,
            case p.mode when 'share' then 'C' when 'evenly' then 'E' when 'weight' then 'D' else 'C' end
        )
    end as grade,
    p.currency,
    p.policy || '_share' as step,
    sum(s.billed)::decimal(38, 12) as billed,
    sum(s.effective)::decimal(38, 12) as effective
from parts as s
inner join policy_pieces as p on s.piece = p.piece
group by all
