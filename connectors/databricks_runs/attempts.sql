-- connectors/databricks_runs/attempts.sql
-- Tasks of jobs and statements on warehouses, cut at clock hours, with the time of the machines that
-- was theirs. Grain: one row per (task run, compute, hour), and one per (warehouse, hour) and what its
-- statements are alike in: whom they are for, how they ended, their tags.
-- Reads: job_task_run_timeline, job_run_timeline, jobs, clusters, node_timeline, query_history.
with slices as (
    select
        x_line,
        words(workspace_id) as workspace,
        words(job_id) as job,
        coalesce(words(job_run_id), words(run_id)) as job_run,
        words(run_id) as task_run,
        words(task_key) as task,
        utc(period_start_time) as start,
        utc(period_end_time) as stop,
        upper(words(result_state)) as result,
        elements(compute) as computes,
        elements(compute_ids) as compute_list
    from job_task_run_timeline
),

-- A task may run on a cluster and a warehouse; a serverless one has no compute, and its usage is
-- billed under the id of its job.
on_computes as (
    select
        * exclude (computes, compute_list),
        unnest(
            case
                when json_array_length(computes) > 0 then list_transform(
                    json_extract(computes, '$[*]'),
                    lambda one: coalesce(one ->> 'cluster_id', one ->> 'warehouse_id')
                )
                when json_array_length(compute_list) > 0
                    then json_extract_string(compute_list, '$[*]')
                else [null]
            end
        ) as compute_id
    from slices
    where stop > start
),

-- A run that no slice says the end of is not over, or another month's export has it.
task_runs as (
    select
        workspace,
        job,
        job_run,
        task_run,
        task,
        compute_id,
        coalesce(arg_max(result, stop), 'RUNNING') as result
    from on_computes
    group by workspace, job, job_run, task_run, task, compute_id
),

statements as (
    select
        x_line,
        words(workspace_id) as workspace,
        json_text(compute)::json ->> '$.warehouse_id' as warehouse,
        json_text(query_source)::json as origin,
        json(query_tags) as tags,
        words(execution_status) as state,
        lower(words(statement_type)) as kind,
        words(client_application) as client,
        words(executed_by) as who,
        utc(start_time) as came,
        utc(end_time) as stop,
        whole(waiting_for_compute_duration_ms) as starting_ms,
        whole(waiting_at_capacity_duration_ms) as queued_ms,
        whole(total_task_duration_ms) as task_ms
    from query_history
    where words(from_result_cache) is distinct from 'true'
),

-- A statement that waits holds nothing.
executed as (
    select
        *,
        came + to_milliseconds(coalesce(starting_ms, 0) + coalesce(queued_ms, 0)) as start,
        origin ->> '$.job_info.job_id' as job,
        origin ->> '$.job_info.job_run_id' as job_run,
        origin ->> '$.job_info.job_task_run_id' as task_run,
        -- What statements of one hour have to be alike in, to be one row.
        [
            state,
            warehouse,
            kind,
            client,
            who,
            origin ->> '$.job_info.job_id',
            workspace,
            tags::varchar
        ]::varchar as unit
    from statements
    where warehouse is not null
),

latest_jobs as (
    select
        words(workspace_id) as workspace,
        words(job_id) as job,
        arg_max({'name': words(name), 'tags': json(tags)}, (utc(change_time), words(name))) as now
    from jobs
    group by all
),

run_names as (
    select
        words(workspace_id) as workspace,
        words(run_id) as job_run,
        max(words(run_name)) as name,
        max(words(run_type)) as run_type,
        max(words(trigger_type)) as trigger_type
    from job_run_timeline
    group by all
),

latest_clusters as (
    select
        words(cluster_id) as cluster,
        arg_max(
            {'name': words(cluster_name), 'origin': upper(words(cluster_source))},
            (utc(change_time), words(cluster_name))
        ) as now
    from clusters
    group by all
),

measured_clusters as (
    select distinct words(cluster_id) as cluster
    from node_timeline
),

warehouses as (
    select distinct warehouse
    from executed
),

-- What several runs use is shared. A job's own cluster is all for that job: it has no size here, so
-- its whole cost goes to the tasks.
computes as (
    select
        t.compute_id,
        any_value(c.now.name) as name,
        case
            when any_value(w.warehouse) is not null then 'slots'
            when any_value(m.cluster) is not null and coalesce(
                any_value(c.now.origin) in ('UI', 'API'), count(distinct t.job_run) > 1
            ) then 'machines'
        end as size_unit
    from task_runs as t
    left join latest_clusters as c on t.compute_id = c.cluster
    left join measured_clusters as m on t.compute_id = m.cluster
    left join warehouses as w on t.compute_id = w.warehouse
    where t.compute_id is not null
    group by t.compute_id
),

-- A task whose statements are told has its warehouse through them.
task_units as (
    select
        t.task_run,
        t.compute_id,
        coalesce(t.compute_id, t.job) as resource_id,
        coalesce(j.now.name, n.name, 'job:' || t.job) as pipeline,
        t.job_run as run,
        t.task as part,
        t.task_run || ' on ' || coalesce(t.compute_id, '') as unit,
        case t.result when 'BLOCKED' then 'SKIPPED' else t.result end as state,
        c.size_unit,
        json_merge_patch(
            coalesce(j.now.tags, '{}')::json,
            json_object(
                'workspace_id', t.workspace,
                'job_id', t.job,
                'job_run_id', t.job_run,
                'run_type', n.run_type,
                'trigger_type', n.trigger_type,
                'cluster_name', c.name
            )
        )::varchar as tags
    from task_runs as t
    left join latest_jobs as j on t.job = j.job and t.workspace is not distinct from j.workspace
    left join run_names as n
        on t.job_run = n.job_run and t.workspace is not distinct from n.workspace
    left join computes as c on t.compute_id = c.compute_id
    where not exists (
        select 1
        from executed as e
        where
            e.warehouse = t.compute_id
            and e.job_run = t.job_run
            and coalesce(e.task_run, t.task_run) = t.task_run
    )
),

task_keys as (
    select workspace, task_run, min(task) as task
    from slices
    group by all
),

statement_units as (
    select
        e.x_line,
        e.warehouse,
        e.start,
        e.stop,
        e.came,
        -- Of statements at one time each has its part by the cores that it kept busy.
        case
            when e.task_ms is null then 1000
            else greatest(
                e.task_ms * 1000 // greatest(date_diff('millisecond', e.start, e.stop), 1), 1
            )
        end as weight,
        coalesce(
            e.tags ->> '$.pipeline',
            j.now.name,
            'job:' || e.job,
            'dashboard:' || coalesce(
                e.origin ->> '$.dashboard_id', e.origin ->> '$.legacy_dashboard_id'
            ),
            'alert:' || (e.origin ->> '$.alert_id'),
            'genie:' || (e.origin ->> '$.genie_space_id'),
            'query:' || (e.origin ->> '$.sql_query_id'),
            'notebook:' || (e.origin ->> '$.notebook_id'),
            e.client,
            'sql'
        ) as pipeline,
        coalesce(e.job_run, strftime(e.came, '%Y-%m-%d-') || md5(e.unit)[:8]) as run,
        coalesce(e.tags ->> '$.part', k.task, e.kind, 'sql') as part,
        e.unit,
        e.state,
        json_merge_patch(
            coalesce(j.now.tags, '{}')::json,
            coalesce(e.tags, '{}')::json,
            json_object(
                'workspace_id', e.workspace,
                'warehouse_id', e.warehouse,
                'job_id', e.job,
                'job_run_id', e.job_run,
                'statement_type', e.kind,
                'client_application', e.client,
                'executed_by', e.who
            )
        )::varchar as tags
    from executed as e
    left join latest_jobs as j on e.job = j.job and e.workspace is not distinct from j.workspace
    left join task_keys as k
        on e.task_run = k.task_run and e.workspace is not distinct from k.workspace
    where e.stop > e.start
),

-- From here on a row is what lies within one clock hour.
task_hours as (
    select
        * exclude (start, stop),
        start as came,
        unnest(
            generate_series(
                date_trunc('hour', start), stop - interval 1 microsecond, interval 1 hour
            )
        ) as hour,
        start,
        stop
    from on_computes
),

statement_hours as (
    select
        *,
        unnest(
            generate_series(
                date_trunc('hour', start), stop - interval 1 microsecond, interval 1 hour
            )
        ) as hour
    from statement_units
),

pieces as (
    select
        min(h.x_line) as x_line,
        u.pipeline,
        u.run,
        u.part,
        u.unit,
        u.state,
        u.tags,
        u.compute_id,
        u.resource_id,
        u.size_unit,
        1000 as weight,
        h.hour,
        min(h.came) as came,
        min(greatest(h.start, h.hour)) as start,
        max(least(h.stop, h.hour + interval 1 hour)) as stop
    from task_units as u
    inner join task_hours as h
        on u.task_run = h.task_run and u.compute_id is not distinct from h.compute_id
    group by all
    union all
    select
        x_line,
        pipeline,
        run,
        part,
        unit,
        state,
        tags,
        warehouse as compute_id,
        warehouse as resource_id,
        'slots' as size_unit,
        weight,
        hour,
        came,
        greatest(start, hour) as start,
        least(stop, hour + interval 1 hour) as stop
    from statement_hours
),

-- How many machines there are and how much wants them, from each instant on that it changes.
changes as (
    select compute_id, start as instant, weight, 0 as machines
    from pieces
    where compute_id is not null
    union all
    select compute_id, stop, -weight, 0
    from pieces
    where compute_id is not null
    union all
    select words(cluster_id), utc(start_time), 0, 1
    from node_timeline
    where words(cluster_id) in (select compute_id from computes)
    union all
    select words(cluster_id), utc(end_time), 0, -1
    from node_timeline
    where words(cluster_id) in (select compute_id from computes)
),

instants as (
    select
        compute_id,
        instant,
        sum(sum(weight)) over in_time as weight,
        -- Where something runs there is a machine; those of a few minutes may not be told of.
        greatest(sum(sum(machines)) over in_time, 1) as machines,
        epoch_us(lead(instant) over (partition by compute_id order by instant))
        - epoch_us(instant) as length_us
    from changes
    group by compute_id, instant
    window in_time as (partition by compute_id order by instant)
),

-- What a weight of 1 has had by each instant, in millionths of a microsecond.
clocks as (
    select
        compute_id,
        instant,
        coalesce(
            sum(case when weight > 0 then length_us::hugeint * machines * 1000000 // weight end)
                over (
                    partition by compute_id
                    order by instant
                    rows between unbounded preceding and 1 preceding
                ),
            0
        ) as had
    from instants
),

parts as (
    select
        min(p.x_line) as x_line,
        p.pipeline,
        p.run,
        p.part,
        p.unit,
        p.state,
        p.tags,
        p.resource_id,
        p.size_unit,
        p.hour,
        min(p.came) as came,
        min(p.start) as start,
        max(p.stop) as stop,
        sum((b.had - a.had) * p.weight // 1000000) as busy_us
    from pieces as p
    left join clocks as a on p.compute_id = a.compute_id and p.start = a.instant
    left join clocks as b on p.compute_id = b.compute_id and p.stop = b.instant
    group by all
)

select
    x_line,
    pipeline,
    run,
    part,
    -- Below 0 what began on the day before, of which that day's export may tell.
    (
        case when came < date_trunc('day', hour) then -1 else 1 end * (
            dense_rank() over (partition by pipeline, run, part order by unit) * 100000
            + date_diff('hour', timestamp '2025-01-01', hour)
        )
    )::integer as slice,
    1 as try,
    state,
    start,
    stop,
    resource_id,
    case when size_unit is not null then 1 end as size,
    size_unit,
    (busy_us::decimal(24, 0) * 0.000001)::decimal(18, 6) as busy_s,
    tags
from parts
