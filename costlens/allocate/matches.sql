-- Who owns the charges that rules see alike, and by which rule: what it takes to match a line again.
-- Grain: one row per (key, stretch) from which on its owner is another one.
-- Reads: charge_keys, winners. Takes: $period.
select $period as billing_period, k.*, w.* exclude (key)
from winners as w
inner join charge_keys as k on w.key = k.key
qualify
    (w.owner, w.place, w.kind, w.tier, w.rule, w.reason)
    is distinct from lag((w.owner, w.place, w.kind, w.tier, w.rule, w.reason)) over (
        partition by w.key order by w.stretch
    )
