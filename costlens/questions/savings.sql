-- Where money could be saved: what nobody uses or reads, what is made twice, stages that nothing needs,
-- the dearest idle machines; then the dearest guesses, and what sharing saves already.
-- Grain: one row per (kind, name, why). Reads: cost_by_target and guesses, both kept; stage_costs,
-- catalogue, graph, activity, traits, correlations, rates. Takes: $level, $basis, $currency;
-- $unread_days, $alike; $start, $stop, $first and $after, the window.
with billed as (
    select
        stage,
        owner,
        outcome,
        set_of($level, feature_set, model_set, product_set) is not null as is_needed,
        billing_period,
        currency,
        max(day) as last_day,
        sum_in($basis, billed, effective) as value
    from stage_costs
    where
        day >= $start and day < $stop
        and billing_period >= $first and billing_period < $after
    group by all
),

stages as (
    select
        b.stage,
        any_value(b.owner) as owner,
        b.outcome,
        b.is_needed,
        converted(sum(b.value * r.rate)) as cost
    from billed as b
    inner join rates as r on b.billing_period = r.month and b.currency = r.currency
    group by b.stage, b.outcome, b.is_needed
),

ends as (
    select max(last_day) as last_day
    from billed
),

members as (
    select
        c.name,
        k.owner,
        c.avoidable,
        c.allocated,
        c.stand_alone,
        t.notice_days,
        t.sources,
        t.expression
    from cost_by_target as c
    inner join (
        select name, max_by(owner, coalesce(valid_from, date '0001-01-01')) as owner
        from catalogue
        where kind = $level
        group by name
    ) as k on c.name = k.name
    left join traits as t on t.node = $level || ':' || c.name
    where c.currency = $currency
),

uses as (
    select distinct substr(from_node, strpos(from_node, ':') + 1) as name, to_node
    from graph
    where
        from_node like $level || ':%'
        and (valid_from is null or (valid_from < $stop and strftime(valid_from, '%Y-%m') < $after))
        and (valid_to is null or (valid_to >= $stop or strftime(valid_to, '%Y-%m') >= $after))
),

users as (
    select name, string_agg(to_node, ', ' order by to_node) as used_by
    from uses
    group by name
),

reads as (
    select
        consumer,
        substr(target, strpos(target, ':') + 1) as name,
        max(hour)::date as last_read
    from activity
    where
        target like $level || ':%' and quantity > 0
        and hour < $stop and strftime(hour, '%Y-%m') < $after
    group by consumer, target
),

known as (
    select
        m.*,
        u.used_by,
        (select max(r.last_read) from reads as r where r.name = m.name) as last_read,
        -- Users of it of whom it is known what they read.
        (
            select string_agg(distinct e.to_node, ', ' order by e.to_node)
            from uses as e
            where e.name = m.name and e.to_node in (select consumer from reads)
        ) as read_others
    from members as m
    left join users as u on m.name = u.name
),

unused as (
    select
        case when used_by is null then 'unused' else 'unread' end as kind,
        * exclude (read_others),
        case
            when used_by is null and last_read is null then
                'nothing uses it and no read of it is on record'
            when used_by is null then 'nothing uses it, and it was last read on ' || last_read
            when last_read is null then read_others || ' reads others, and never this one'
            else 'it was last read on ' || last_read
        end as why
    from known
    where
        case
            when last_read is not null
                then last_read < (select last_day from ends) - $unread_days::integer
            when used_by is null then $level <> 'product'
            else read_others is not null
        end
),

-- Who computes the same is a group; who is alike is a pair. The cheapest to keep stays.
pairs as (
    select a.name as one, b.name as other, null as correlation
    from members as a
    inner join members as b
        on a.sources = b.sources and a.expression = b.expression and a.name <> b.name
    union all
    select l.one, l.other, rtrim(l.correlation::varchar, '0.')
    from (
        select feature as one, other, correlation from correlations
        union all
        select other, feature, correlation from correlations
    ) as l
    where $level = 'feature' and abs(l.correlation) >= $alike::decimal(9, 6)
),

duplicates as (
    select
        'duplicate' as kind,
        a.* exclude (read_others),
        case when p.correlation is null then 'it has the same sources and expression as '
            else 'it has as good as the same values as '
        end || p.other || coalesce(' of ' || b.owner, '')
        || coalesce(': correlation ' || p.correlation, '') as why
    from pairs as p
    inner join known as a on p.one = a.name
    inner join known as b on p.other = b.name
    where (a.avoidable, a.name) > (b.avoidable, b.name)
    qualify row_number() over (
        partition by a.name order by b.avoidable, b.name, p.correlation nulls first
    ) = 1
),

listed as (
    select 1 as place, kind, name, owner, avoidable as saving, allocated as cost, used_by, last_read,
        notice_days, why
    from unused
    union all
    select 1, kind, name, owner, avoidable, allocated, used_by, last_read, notice_days, why
    from duplicates
    union all
    select 1, 'zombie', stage, owner, cost, cost, null, null, null,
        'no feature, model or product needs it'
    from stages
    where outcome = 'unneeded' and cost > 0
    union all
    (
        select 1, 'idle', stage, owner, cost, cost, null, null, null,
            'it ran and waited: make it smaller, or stop it between runs'
        from stages
        where outcome = 'idle' and cost > 0
        order by cost desc, stage
        limit 5
    )
    union all
    (
        select 2, 'guess', name, null, null, cost, null, null, null, 'better known by ' || to_measure
        from guesses
        where currency = $currency and cost > 0
        order by priority desc, name, step, measure, grade
        limit 5
    )
    union all
    select 3, 'reuse', '(shared)', null, null,
        (select sum(stand_alone) from members)
        - (select coalesce(sum(cost), 0) from stages where is_needed),
        null, null, null,
        'saved already: what they would cost more if each had its stages to itself'
    where exists (from members)
)

select
    kind,
    name,
    owner,
    saving,
    cost,
    $currency as currency,
    used_by,
    last_read,
    notice_days,
    why
from listed
where place > 1 or saving > 0
order by place, saving desc nulls last, cost desc, name, kind, why
