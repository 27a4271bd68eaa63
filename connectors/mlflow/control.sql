-- connectors/mlflow/control.sql
-- How many runs, outputs and links the source holds. Grain: one row per table made and month.
-- Reads: runs, tags, latest_metrics, model_versions, logged_models, inputs, datasets,
-- dataset_inputs.
with wide as (
    select
        run_uuid,
        nullif(run_tags, '')::json as of_run,
        quantity(feast_seconds) as feast_s,
        instant(start_time) as opened,
        instant(end_time) as ended
    from runs
),

said as (
    select run_uuid, key, value
    from tags
    union all
    select w.run_uuid, k.key, w.of_run ->> ('$."' || k.key || '"')
    from wide as w
    cross join lateral (select unnest(json_keys(w.of_run)) as key) as k
),

told as (
    select
        run_uuid,
        max(words(value)) filter (key = 'mlflow.parentRunId') as parent,
        max(words(value)) filter (key = 'feast.operation') as operation,
        max(words(value)) filter (key = 'feast.materialize.feature_views') as made_views,
        max(words(value)) filter (key = 'feast.feature_views_changed') as changed_views,
        max(words(value)) filter (key = 'feast.feature_refs') as refs,
        max(words(value)) filter (key = 'feast.feature_views') as views,
        max(words(value)) filter (key = 'feast.feature_service') as service,
        max(words(value)) filter (key = 'mlflow.log-model.history') as history
    from said
    group by run_uuid
),

took as (
    select run_uuid, max(quantity(value)) as seconds
    from latest_metrics
    where key = 'feast.materialize.duration_sec'
    group by run_uuid
),

spans as (
    select
        w.run_uuid,
        min(epoch_ms(w.opened)) as opened_ms,
        max(epoch_ms(w.ended)) as ended_ms,
        coalesce(max(d.seconds), max(w.feast_s)) as seconds
    from wide as w
    left join took as d on w.run_uuid = d.run_uuid
    group by w.run_uuid
),

begun as (
    select
        s.run_uuid,
        e.experiment_id,
        t.parent,
        t.operation,
        coalesce(t.made_views, t.changed_views) as views,
        s.opened_ms,
        case when t.operation = 'materialize' then s.ended_ms * 1000 - s.seconds * 1000000 end
            as worked_from_us
    from spans as s
    inner join (
        select run_uuid, min(experiment_id) as experiment_id
        from runs
        group by run_uuid
    ) as e on s.run_uuid = e.run_uuid
    left join told as t on s.run_uuid = t.run_uuid
),

months as (
    select
        *,
        strftime(
            make_timestamp(coalesce(floor(worked_from_us)::bigint, opened_ms * 1000)), '%Y-%m'
        ) as period
    from begun
),

came_from as (
    select
        v.name,
        v.version,
        max(strftime(instant(v.creation_time), '%Y-%m')) as period,
        max(
            coalesce(
                words(v.run_id),
                l.source_run_id,
                nullif(regexp_extract(v.source, '^runs:/([0-9a-f]{32})', 1), '')
            )
        ) as run_uuid
    from model_versions as v
    left join logged_models as l on v.source = 'models:/' || l.model_id
    group by v.name, v.version
),

above as (
    with recursive climbed as (
        select run_uuid, run_uuid as met, 0 as height
        from begun
        union all
        select c.run_uuid, b.parent, c.height + 1
        from climbed as c
        inner join begun as b on c.met = b.run_uuid
        where b.parent is not null and c.height < 30
    )

    select a.run_uuid, a.met, a.height, b.experiment_id
    from climbed as a
    inner join begun as b on a.met = b.run_uuid
),

own_models as (
    select
        a.run_uuid,
        a.height,
        max(a.height) over (partition by a.run_uuid) as top,
        (select count(distinct c.name) from came_from as c where c.run_uuid = a.met) as of_run,
        (
            select count(distinct c.name)
            from came_from as c
            inner join begun as b on c.run_uuid = b.run_uuid
            where b.experiment_id = a.experiment_id
        ) as of_experiment,
        (
            select count(distinct c.name)
            from came_from as c
            inner join above as b on c.run_uuid = b.run_uuid
            where b.met = a.met
        ) as of_family
    from above as a
),

models as (
    select
        run_uuid,
        coalesce(
            arg_min(of_run, height) filter (of_run > 0),
            nullif(max(of_family) filter (height = top), 0),
            max(of_experiment) filter (height = top and of_experiment = 1),
            0
        ) as models
    from own_models
    group by run_uuid
),

features as (
    select
        c.period,
        case
            when not suffix(t.refs, '...') then t.refs
            when t.views is not null and not suffix(t.views, '...') then t.views
            when t.service is not null then t.service
            when t.refs is not null then regexp_replace(t.refs, ',?[^,]*\.\.\.$', '')
        end as named,
        t.history,
        c.run_uuid
    from came_from as c
    left join (
        select
            o.run_uuid,
            o.history,
            coalesce(o.refs, p.refs) as refs,
            coalesce(o.views, p.views) as views,
            coalesce(o.service, p.service) as service
        from told as o
        left join told as p on o.parent = p.run_uuid
    ) as t on c.run_uuid = t.run_uuid
),

counted as (
    select
        period,
        coalesce(
            nullif(
                len(
                    list_distinct(
                        list_filter(
                            list_transform(
                                string_split(named, ','),
                                lambda ref: split_part(trim(ref), ':', 1)
                            ),
                            lambda view: view <> ''
                        )
                    )
                ),
                0
            ),
            nullif(
                len(
                    list_distinct(
                        flatten(
                            list_transform(
                                try(json_extract_string(history, '$[*].signature.inputs')),
                                lambda told: coalesce(
                                    try(json_extract_string(told, '$[*].name')), []
                                )
                            )
                        )
                    )
                ),
                0
            ),
            (
                select count(distinct column_name)
                from (
                    select
                        i.destination_id,
                        unnest(
                            try(json_extract_string(d.dataset_schema, '$.mlflow_colspec[*].name'))
                        ) as column_name
                    from inputs as i
                    inner join datasets as d on i.source_id = d.dataset_uuid
                    where i.source_type = 'DATASET' and i.destination_type = 'RUN'
                    union all
                    select
                        run_uuid,
                        unnest(
                            try(json_extract_string(dataset_schema, '$.mlflow_colspec[*].name'))
                        )
                    from dataset_inputs
                ) as columns_of
                where columns_of.destination_id = features.run_uuid
            )
        ) as links
    from features
)

select 'attempts' as makes, period, count(*)::bigint as rows
from months
group by period
union all
select
    'outputs' as makes,
    m.period,
    sum(
        n.models + case
            when m.operation is null or suffix(m.views, '...') then 0
            else coalesce(
                len(
                    list_distinct(
                        list_filter(
                            list_transform(string_split(m.views, ','), lambda view: trim(view)),
                            lambda view: view <> ''
                        )
                    )
                ),
                0
            )
        end
    )::bigint as rows
from months as m
inner join models as n on m.run_uuid = n.run_uuid
group by m.period
having rows > 0
union all
select 'links' as makes, period, sum(links)::bigint as rows
from counted
group by period
having rows > 0
order by makes, period
