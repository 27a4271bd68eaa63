-- Which one owner each key has in each stretch of days, by which rule; two equals: contested.
-- Grain: one row per (key, stretch). `place` is where its pools land.
-- Reads: charge_keys, rule_days, candidates, resources, ran_on.
with stretches as (
    select stretch, min(day) as first_day
    from rule_days
    group by stretch
),

valid as (
    select
        c.* exclude (tier),
        s.stretch,
        -- Attempts that name the id of a charge ran on the declared resource that has a rule for it.
        case
            when
                c.tier = 2
                and c.rule = '(run metadata)'
                and bool_or(c.owner in (select node from resources))
                    over (partition by c.key, s.stretch)
                then 5
            else c.tier
        end as tier
    from candidates as c
    inner join stretches as s
        on
            (c.valid_from is null or c.valid_from <= s.first_day)
            and (c.valid_to is null or c.valid_to > s.first_day)
),

ranked as (
    select *, rank() over (partition by key, stretch order by tier, priority desc) as standing
    from valid
),

best as (
    select
        key,
        stretch,
        count(distinct owner) as owners,
        min(owner) as owner,
        min(tier) as tier,
        min(rule) as rule,
        min(reason) as reason,
        string_agg(distinct rule, ' and ' order by rule) as rules
    from ranked
    where standing = 1
    group by all
),

decided as (
    select
        k.key,
        s.stretch,
        case when b.owners = 1 then b.owner else '(unmatched)' end as owner,
        case when b.owners = 1 then b.tier end as tier,
        case when b.owners = 1 then b.rule when b.owners > 1 then b.rules end as rule,
        case
            when b.owners is null then 'no rule'
            when b.owners > 1 then 'contested'
            else b.reason
        end as reason
    from charge_keys as k
    cross join stretches as s
    left join best as b on k.key = b.key and s.stretch = b.stretch
),

peopled as (
    select place, true as has_runs
    from ran_on
    group by place
)

select
    d.*,
    -- A pipeline's own charges go whole to its shared stage, unless it has capacity, or rules on ids
    -- that its runs can be held against.
    case
        when d.owner like 'pipeline:%' and r.capacity is null and r.overlap is null
            and not (d.tier = 2 and coalesce(p.has_runs, false))
            then d.owner || '/shared'
        else d.owner
    end as place,
    case
        when d.owner like 'run:%' then 'run'
        when d.owner like 'resource:%' then 'resource'
        when
            d.owner like 'pipeline:%'
            and (
                r.capacity is not null
                or r.overlap is not null
                or (d.tier = 2 and coalesce(p.has_runs, false))
            )
            then 'resource'
        else 'whole'
    end as kind
from decided as d
left join resources as r on d.owner = r.node
left join peopled as p on d.owner = p.place
