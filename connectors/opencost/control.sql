-- How many allocations of pods the source holds. Grain: one row per table made and month.
-- Reads: allocations.
select 'attempts' as makes, strftime(begun, '%Y-%m') as period, count(*)::bigint as rows
from (
    select distinct json_extract_string(properties, '$.cluster') as cluster, x_key, utc("start") as begun
    from allocations
    where
        string_split(x_key, '/')[-1] not in ('__idle__', '__unallocated__', '__unmounted__')
        and utc("end") > utc("start")
) as told
group by period
order by period
