-- The owner of each key in each stretch of days, as `winners` has it, from a published build.
-- Grain: one row per (key, stretch). Reads: rule_days; matches of the build. Takes: $period.
select m.* exclude (stretch, until), s.stretch
from memory.main.matches as m
inner join (select distinct stretch from rule_days) as s
    on m.stretch <= s.stretch and (m.until is null or s.stretch < m.until)
where m.billing_period = $period
