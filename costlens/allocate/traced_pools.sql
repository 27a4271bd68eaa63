-- Which pool of the build each remade pool is. What is alike in all that placements say of a pool is
-- numbered in the same order in both. Grain: one row per (bundle, day).
-- Reads: pools, which hold all of their like; placements of the build. Takes: $period.
with remade as (
    select
        *,
        row_number() over (
            partition by source, owner, service, currency, span_start, span_stop, tier, rule
            order by pool
        ) as turn
    from pools
),

kept as (
    select distinct pool, source, owner, service, currency, span_start, span_stop, tier, rule
    from memory.main.placements
    where
        billing_period = $period
        and owner in (select owner from pools)
        and day in (select day from pools)
),

built as (
    select
        *,
        row_number() over (
            partition by source, owner, service, currency, span_start, span_stop, tier, rule
            order by pool
        ) as turn
    from kept
)

select b.pool, r.bundle, r.day
from remade as r
inner join built as b
    on
        r.source = b.source
        and r.owner = b.owner
        and r.service = b.service
        and r.currency = b.currency
        and r.span_start = b.span_start
        and r.span_stop = b.span_stop
        and r.tier is not distinct from b.tier
        and r.rule is not distinct from b.rule
        and r.turn = b.turn
