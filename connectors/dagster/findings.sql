-- connectors/dagster/findings.sql
-- Runs that a database knows to have done something, and whose steps lie in another one.
-- Grain: one row, or none. Reads: event_logs.
with runs as (
    select
        run_id,
        min(x_line) as x_line,
        bool_or(starts_with(dagster_event_type, 'STEP_')) as has_steps
    from event_logs
    where
        dagster_event_type in ('STEP_START', 'STEP_SUCCESS', 'STEP_FAILURE', 'PIPELINE_SUCCESS', 'RUN_SUCCESS')
        or (dagster_event_type = 'ASSET_MATERIALIZATION' and words(step_key) is not null)
    group by run_id
)

select
    case when bool_or(has_steps) then 'warning' else 'error' end as severity,
    'no_steps' as code,
    min(x_line) filter (not has_steps) as x_line,
    count(*) filter (not has_steps)
    || case count(*) filter (not has_steps) when 1 then ' run has' else ' runs have' end
    || ' no steps here, such as ' || arg_min(run_id, x_line) filter (not has_steps) as message,
    'SQLite has them in history/runs/<run id>.db, index.db has none: name the folder history/, whole' as hint
from runs
having count(*) filter (not has_steps) > 0
