-- connectors/databricks_runs/control.sql
-- How many attempts and rows of activity the source holds. Grain: one row per table made and month.
-- Reads: job_task_run_timeline, jobs, query_history, endpoint_usage, served_entities. Hours are counted
-- as numbers since 1970, where attempts.sql cuts intervals.
with slices as (
    select
        words(workspace_id) as workspace,
        words(run_id) as task_run,
        coalesce(words(job_run_id), words(run_id)) as job_run,
        words(task_key) as task,
        epoch_us(utc(period_start_time)) as start_us,
        epoch_us(utc(period_end_time)) as stop_us,
        elements(compute) as computes,
        elements(compute_ids) as compute_list
    from job_task_run_timeline
),

on_computes as (
    select
        task_run,
        job_run,
        start_us,
        stop_us,
        case
            when json_array_length(computes) > 0
                then coalesce(one ->> 'cluster_id', one ->> 'warehouse_id')
            else one ->> '$'
        end as compute_id
    from (
        select
            *,
            unnest(
                case
                    when json_array_length(computes) > 0 then json_extract(computes, '$[*]')
                    when json_array_length(compute_list) > 0 then json_extract(compute_list, '$[*]')
                    else [null::json]
                end
            ) as one
        from slices
    ) as listed_computes
    where stop_us > start_us
),

statements as (
    select
        json_text(compute)::json ->> '$.warehouse_id' as warehouse,
        json_text(query_source)::json as origin,
        coalesce(json(query_tags), '{}')::json as tags,
        words(workspace_id) as workspace,
        words(execution_status) as state,
        lower(words(statement_type)) as kind,
        words(client_application) as client,
        words(executed_by) as who,
        strftime(utc(start_time), '%Y-%m-%d') as day,
        epoch_us(utc(start_time)) + 1000 * (
            coalesce(whole(waiting_for_compute_duration_ms), 0)
            + coalesce(whole(waiting_at_capacity_duration_ms), 0)
        ) as start_us,
        epoch_us(utc(end_time)) as stop_us
    from query_history
    where words(from_result_cache) is distinct from 'true'
),

of_jobs as (
    select
        *,
        origin ->> '$.job_info.job_id' as job,
        origin ->> '$.job_info.job_run_id' as job_run,
        origin ->> '$.job_info.job_task_run_id' as task_run
    from statements
    where warehouse is not null
),

statement_hours as (
    select distinct
        e.warehouse,
        coalesce(
            e.tags ->> '$.pipeline',
            e.job,
            e.origin ->> '$.dashboard_id',
            e.origin ->> '$.legacy_dashboard_id',
            e.origin ->> '$.alert_id',
            e.origin ->> '$.genie_space_id',
            e.origin ->> '$.sql_query_id',
            e.origin ->> '$.notebook_id'
        ) as named,
        coalesce(e.job_run, e.day) as run,
        coalesce(e.tags ->> '$.part', k.task, e.kind) as part,
        e.job,
        e.state,
        e.kind,
        e.client,
        e.who,
        e.workspace,
        e.tags::varchar as tags,
        unnest(range(e.start_us // 3600000000, (e.stop_us - 1) // 3600000000 + 1)) as hour
    from of_jobs as e
    left join (
        select workspace, task_run, min(task) as task
        from slices
        group by all
    ) as k
        on e.task_run = k.task_run and e.workspace is not distinct from k.workspace
    where e.stop_us > e.start_us
),

task_hours as (
    select distinct
        task_run,
        compute_id,
        unnest(range(start_us // 3600000000, (stop_us - 1) // 3600000000 + 1)) as hour
    from on_computes
    where (compute_id, job_run, task_run) not in (
        select (s.warehouse, s.job_run, t.task_run)
        from of_jobs as s
        inner join (select distinct task_run, job_run from slices) as t
            on s.job_run = t.job_run and coalesce(s.task_run, t.task_run) = t.task_run
    ) or compute_id is null
),

all_hours as (
    select hour from task_hours
    union all
    select hour from statement_hours
),

served as (
    select
        words(served_entity_id) as entity,
        arg_max(
            {'endpoint': words(endpoint_name), 'model': words(entity_name)},
            (utc(change_time), words(endpoint_name))
        ) as now
    from served_entities
    group by all
),

requests as (
    select
        date_trunc('hour', utc(u.request_time)) as hour,
        coalesce(s.now.endpoint, u.served_entity_id) as endpoint,
        coalesce(split_part(s.now.model, '.', -1), s.now.endpoint) as model,
        json(u.usage_context)::json as context,
        1 + (words(u.input_token_count) is not null)::integer * 2
        + (words(u.output_token_count) is not null)::integer * 4 as told
    from endpoint_usage as u
    left join served as s on words(u.served_entity_id) = s.entity
    where coalesce(whole(u.status_code), 200) < 400
),

takers as (
    select hour, endpoint || ' ' || coalesce(model, '') as target, null as consumer, told
    from requests
    union all
    select
        hour,
        coalesce(model, endpoint),
        coalesce(context ->> '$.consumer', 'product:' || (context ->> '$.product')),
        told
    from requests
    where coalesce(context ->> '$.consumer', context ->> '$.product') is not null
)

select
    'attempts' as makes,
    strftime(make_timestamp(hour * 3600000000), '%Y-%m') as period,
    count(*)::bigint as rows
from all_hours
group by period
union all
select 'activity', strftime(hour, '%Y-%m'), sum(bit_count(measures))::bigint
from (
    select hour, target, consumer, bit_or(told) as measures
    from takers
    group by all
) as counted
group by all
order by makes, period
