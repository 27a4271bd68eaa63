-- costlens/questions/charges_alike.sql
-- Charges that no rule picks, but whose tags or resource hold the name of a pipeline or feature as
-- words of their own, whatever their case and what stands between; the dearest first.
-- Each charge counts for the longest name, by a tag rather than its resource.
-- Grain: one row per (name, currency). Reads: matched_lines, charges, things, tries. Takes: $period.
with unpicked as (
    select
        row_number() over () as combination,
        *
    from (
        select
            c.Tags as tags,
            c.ResourceName as resource_name,
            m.currency,
            coalesce(c.AllocatedResourceId, c.ResourceId) as resource_id,
            count(*) as lines,
            sum(m.effective) as effective
        from matched_lines as m
        inner join charges as c
            on m.source = c.source and m.x_load = c.x_load and m.x_line = c.x_line
        where m.reason = 'no rule' and c.billing_period = $period
        group by all
    ) as alike
),

texts as (
    select
        combination,
        1 as rung,
        unnest(json_keys(tags)) as key,
        unnest(json_extract_string(tags, '$.*')) as value
    from unpicked
    where try(json_type(tags)) = 'OBJECT'
    union all
    select combination, 2, null, resource_id
    from unpicked
    union all
    select combination, 3, null, resource_name
    from unpicked
),

folded as (
    select
        *,
        '_' || trim(regexp_replace(lower(value), '[^a-z0-9]+', '_', 'g'), '_') || '_' as words
    from texts
    where value is not null
),

named as (
    select kind, name
    from things
    where kind in ('pipeline', 'feature')
    union
    select 'pipeline', pipeline
    from tries
    where not known
    union
    select split_part(pipeline_node, ':', 1), pipeline
    from tries
    where known
),

names as (
    select
        kind,
        name,
        '_' || trim(regexp_replace(lower(name), '[^a-z0-9]+', '_', 'g'), '_') || '_' as words
    from named
    where length(name) > 3
),

-- By their first word first: many resources times many names would be too many pairs.
begun as (
    select distinct combination, rung, key, value, words, unnest(string_split(words, '_')) as word
    from folded
),

hits as (
    select b.combination, b.rung, b.key, b.value, n.kind, n.name
    from begun as b
    inner join names as n on b.word = string_split(n.words, '_')[2]
    where contains(b.words, n.words)
    qualify
        row_number() over (
            partition by b.combination
            order by length(n.name) desc, b.rung, n.kind desc, n.name, b.key, b.value
        ) = 1
),

by_text as (
    select
        h.kind,
        h.name,
        h.rung,
        h.key,
        h.value,
        u.currency,
        sum(u.lines)::bigint as lines,
        sum(u.effective) as effective
    from hits as h
    inner join unpicked as u on h.combination = u.combination
    group by all
)

select
    kind,
    name,
    currency,
    sum(effective) as effective,
    sum(lines)::bigint as lines,
    arg_max(
        {'rung': rung, 'key': key, 'value': value, 'lines': lines, 'cost': effective},
        (abs(effective), value, key)
    ) as by
from by_text
group by kind, name, currency
order by abs(sum(effective)) desc, name, currency
