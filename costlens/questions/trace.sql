-- Where one billing line went, to the last unit, at every level, by its own way and by policies after it.
-- Grain: one row per (level, target, step, stage, way). At each level the amounts re-add to the line,
-- and those of a policy to nothing. Reads: line_shares. Takes: $basis; $build.
with told as (
    select
        level,
        target,
        step,
        sum(case $basis when 'billed' then billed else effective end)::decimal(38, 12) as amount,
        currency,
        day,
        stage,
        need,
        weights,
        service,
        class,
        tier,
        rule,
        grade,
        $build::bigint as build
    from line_shares
    group by all
)

select *
from told
order by level, step <> 'own', step, abs(amount) desc, target, day, stage, class, weights, need
