-- The owner of each key in each stretch of days, as `winners` has it, from a published build.
-- Grain: one row per (key, stretch). Reads: rule_days; matches of the build. Takes: $period.
with numbered as (
    select
        *,
        dense_rank() over (
            order by
                source,
                account,
                sub_account,
                service,
                region,
                resource_id,
                usage_type,
                category,
                service_category,
                tags
        ) as key
    from memory.main.matches
    where billing_period = $period
)

select n.* exclude (stretch, until), s.stretch
from numbered as n
inner join (select distinct stretch from rule_days) as s
    on n.stretch <= s.stretch and (n.until is null or s.stretch < n.until)
