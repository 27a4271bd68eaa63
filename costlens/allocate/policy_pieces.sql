-- What the policies share out: what no target bears, by the policy that names it. What was idle where
-- nobody ran is shared only by policies that do not ask who used it.
-- Grain: one row per (policy, level, day, source, residual target, service, class, grade, currency).
-- Reads: ledger, placements, policies.
with chosen as (
    select name as policy, value as mode
    from policies
    where
        name in ('idle', 'unused_commitment', 'tax', 'credit', 'support')
        and value <> 'show'
),

residual as (
    select
        case
            when class = 'commitment_unused' then 'unused_commitment'
            when class = 'idle' and target <> '(idle)' then null
            else class
        end as policy,
        * exclude (step)
    from ledger
    where
        step = 'own'
        and target in ('(idle)', '(unmatched)', '(unneeded)', '(stranded)')
),

used_pools as (
    select distinct pool
    from placements
    where outcome <> 'idle'
),

idle_used as (
    select day, source, service, class, grade, currency, sum(billed) as billed, sum(effective) as effective
    from placements
    where outcome = 'idle' and pool in (select pool from used_pools)
    group by all
)

select
    row_number() over (order by r.level, r.day, r.source, r.target, r.service, r.class, r.grade, r.currency)
        as piece,
    c.policy,
    c.mode,
    r.* exclude (policy, billed, effective),
    (case when c.policy = 'idle' and c.mode = 'share' then u.billed else r.billed end)
        ::decimal(38, 12) as billed,
    (case when c.policy = 'idle' and c.mode = 'share' then u.effective else r.effective end)
        ::decimal(38, 12) as effective
from residual as r
inner join chosen as c on r.policy = c.policy
left join idle_used as u
    on
        r.day = u.day
        and r.source = u.source
        and r.service = u.service
        and r.class = u.class
        and r.grade = u.grade
        and r.currency = u.currency
where c.policy <> 'idle' or c.mode <> 'share' or u.day is not null
