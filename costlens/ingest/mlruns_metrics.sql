-- costlens/ingest/mlruns_metrics.sql
-- The last value of each metric of a file store: that of the last step, then time, then the highest.
-- A line of its file is a time, a value and a step, which the oldest versions leave out.
-- Grain: one row per (run, key), in the order of $paths; unread is its first line of another shape.
-- Takes: $paths, the files, with $runs and $keys.
with listed as (
    select
        unnest($paths::varchar[]) as filename,
        unnest($runs::varchar[]) as run_uuid,
        unnest($keys::varchar[]) as key,
        unnest(range(1, len($paths) + 1)) as place
),

texts as (
    select filename, string_split(content, chr(10)) as lines, not suffix(content, chr(10)) as is_cut
    from read_text($paths)
),

lines as (
    select
        filename,
        is_cut,
        len(lines) as last_line,
        unnest(lines) as line,
        unnest(range(1, len(lines) + 1)) as at_line
    from texts
),

parted as (
    select
        filename,
        at_line,
        is_cut and at_line = last_line as is_cut,
        string_split(trim(line, chr(13)), ' ') as parts,
        try_cast(parts[1] as bigint) as logged,
        parts[2] as value,
        try_cast(coalesce(parts[3], '0') as bigint) as step
    from lines
    where line <> '' or (is_cut and at_line = last_line)
),

latest as (
    select
        filename,
        arg_max(value, {'step': step, 'logged': logged, 'value': try_cast(value as double)})
            as value,
        min(at_line) filter (
            is_cut or logged is null or step is null or try_cast(value as double) is null
        ) as unread
    from parted
    group by filename
)

select l.run_uuid, l.key, r.value, l.place, r.unread
from listed as l
inner join latest as r on l.filename = r.filename
order by l.place
