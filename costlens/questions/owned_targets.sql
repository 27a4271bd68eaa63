-- Which team owns each feature, model and product on one day. Grain: one row per (level, name, team).
-- Reads: catalogue. Takes: $day, a UTC day.
select distinct
    kind as level,
    name,
    owner as team
from catalogue
where
    kind in ('feature', 'model', 'product') and owner is not null
    and (valid_from is null or valid_from <= $day)
    and (valid_to is null or valid_to > $day)
order by level, name, team
