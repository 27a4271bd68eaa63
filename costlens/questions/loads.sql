-- What was delivered when, superseded deliveries included, and by how much each one restated the
-- one before. Grain: one row per (source, table, period, load, currency), oldest first; a currency
-- that a delivery no longer has is a row of zeros, so that the changes add up.
-- Reads: loads. Takes: $start, $stop, $first and $after: months that touch the window.
with deliveries as (
    select distinct
        source,
        makes,
        period,
        load,
        split_part(load, '/', -1)::int as number,
        loaded_at,
        coalesce(superseded_by, 'current') as standing,
        files
    from loads
    where
        period || '-01' < strftime($stop::date, '%Y-%m-%d')
        and period >= strftime($start::date, '%Y-%m')
        and period >= $first
        and period < $after
),

ordered as (
    select
        *,
        lag(load) over (partition by source, makes, period order by number) as former
    from deliveries
),

-- The currencies of a delivery and of the one before it; runs have none.
held as (
    select o.load, o.makes, l.currency
    from ordered as o
    inner join loads as l on o.makes = l.makes and l.load in (o.load, o.former)
    group by all
)

select
    o.source,
    o.makes,
    o.period,
    o.load,
    o.loaded_at,
    case
        when o.standing in ('current', '(held)', '(unread)', '(dropped)', '(source gone)')
            then trim(o.standing, '()')
        else 'superseded'
    end as state,
    json_array_length(o.files, '$.files')::int as files,
    h.currency,
    coalesce(now.rows, 0) as rows,
    case
        when o.former is not null then coalesce(now.rows, 0) - coalesce(was.rows, 0)
    end as rows_change,
    case when h.currency is not null then coalesce(now.billed, 0)::decimal(38, 12) end as billed,
    case when h.currency is not null and o.former is not null
        then (coalesce(now.billed, 0) - coalesce(was.billed, 0))::decimal(38, 12)
    end as billed_change,
    case
        when h.currency is not null then coalesce(now.effective, 0)::decimal(38, 12)
    end as effective,
    case when h.currency is not null and o.former is not null
        then (coalesce(now.effective, 0) - coalesce(was.effective, 0))::decimal(38, 12)
    end as effective_change
from ordered as o
inner join held as h on o.load = h.load and o.makes = h.makes
left join loads as now
    on
        o.load = now.load
        and o.makes = now.makes
        and h.currency is not distinct from now.currency
left join loads as was
    on
        o.former = was.load
        and o.makes = was.makes
        and h.currency is not distinct from was.currency
order by o.source, o.makes, o.period, o.number, h.currency
