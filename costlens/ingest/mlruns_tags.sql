-- costlens/ingest/mlruns_tags.sql
-- The tags of a file store: the text of each file, then what models say of themselves.
-- Grain: one row per (run, key), in the order of $paths and then of $model_runs.
-- Takes: $paths, the files, with $runs and $keys, and $read, some to read in any case; $model_runs and $histories, under the key $history.
with listed as (
    select
        unnest($paths::varchar[]) as filename,
        unnest($runs::varchar[]) as run_uuid,
        unnest($keys::varchar[]) as key,
        unnest(range(1, len($paths) + 1)) as place
)

select run_uuid, key, value
from (
    select l.run_uuid, l.key, r.content as value, l.place
    from listed as l
    inner join read_text($read) as r on l.filename = r.filename
    union all
    select
        unnest($model_runs::varchar[]),
        $history,
        unnest($histories::varchar[]),
        len($paths) + unnest(range(1, len($model_runs) + 1))
)
order by place
