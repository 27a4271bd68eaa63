-- Everything of a level, one row each, dearest first: what it costs, how that moved, what would be saved
-- without it, what it would cost alone, what it was declared to bring. Costs add up to the whole bill:
-- what a reader did not ask for, or what is beyond $most, is one row, `(other ...s)`, and what no target bears
-- has rows of its own. Grain: one row per name. Reads: roi_by_target, cost_by_target, change_by_target,
-- scope, catalogue. Takes: $level; $owner, $product, $most: what to name, or null; $currency, of all figures.
with owned as (
    select name, arg_max_null(owner, coalesce(valid_from, date '0001-01-01')) as owner
    from catalogue
    where kind = $level
    group by name
),

beside as (
    select
        r.*,
        o.owner,
        c.stand_alone,
        c.measured_share,
        m.before,
        m.change,
        r.name like '(%' as is_residual,
        r.name not like '(%'
        and ($owner::varchar is null and $product::varchar is null or s.name is not null) as is_named
    from roi_by_target as r
    left join owned as o on r.name = o.name
    left join cost_by_target as c on r.name = c.name
    left join change_by_target as m on r.name = m.name
    left join scope as s on r.name = s.name
),

placed as (
    select
        *,
        case
            when not is_named then null
            else row_number() over (partition by is_named order by cost desc, name)
        end as place
    from beside
),

shown as (
    select *
    from placed
    where is_residual or is_named and ($most::bigint is null or place <= $most)
),

others as (
    select
        '(other ' || $level || 's)' as name,
        count(*) as things,
        sum(cost)::decimal(38, 12) as cost,
        case when count(before) = count(*) then sum(before)::decimal(38, 12) end as before,
        case when count(change) = count(*) then sum(change)::decimal(38, 12) end as change
    from placed
    where not is_residual and not (is_named and ($most::bigint is null or place <= $most))
    having count(*) > 0
),

every as (
    select *, 1 as things
    from shown
    union all by name
    select * from others
)

select
    name,
    owner,
    $currency as currency,
    cost,
    change,
    ratio(change, before) as change_share,
    avoidable,
    stand_alone,
    benefit_low,
    benefit,
    benefit_high,
    evidenced,
    realised,
    net,
    roi,
    measured_share,
    evidence_level,
    things::bigint as things
from every
order by name like '(%', cost desc, name
