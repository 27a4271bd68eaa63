-- How many pods the source holds. Grain: one row per table made and month.
-- Reads: nodes.
select
    'attempts' as makes,
    strftime(utc(startedAt), '%Y-%m') as period,
    count(distinct coalesce(words(uid), workflow) || '/' || id)::bigint as rows
from nodes
where "type" = 'Pod' and words(startedAt) is not null
group by period
order by period
