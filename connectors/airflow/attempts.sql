-- connectors/airflow/attempts.sql
-- Tasks as tries: the last one of each from task_instance, those before it from
-- task_instance_history, and from task_fail where that has none. Answers of REST are all
-- task_instance: the last try of each task, and every try where they were asked for.
-- Grain: one row per (dag_id, run_id, task_id, map_index, start). Reads: task_instance,
-- task_instance_history, task_fail, dag_run, dag_tag, dag. A try without a start never ran.
with told as (
    select
        1 as standing,
        x_line,
        dag_id,
        run_id,
        task_id,
        whole(map_index) as map_index,
        whole(try_number) as try_number,
        words(state) as state,
        utc(start_date) as start_date,
        utc(end_date) as end_date,
        hostname,
        pool,
        quantity(pool_slots) as pool_slots,
        queue,
        operator,
        executor,
        external_executor_id
    from task_instance_history
    union all
    select
        2,
        x_line,
        dag_id,
        run_id,
        task_id,
        whole(map_index),
        whole(try_number),
        -- What waits to run again has the times of the try before.
        case
            when
                coalesce(words(state), 'none') in ('none', 'scheduled', 'queued')
                and words(end_date) is not null
                then 'restarting'
            else words(state)
        end,
        utc(start_date),
        -- A task that runs again has an end of its last try, or none.
        case when words(state) in ('running', 'deferred') then null else utc(end_date) end,
        hostname,
        pool,
        quantity(pool_slots),
        queue,
        operator,
        executor,
        external_executor_id
    from task_instance
    union all
    select
        3,
        x_line,
        dag_id,
        run_id,
        task_id,
        whole(map_index),
        null,
        'failed',
        utc(start_date),
        utc(end_date),
        null,
        null,
        null,
        null,
        null,
        null,
        null
    from task_fail
),

mapped as (
    select * replace (case when map_index >= 0 then map_index end as map_index)
    from told
    where start_date is not null
),

-- Most tasks have one row: only the others need be looked at together.
several as (
    select dag_id, run_id, task_id, map_index
    from mapped
    group by dag_id, run_id, task_id, map_index
    having count(*) > 1
),

of_several as (
    select m.*
    from mapped as m
    semi join several as s
        on
            m.dag_id = s.dag_id
            and m.run_id = s.run_id
            and m.task_id = s.task_id
            and m.map_index is not distinct from s.map_index
),

of_one as (
    select m.*
    from mapped as m
    anti join several as s
        on
            m.dag_id = s.dag_id
            and m.run_id = s.run_id
            and m.task_id = s.task_id
            and m.map_index is not distinct from s.map_index
),

-- One row per start of a task: what the history says of it goes before the rest, and what is known
-- to have ended before what was asked for too early. A task that waits has the start of a try of a
-- lower number.
tries as (
    select *
    from of_several
    qualify
        row_number() over (
            partition by dag_id, run_id, task_id, map_index, start_date
            order by standing, try_number, end_date desc nulls last, x_line
        ) = 1
),

placed as (
    select
        *,
        row_number() over (
            partition by dag_id, run_id, task_id, map_index order by start_date
        ) as place
    from tries
),

twins as (
    select
        *,
        count(*) over (
            partition by dag_id, run_id, task_id, map_index, coalesce(try_number, place)
        ) as of_number
    from placed
),

-- Where numbers are missing or stand twice, tries count by their start. task_fail does not say how
-- large a try was: as large as the task.
numbered as (
    select
        *,
        case when max(of_number) over same_task = 1 then coalesce(try_number, place) else place end
            as number,
        coalesce(pool_slots, max(pool_slots) over same_task) as slots,
        coalesce(pool, max(pool) over same_task) as in_pool,
        coalesce(queue, max(queue) over same_task) as in_queue,
        coalesce(operator, max(operator) over same_task) as by_operator
    from twins
    window same_task as (partition by dag_id, run_id, task_id, map_index)
    union all by name
    select
        *,
        coalesce(try_number, 1) as number,
        pool_slots as slots,
        pool as in_pool,
        queue as in_queue,
        operator as by_operator
    from of_one
),

-- A tag `team:risk` is the tag `team` with the value `risk`.
keyed as (
    select
        dag_id,
        split_part(name, ':', 1) as key,
        min(substr(name, strpos(name, ':') + 1)) as value
    from dag_tag
    where strpos(name, ':') > 1
    group by dag_id, split_part(name, ':', 1)
),

-- A page that stands twice tells nothing twice.
runs as (
    select
        dag_id,
        run_id,
        max(utc(data_interval_start)) as data_start,
        max(utc(data_interval_end)) as data_stop,
        max(words(run_type)) as run_type
    from dag_run
    group by dag_id, run_id
),

owners as (
    select dag_id, max(array_to_string(listed(owners), ', ')) as owner
    from dag
    group by dag_id
),

pairs_of as (
    select dag_id, map_from_entries(list({'k': key, 'v': value} order by key)) as pairs
    from keyed
    group by dag_id
),

tagged as (
    select t.dag_id, string_agg(t.name, ';' order by t.name) as names, any_value(p.pairs) as pairs
    from (select distinct dag_id, name from dag_tag) as t
    left join pairs_of as p on t.dag_id = p.dag_id
    group by t.dag_id
)

select
    n.x_line,
    n.dag_id as pipeline,
    n.run_id as run,
    n.task_id as part,
    n.map_index as slice,
    n.number as try,
    n.state,
    n.start_date as start,
    n.end_date as stop,
    r.data_start,
    r.data_stop,
    case when n.external_executor_id like 'arn:%' then n.external_executor_id end as resource_id,
    -- A task that waits for an event has given its slot back.
    case when n.state in ('deferred', 'up_for_reschedule') then 0 else coalesce(n.slots, 1) end
        as size,
    'slots' as size_unit,
    json_merge_patch(
        coalesce(to_json(t.pairs), '{}')::json,
        json_object(
            'dag_id', n.dag_id,
            'task_id', n.task_id,
            'run_id', n.run_id,
            'map_index', n.map_index::varchar,
            'run_type', r.run_type,
            'operator', words(n.by_operator),
            'queue', words(n.in_queue),
            'pool', words(n.in_pool),
            'hostname', words(n.hostname),
            'executor', words(n.executor),
            'owner', d.owner,
            'dag_tags', t.names
        )
    )::varchar as tags
from numbered as n
left join runs as r on n.dag_id = r.dag_id and n.run_id = r.run_id
left join tagged as t on n.dag_id = t.dag_id
left join owners as d on n.dag_id = d.dag_id
