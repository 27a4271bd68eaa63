-- Who owns the charges that rules see alike, and by which rule: what it takes to match a line again.
-- Grain: one row per (key, stretch) from which on, and before `until`, its owner is another one.
-- Reads: charge_keys, winners. Takes: $period.
with changes as (
    select *
    from winners
    qualify
        (owner, place, kind, tier, rule, reason)
        is distinct from lag((owner, place, kind, tier, rule, reason)) over (
            partition by key order by stretch
        )
)

select
    $period as billing_period,
    k.* exclude (key),
    c.* exclude (key),
    lead(c.stretch) over (partition by c.key order by c.stretch) as until
from changes as c
inner join charge_keys as k on c.key = k.key
