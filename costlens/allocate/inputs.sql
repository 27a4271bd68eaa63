-- What the result of a period depends on, besides the book: one hash over all of it.
-- Order does not matter: hashes are added up. Grain: one row. Reads: charges, loads, tries, segments,
-- hosts, part_targets, seen_uses, seen_feeds, resource_names, runs_on, consumption, measured, policies. Takes: $period.
with reach as (
    select
        min(ChargePeriodStart)::date as first_day,
        max(greatest(ChargePeriodStart, ChargePeriodEnd))::date as last_day
    from charges
    where billing_period = $period
),

ids as (
    select distinct lower(coalesce(AllocatedResourceId, ResourceId)) as id
    from charges
    where billing_period = $period
),

runs as (
    select distinct t.source, t.execution
    from tries as t
    cross join reach as r
    where
        (t.start < r.last_day + interval 1 day and t.until >= r.first_day)
        or lower(t.run) in (select id from ids)
),

parts as (
    select 'load' as part, sum(hash(content_hash, source, currency))::varchar as value
    from loads
    where makes = 'charges' and period = $period and superseded_by is null
    union all
    select
        'tries',
        sum(
            hash(
                t.source, t.execution, t.part, t.slice, t.try, t.parent, t.state, t.start, t.until, t.pipeline_node,
                t.resource_id, t.size, t.size_unit, t.made_of, t.busy_s, t.class
            )
        )::varchar
    from tries as t
    semi join runs as r on t.source = r.source and t.execution = r.execution
    union all
    select 'segments', sum(hash(t.source, t.execution, t.part, t.slice, t.try, s.start, s.stop))::varchar
    from segments as s
    inner join tries as t on s.attempt = t.attempt
    semi join runs as r on t.source = r.source and t.execution = r.execution
    union all
    select
        'hosts',
        sum(
            hash(
                t.source, t.execution, t.part, t.slice, t.try, h.lodges, o.source, o.execution, o.part,
                o.slice, o.try, o.resource_id
            )
        )::varchar
    from hosts as h
    inner join tries as t on h.attempt = t.attempt
    inner join tries as o on h.host = o.attempt
    semi join runs as r on t.source = r.source and t.execution = r.execution
    union all
    select
        'links',
        sum(
            hash(
                u.from_node,
                u.to_node,
                case when u.valid_from > r.first_day then u.valid_from end,
                case when u.valid_to <= r.last_day then u.valid_to end
            )
        )::varchar
    from seen_uses as u
    cross join reach as r
    where
        (u.valid_from is null or u.valid_from <= r.last_day)
        and (u.valid_to is null or u.valid_to > r.first_day)
    union all
    select 'feeds', sum(hash(from_node, to_node))::varchar
    from seen_feeds
    union all
    select 'targets', sum(hash(p))::varchar
    from part_targets as p
    semi join runs as r on p.source = r.source and p.execution = r.execution
    union all
    select 'names', sum(hash(n))::varchar
    from resource_names as n
    union all
    -- Whether a pipeline ever ran decides where its own charges go, in every month.
    select 'peopled', sum(hash(o.node))::varchar
    from (select distinct node, pipeline, part from runs_on) as o
    semi join tries as t
        on
            t.pipeline_node = 'pipeline:' || o.pipeline
            and (o.part is null or regexp_full_match(t.part, o.part))
    union all
    select 'consumption', sum(hash(c))::varchar
    from consumption as c
    cross join reach as r
    where c.day between date_trunc('month', r.first_day) and last_day(r.last_day)
    union all
    select 'measured', sum(hash(m))::varchar
    from measured as m
    where m.month = $period and 'by ' || m.measure in (select value from policies)
)

select md5(string_agg(part || '=' || coalesce(value, ''), ';' order by part)) as digest
from parts
