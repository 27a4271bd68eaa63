-- connectors/openlineage/runs.sql
-- What all events of a run say of it together, and which it is in its own tool. A run is known by its
-- id; where that is none, as in a template, by its job too.
-- `place` is where it runs in another: `pipeline/run/part` of a task, or the id of a run. A DAG's run
-- and a dbt invocation of which nodes are told only hold others, and a statement of a dbt node is told
-- with its node: those are no attempts.
-- Grain: one row per run. Reads: events.
with recursive told as (
    select
        x_line,
        utc(eventTime) as heard,
        upper(words(eventType)) as event_type,
        words(run_id) as run_id,
        words(job_name) as job_name,
        words(namespace) as namespace,
        words(parent_run) as parent_run,
        words(parent_job) as parent_job,
        words(root_job) as root_job,
        utc(nominal_start) as nominal_start,
        utc(nominal_end) as nominal_end,
        upper(words(job_type)) as job_type,
        upper(words(integration)) as integration,
        words(engine) as engine,
        error is not null as has_error,
        dag_run is not null as is_dag,
        words(dag_id) as dag_id,
        words(dag_run_id) as dag_run_id,
        words(run_type) as run_type,
        words(task_id) as task_id,
        whole(map_index) as map_index,
        whole(try_number) as try_number,
        words(operator) as operator,
        words(queue) as queue,
        words(pool) as pool,
        quantity(pool_slots) as pool_slots,
        words(dbt_node) as dbt_node,
        words(dbt_invocation) as dbt_invocation,
        words(dbt_project) as dbt_project,
        words(query_id) as query_id,
        words(run_tags) as run_tag_list,
        words(job_tags) as job_tag_list,
        words(owners) as owners,
        words(cluster) as cluster
    from events
    where words(run_id) is not null
),

joined as (
    select
        min(x_line) as x_line,
        run_id,
        run_id
        || case
            when regexp_full_match(run_id, '[0-9a-fA-F]{8}(-?[0-9a-fA-F]{4}){3}-?[0-9a-fA-F]{12}') then ''
            else '/' || coalesce(job_name, '')
        end as run_key,
        min(heard) filter (event_type = 'START') as started,
        max(heard) filter (event_type in ('COMPLETE', 'FAIL', 'ABORT')) as ended,
        arg_max(event_type, heard) filter (event_type in ('COMPLETE', 'FAIL', 'ABORT')) as end_type,
        min(heard) as first_seen,
        max(heard) as last_seen,
        bool_or(event_type = 'RUNNING') as is_running,
        bool_or(has_error) as has_error,
        bool_or(is_dag) as is_dag,
        arg_max(job_name, heard) as job_name,
        arg_max(namespace, heard) as namespace,
        arg_max(parent_run, heard) as parent_run,
        arg_max(parent_job, heard) as parent_job,
        arg_max(root_job, heard) as root_job,
        arg_max(nominal_start, heard) as nominal_start,
        arg_max(nominal_end, heard) as nominal_end,
        arg_max(job_type, heard) as job_type,
        arg_max(integration, heard) as integration,
        arg_max(engine, heard) as engine,
        arg_max(dag_id, heard) as dag_id,
        arg_max(dag_run_id, heard) as dag_run_id,
        arg_max(run_type, heard) as run_type,
        arg_max(task_id, heard) as task_id,
        arg_max(map_index, heard) as map_index,
        arg_max(try_number, heard) as try_number,
        arg_max(operator, heard) as operator,
        arg_max(queue, heard) as queue,
        arg_max(pool, heard) as pool,
        arg_max(pool_slots, heard) as pool_slots,
        arg_max(dbt_node, heard) as dbt_node,
        arg_max(dbt_invocation, heard) as dbt_invocation,
        arg_max(dbt_project, heard) as dbt_project,
        arg_max(query_id, heard) as query_id,
        arg_max(run_tag_list, heard) as run_tags,
        arg_max(job_tag_list, heard) as job_tags,
        arg_max(owners, heard) as owners,
        arg_max(cluster, heard) as cluster
    from told
    group by run_id, run_key
),

-- An older emitter of dbt names a job by the id of its node.
known as (
    select
        *,
        coalesce(
            dbt_node,
            case
                when dbt_invocation is not null or integration = 'DBT'
                    then nullif(
                        regexp_extract(
                            job_name, '^(model|test|seed|snapshot|unit_test)\.[^.]+\.[^.]+$', 0
                        ),
                        ''
                    )
            end
        ) as node,
        integration = 'DBT' and job_type = 'SQL' as is_statement,
        coalesce(is_dag or (integration = 'AIRFLOW' and job_type = 'DAG'), false) as is_dag_run
    from joined
),

invocations as (
    select distinct dbt_invocation
    from known
    where node is not null and dbt_invocation is not null
),

kinds as (
    select
        k.*,
        case
            when k.is_dag_run and k.task_id is null then 'holder'
            when
                k.node is null
                and not coalesce(k.is_statement, false)
                and coalesce(k.job_type, 'JOB') = 'JOB'
                and i.dbt_invocation is not null
                then 'holder'
            when k.is_statement then 'statement'
            when k.dag_run_id is not null and k.task_id is not null then 'task'
            when k.node is not null then 'node'
            else 'run'
        end as kind
    from known as k
    left join invocations as i on k.dbt_invocation = i.dbt_invocation
),

-- Each run with those above it, the nearest first; what is in itself is in nothing.
above as (
    select run_key, run_key as met, parent_run as next_run, parent_job as next_job, 0 as height
    from kinds
    union all
    select a.run_key, p.run_key, p.parent_run, p.parent_job, a.height + 1
    from above as a
    inner join kinds as p
        on
            a.next_run = p.run_id
            and (p.run_key = p.run_id or p.job_name = a.next_job)
            and p.run_key <> a.run_key
    where a.height < 30
),

roots as (
    select a.run_key, arg_max(k.root_job, a.height) as root_job,
        arg_max(coalesce(k.parent_job, k.job_name), a.height) as top_job
    from above as a
    inner join kinds as k on a.met = k.run_key
    group by a.run_key
),

named as (
    select
        k.*,
        case k.kind
            when 'task' then k.dag_id
            when 'node' then split_part(k.node, '.', 2)
            else coalesce(r.root_job, r.top_job, k.run_id)
        end as pipeline,
        case k.kind
            when 'task' then k.dag_run_id
            when 'node' then coalesce(k.dbt_invocation, k.parent_run, k.run_key)
            else k.run_key
        end as run
    from kinds as k
    inner join roots as r on k.run_key = r.run_key
),

parted as (
    select
        *,
        case kind
            when 'task' then task_id
            when 'node'
                then case
                    when job_type = 'TEST' and not starts_with(node, 'test.')
                        then 'test.' || split_part(node, '.', 3)
                    else regexp_replace(node, '^([^.]+)\.[^.]+\.', '\1.')
                end
            else case
                when starts_with(job_name, pipeline || '.') then substr(job_name, length(pipeline) + 2)
                else coalesce(job_name, 'run')
            end
        end as part
    from named
),

-- The nearest above that does work itself.
places as (
    select
        a.run_key,
        arg_min(
            case p.kind
                when 'task' then p.pipeline || '/' || p.run || '/' || p.part
                when 'node' then p.pipeline || '/' || p.run || '/' || p.part
                else p.run
            end,
            a.height
        ) as place
    from above as a
    inner join parted as p on a.met = p.run_key
    where a.height > 0 and p.kind not in ('holder', 'statement')
    group by a.run_key
)

select
    p.x_line,
    p.run_key,
    p.kind,
    p.pipeline,
    p.run,
    p.part,
    p.job_name,
    p.namespace,
    p.job_type,
    p.integration,
    p.engine,
    p.map_index,
    p.try_number,
    p.pool_slots,
    p.run_id,
    p.dag_id,
    p.dag_run_id,
    p.task_id,
    p.run_type,
    p.operator,
    p.queue,
    p.pool,
    p.node,
    p.query_id,
    p.cluster,
    p.run_tags,
    p.job_tags,
    p.owners,
    p.nominal_start,
    p.nominal_end,
    -- What is known to Airflow's own log too is nested in what that tells of it.
    case
        when p.kind = 'task' then p.pipeline || '/' || p.run || '/' || p.part
        else coalesce(o.place, case when p.kind = 'run' then p.parent_run end)
    end as place,
    case
        when p.ended is not null or not (p.started is not null or p.is_running)
            then least(coalesce(p.started, p.first_seen), coalesce(p.ended, p.last_seen))
        else coalesce(p.started, p.first_seen)
    end as start,
    case
        when p.ended is not null then p.ended
        when p.started is null and not coalesce(p.is_running, false) then p.last_seen
    end as stop,
    case
        when p.end_type = 'FAIL' then 'failed'
        when p.end_type = 'ABORT' then 'killed'
        when p.end_type = 'COMPLETE' then 'succeeded'
        when p.has_error then 'failed'
    end as state
from parted as p
left join places as o on p.run_key = o.run_key
