-- What exists at a level. Grain: one row per name. Reads: catalogue. Takes: $level.
select
    name,
    arg_max_null(owner, coalesce(valid_from, date '0001-01-01')) as owner,
    any_value(type) as type,
    any_value(pipeline) as pipeline,
    any_value(read_from) as read_from
from catalogue
where kind = $level
group by name
order by name
