-- What stops if some targets go: each alone, and all of them. Grain: one row per (name, currency);
-- "(only together)" is what all of them save beyond the sum of each alone.
-- A stage stops once all who need it, at one of the levels named, are among those that go.
-- Reads: placements, shares, charges, ledger, rates. Takes: $targets, as level:name; $horizon, one of
-- now, resize and commitment; $basis; $start, $stop, $first and $after, the window.
with named as (
    select distinct unnest($targets::varchar[]) as node
),

groups as (
    select node as name, split_part(node, ':', 1) as level, substr(node, strpos(node, ':') + 1) as target
    from named
    union all
    select '(all of them)', split_part(node, ':', 1), substr(node, strpos(node, ':') + 1)
    from named
    where (select count(*) from named) > 1
),

members as (
    select distinct level, need_set, target, members
    from shares
),

hits as (
    select g.name, m.level, m.need_set, count(*) = any_value(m.members) as stops
    from groups as g
    inner join members as m on g.level = m.level and g.target = m.target
    group by g.name, m.level, m.need_set
),

-- Which services were paid for by commitments: all of their lines, some, or none.
covered as (
    select
        source,
        billing_period,
        coalesce(ServiceName, '(no service)') as service,
        BillingCurrency as currency,
        case
            when bool_and(CommitmentDiscountId is not null) then 'all'
            when bool_or(CommitmentDiscountId is not null) then 'some'
            else 'none'
        end as commitments
    from charges
    where
        x_class in ('work', 'other')
        and billing_period >= $first and billing_period < $after
    group by all
),

placed as (
    select
        p.feature_set,
        p.model_set,
        p.product_set,
        p.outcome,
        p.billing_period,
        p.currency,
        $horizon = 'now'
        and list_bool_or(list_transform(p.hops, lambda h: h.hop in ('overlap', 'cascade')))
            is true as is_capacity,
        case
            when $horizon = 'commitment' then 'none'
            when p.class = 'commitment_unused' then 'all'
            else coalesce(c.commitments, 'none')
        end as commitments,
        case $basis when 'billed' then p.billed else p.effective end as value
    from placements as p
    left join covered as c
        on
            p.source = c.source
            and p.billing_period = c.billing_period
            and p.service = c.service
            and p.currency = c.currency
    where
        p.day >= $start and p.day < $stop
        and p.billing_period >= $first and p.billing_period < $after
),

costs as (
    select
        feature_set,
        model_set,
        product_set,
        outcome,
        currency,
        case when is_capacity then 'all' else commitments end as stays,
        billing_period,
        units(sum(value)::decimal(38, 12)) as value,
        row_number() over () as cost
    from placed
    group by all
),

-- What each cost is to each of the names.
met as (
    select
        g.name,
        c.cost,
        bool_or(h.name is not null) as is_needed,
        coalesce(bool_or(h.stops), false) as stops,
        c.outcome = 'unneeded'
        or (c.outcome = 'allocated' and bool_and(s.need_set is null)) as is_unknown,
        bool_or(s.need_set is not null) as is_known
    from costs as c
    cross join (select distinct name, level from groups) as g
    cross join
        lateral (
            select set_of(g.level, c.feature_set, c.model_set, c.product_set) as need_set
        ) as s
    left join hits as h
        on g.name = h.name and g.level = h.level and s.need_set = h.need_set
    group by g.name, c.cost, c.outcome
),

figures as (
    select
        m.name,
        r.to_currency as currency,
        converted(coalesce(sum(c.value * r.rate) filter (m.stops and c.stays = 'none'), 0))
            as avoidable,
        converted(coalesce(sum(c.value * r.rate) filter (m.stops and c.stays = 'all'), 0)) as stays,
        converted(coalesce(sum(c.value * r.rate) filter (m.stops and c.stays = 'some'), 0))
            as unknown,
        converted(coalesce(sum(c.value * r.rate) filter (m.is_needed), 0)) as stand_alone,
        converted(coalesce(sum(c.value * r.rate) filter (m.is_known), 0)) as known_need,
        converted(coalesce(sum(c.value * r.rate) filter (m.is_unknown), 0)) as unknown_need
    from met as m
    inner join costs as c on m.cost = c.cost
    inner join rates as r on c.billing_period = r.month and c.currency = r.currency
    group by m.name, r.to_currency
),

borne as (
    select
        level,
        target,
        billing_period,
        currency,
        sum_in($basis, billed, effective) as value
    from ledger
    where
        day >= $start and day < $stop
        and billing_period >= $first and billing_period < $after
    group by all
),

allocations as (
    select g.name, r.to_currency as currency, converted(sum(b.value * r.rate)) as allocated
    from groups as g
    inner join borne as b on g.level = b.level and g.target = b.target
    inner join rates as r on b.billing_period = r.month and b.currency = r.currency
    group by g.name, r.to_currency
),

told as (
    select
        f.name,
        f.currency,
        f.avoidable,
        f.stays,
        f.unknown,
        -- Levels are never added to each other.
        case when count(distinct g.level) = 1 then coalesce(any_value(a.allocated), 0) end
            as allocated,
        f.stand_alone,
        ratio(f.known_need, f.known_need + f.unknown_need) as lineage_share
    from figures as f
    inner join groups as g on f.name = g.name
    left join allocations as a on f.name = a.name and f.currency = a.currency
    group by all
),

together as (
    select
        '(only together)' as name,
        currency,
        sum(case name when '(all of them)' then avoidable else -avoidable end)::decimal(38, 12)
            as avoidable,
        sum(case name when '(all of them)' then stays else -stays end)::decimal(38, 12) as stays,
        sum(case name when '(all of them)' then unknown else -unknown end)::decimal(38, 12)
            as unknown,
        null::decimal(38, 12) as allocated,
        null::decimal(38, 12) as stand_alone,
        null::decimal(9, 4) as lineage_share
    from told
    where (select count(*) from named) > 1
    group by currency
)

select * from told
union all
select * from together
order by currency, name = '(all of them)', name like '(%', avoidable desc, name
