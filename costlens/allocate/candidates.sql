-- Every claim on every key: by a rule of the catalogue, or by an attempt that names the id itself.
-- Grain: one row per (key, owner, rule). Reads: charge_keys, key_terms, rules, rule_terms,
-- resource_names, tries.
with seen as (
    select distinct dim, value
    from key_terms
),

-- Patterns without a wildcard meet by equality, the rest one by one.
hits as (
    select s.dim, s.value, t.rule_id
    from seen as s
    inner join rule_terms as t
        on s.dim = t.dim and s.value = t.pattern
    where not contains(t.pattern, '*') and not contains(t.pattern, '?')
    union
    select s.dim, s.value, t.rule_id
    from seen as s
    inner join (
        select * from rule_terms where contains(pattern, '*') or contains(pattern, '?')
    ) as t
        on s.dim = t.dim and s.value glob t.pattern
),

by_rule as (
    select k.key, h.rule_id
    from key_terms as k
    inner join hits as h on k.dim = h.dim and k.value = h.value
    inner join rules as r on h.rule_id = r.rule_id
    group by all
    having count(distinct k.dim) = any_value(r.dims)
),

ids as (
    select resource_id, place, case kind when 'run' then 1 else 2 end as tier
    from resource_names
    where kind <> 'declared'
    union
    select distinct lower(run), 'run:' || source || '/' || execution, 1
    from tries
),

by_id as (
    select k.key, i.place, min(i.tier) as tier
    from charge_keys as k
    inner join ids as i
        on
            lower(k.resource_id) = i.resource_id
            or (
                i.tier = 2
                and regexp_extract(lower(k.resource_id), '[^:/]+$') = i.resource_id
            )
    group by all
)

select
    b.key,
    r.owner,
    r.tier,
    r.priority,
    r.valid_from,
    r.valid_to,
    r.read_from as rule,
    r.reason
from by_rule as b
inner join rules as r on b.rule_id = r.rule_id
inner join charge_keys as k on b.key = k.key
where r.source is null or r.source = k.source
union all
-- An id that several runs name yields to any rule of its tier, and to a declared resource.
select
    key,
    place,
    tier,
    case tier when 1 then 0 else -2147483648 end,
    null,
    null,
    '(run metadata)',
    null
from by_id
