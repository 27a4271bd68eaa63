-- What each run cost, by class, as an OpenLineage event that says so. Grain: one row per (pipeline, run).
-- Reads: placements, attempts. Takes: $build; $producer; $start, $stop, $first and $after, the window.
with spent as (
    select
        substr(pipeline, 10) as pipeline,
        run,
        currency,
        class,
        sum(billed)::decimal(38, 12) as billed,
        sum(effective)::decimal(38, 12) as effective,
        max(grade) as grade,
        max(day) as last_day
    from placements
    where
        run is not null and pipeline is not null
        and day >= $start and day < $stop
        and billing_period >= $first and billing_period < $after
    group by all
),

times as (
    select run, min(start) as start, max(stop) as stop
    from attempts
    group by run
),

told as (
    select
        pipeline,
        run,
        max(last_day) as last_day,
        max(grade) as grade,
        to_json(
            list(
                {
                    'currency': currency,
                    'class': class,
                    'billed': billed::varchar,
                    'effective': effective::varchar
                }
                order by currency, class
            )
        ) as amounts,
        md5(pipeline || chr(31) || run) as mark
    from spent
    group by pipeline, run
),

placed as (
    select
        t.*,
        coalesce(w.stop, t.last_day + interval 1 day)::timestamp as ended,
        coalesce(
            try_cast(t.run as uuid)::varchar,
            concat(
                t.mark[1:8], '-', t.mark[9:12], '-5', t.mark[14:16], '-8', t.mark[18:20], '-',
                t.mark[21:32]
            )
        ) as run_id
    from told as t
    left join times as w on t.run = w.run
)

select
    json_object(
        'eventType', 'OTHER',
        'eventTime', strftime(ended, '%Y-%m-%dT%H:%M:%S.%fZ'),
        'producer', $producer,
        'schemaURL', 'https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent',
        'run', json_object(
            'runId', run_id,
            'facets', json_object(
                'costlens_cost', json_object(
                    '_producer', $producer,
                    '_schemaURL', $producer || '/docs/lake.md#costlens_cost',
                    'externalRunId', run,
                    'build', $build,
                    'grade', grade,
                    'amounts', amounts
                )
            )
        ),
        'job', json_object('namespace', 'costlens', 'name', pipeline),
        'inputs', json_array(),
        'outputs', json_array()
    )::varchar as event
from placed
order by ended, pipeline, run
