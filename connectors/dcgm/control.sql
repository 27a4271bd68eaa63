-- On how many days a pod's container was seen. Grain: one row per table made and month.
-- Reads: series.
with seen as (
    select
        metric,
        count(*) filter (json_exists(metric, '$.exported_pod')) over () > 0 as renamed,
        unnest(from_json("values", '["JSON"]')) as pair
    from series
    where starts_with(json_extract_string(metric, '$.__name__'), 'DCGM_FI_PROF_GR_ENGINE_ACTIVE')
        or starts_with(json_extract_string(metric, '$.__name__'), 'DCGM_FI_DEV_GPU_UTIL')
),

days as (
    select distinct
        json_extract(metric, case when renamed then '$.exported_namespace' else '$.namespace' end)
            as namespace,
        json_extract(metric, case when renamed then '$.exported_pod' else '$.pod' end) as pod,
        json_extract(metric, case when renamed then '$.exported_container' else '$.container' end)
            as container,
        to_timestamp(json_extract_string(pair, '$[0]')::double)::timestamptz as moment
    from seen
    where json_extract_string(pair, '$[1]') <> 'NaN'
)

select
    'attempts' as makes,
    strftime(timezone('UTC', moment), '%Y-%m') as period,
    count(distinct (namespace, pod, container, timezone('UTC', moment)::date))::bigint as rows
from days
where pod is not null
group by period
order by period
