-- connectors/mlflow/outputs.sql
-- Which models runs are for, and which feature views Feast's operations made.
-- Grain: one row per (run, target).
-- Reads: all_runs, all_tags, model_versions, logged_models.
-- A run that no version came from is for the model of its parent, else for what came from any run of
-- its family, else for that of its experiment where versions of one model alone came from there:
-- failed tuning is cost of that model too.
with told as (
    select
        run_uuid,
        coalesce(
            max(value) filter (key = 'feast.materialize.feature_views'),
            max(value) filter (key = 'feast.feature_views_changed')
        ) as views
    from all_tags
    group by run_uuid
),

begun as (
    select r.*, t.views
    from all_runs as r
    left join told as t on r.run_uuid = t.run_uuid
),

-- From which run a version came: its own column, or what its source names.
came_from as (
    select distinct
        v.name,
        coalesce(
            words(v.run_id),
            l.source_run_id,
            nullif(regexp_extract(v.source, '^runs:/([0-9a-f]{32})', 1), '')
        ) as run_uuid
    from model_versions as v
    left join logged_models as l on v.source = 'models:/' || l.model_id
),

only_models as (
    select b.experiment_id, min(c.name) as name
    from came_from as c
    inner join begun as b on c.run_uuid = b.run_uuid
    group by b.experiment_id
    having count(distinct c.name) = 1
),

-- Each run with those above it, the nearest first.
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

    select * from climbed
),

nearest as (
    select a.run_uuid, a.height, c.name
    from above as a
    inner join came_from as c on a.met = c.run_uuid
    qualify rank() over (partition by a.run_uuid order by a.height) = 1
),

-- Those above may be of an experiment of another model.
highest as (
    select run_uuid, arg_max(met, height) as met
    from above
    where met in (select run_uuid from begun)
    group by run_uuid
),

families as (
    select h.run_uuid, c.name
    from highest as h
    inner join highest as o on h.met = o.met
    inner join came_from as c on o.run_uuid = c.run_uuid
    where h.run_uuid not in (select run_uuid from nearest)
),

made as (
    select distinct n.run_uuid, 'model:' || n.name as target
    from nearest as n
    union
    select h.run_uuid, 'model:' || o.name
    from highest as h
    inner join begun as b on h.met = b.run_uuid
    inner join only_models as o on b.experiment_id = o.experiment_id
    where
        h.run_uuid not in (select run_uuid from nearest)
        and h.run_uuid not in (select run_uuid from families)
    union
    select run_uuid, 'model:' || name
    from families
    union
    select run_uuid, 'feature:' || trim(unnest(string_split(views, ',')))
    from begun
    where operation is not null and not suffix(views, '...')
)

select
    b.x_line,
    b.pipeline,
    b.run_uuid as run,
    coalesce(b.operation, 'run') as part,
    m.target,
    'made' as measure,
    1 as quantity,
    b.start
from made as m
inner join begun as b on m.run_uuid = b.run_uuid
where not suffix(m.target, ':')
