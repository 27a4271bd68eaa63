-- What stands on each source: how new it is, how much, and what was noted about it.
-- Grain: one row per (source, table, currency); a source without a load is a row without figures.
-- Reads: loads, findings. Takes: $sources, a JSON list of {name, type} from costlens.yaml in order.
with named as (
    select
        row_number() over () as place,
        one ->> 'name' as source,
        one ->> 'type' as pack
    from (select unnest(from_json($sources, '["JSON"]')) as one)
),

standing as (
    select * from loads where superseded_by is null
),

-- A note stands with every load that it was made about, once for each of its currencies.
noted as (
    select source, makes, count(distinct note::varchar) as findings
    from (
        select source, makes, unnest(from_json(files -> '$.notes', '["JSON"]')) as note
        from standing
    )
    group by all
),

figures as (
    select
        source,
        makes,
        currency,
        any_value(pack) as pack,
        count(distinct period) as periods,
        min(period) as first_period,
        max(period) as last_period,
        max(last_day) as last_day,
        sum(rows)::bigint as rows,
        sum(billed) as billed,
        sum(effective) as effective,
        max(loaded_at) as loaded_at
    from standing
    group by all
)

select
    coalesce(n.source, f.source) as source,
    coalesce(f.pack, n.pack) as pack,
    f.makes,
    f.periods,
    f.first_period,
    f.last_period,
    f.last_day,
    f.rows,
    f.currency,
    f.billed,
    f.effective,
    f.loaded_at,
    case when f.source is not null then coalesce(d.findings, 0) end as findings
from named as n
full join figures as f on n.source = f.source
left join noted as d on f.source = d.source and f.makes = d.makes
order by n.place nulls last, source, f.makes, f.currency
