-- The resource ids that attempts name, and whose they are: a declared resource's, one run's, or
-- shared by several runs without being declared. Grain: one row per resource id and place.
-- A place is where a pool of charges lands before it is split.
-- Reads: tries, rules, rule_terms, resources, things.
with ids as (
    select
        lower(resource_id) as resource_id,
        min(source || '/' || execution) as run,
        count(distinct (source, execution)) as runs
    from tries
    where resource_id is not null
    group by all
),

declared as (
    select i.resource_id, r.owner as place
    from ids as i
    inner join rule_terms as t on t.dim = 'resource_id' and fits(i.resource_id, t.pattern)
    inner join rules as r on t.rule_id = r.rule_id
    inner join resources as x on r.owner = x.node
    union
    select i.resource_id, t.node
    from ids as i
    inner join things as t on t.kind = 'resource' and i.resource_id = lower(t.name)
)

select resource_id, place, 'declared' as kind
from declared
union all
select
    i.resource_id,
    case
        when i.runs = 1 and i.resource_id like 'arn:%' then 'run:' || i.run
        else 'resource:' || i.resource_id
    end as place,
    case when i.runs = 1 and i.resource_id like 'arn:%' then 'run' else 'shared' end as kind
from ids as i
where i.resource_id not in (select resource_id from declared)
