-- connectors/tecton/attempts.sql
-- Tries of materialisation jobs. One that goes on was updated last when it was asked for.
-- Grain: one row per (job, try). Reads: tries.
with told as (
    select
        x_line,
        job,
        coalesce(words(id), words(created_at)) as id,
        coalesce(words(workspace), 'tecton') as workspace,
        words(feature_view) as feature_view,
        lower(regexp_extract(words(state), '(success|error|running|pending|cancel|drained)', 1, 'i'))
            as word,
        words(state) as state,
        instant(created_at) as start,
        instant(updated_at) as updated,
        instant(start_time) as data_start,
        instant(end_time) as data_stop,
        words(run_url) as run_url,
        words(job_type) as job_type,
        words(online) as online,
        words(offline) as offline
    from tries
),

-- A job that stands in two answers is as the later one says.
known as (
    select *
    from told
    qualify row_number() over (partition by job, id order by updated desc nulls last, x_line) = 1
)

select
    x_line,
    workspace as pipeline,
    job as run,
    feature_view as part,
    row_number() over (partition by workspace, job, feature_view order by start, id)::int as try,
    case word
        when 'success' then 'succeeded'
        when 'drained' then 'succeeded'
        when 'error' then 'failed'
        when 'cancel' then 'killed'
        when '' then state
        else 'running'
    end as state,
    start,
    case when word not in ('running', 'pending') then updated end as stop,
    data_start,
    data_stop,
    json_merge_patch(
        '{}'::json,
        json_object(
            'workspace', workspace,
            'feature_view', feature_view,
            'job_type', job_type,
            'online', online,
            'offline', offline,
            'run_url', run_url,
            'state', state
        )
    )::varchar as tags
from known
