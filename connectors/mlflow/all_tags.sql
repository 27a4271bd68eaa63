-- connectors/mlflow/all_tags.sql
-- The tags of runs, from their own table and from columns tags.KEY of their rows.
-- Grain: one row per (run, key). Reads: runs, tags.
select run_uuid, key, max(words(value)) as value
from (
    select run_uuid, key, value from tags
    union all
    select
        run_uuid,
        unnest(json_keys(run_tags)),
        unnest(json_extract_string(run_tags, '$.*'))
    from runs
)
group by run_uuid, key
