-- connectors/tecton_usage/findings.sql
-- What keeps usage from having one price. Grain: one row per finding; of `severity` error, it stops.
-- Reads: usage, prices. Usage without a price is kept, and told: what it cost is unknown.
with known as (
    select
        min(x_line) as x_line,
        upper(words(unit)) as unit,
        coalesce(utc(since), timestamp '-infinity') as since,
        coalesce(utc(until), timestamp 'infinity') as until,
        upper(words(currency)) as currency,
        exact(price) as price
    from prices
    group by all
),

windows as (
    select
        *,
        max(until) over (
            partition by unit
            order by since, until, currency, price
            rows between unbounded preceding and 1 preceding
        ) as taken_until
    from known
),

unpriced as (
    select
        words(u.unit) as unit,
        min(u.x_line) as x_line,
        count(*) as lines,
        sum(exact(u.quantity)) as quantity,
        min(utc(u."timestamp")) as since,
        max(utc(u."timestamp")) as last_start
    from usage as u
    where not exists (
        select 1
        from known as k
        where
            k.unit = upper(words(u.unit))
            and k.price is not null
            and date_trunc('hour', utc(u."timestamp")) >= k.since
            and date_trunc('hour', utc(u."timestamp")) < k.until
    )
    group by words(u.unit)
)

select
    case when exists (select 1 from known) then 'warning' else 'error' end as severity,
    'missing_price' as code,
    x_line,
    'no price for ' || unit || ': ' || plain(quantity) || ' on ' || lines
    || case when lines = 1 then ' line' else ' lines' end
    || ' from ' || strftime(since, '%Y-%m-%dT%H:%M:%SZ')
    || case
        when last_start > since then ' to ' || strftime(last_start, '%Y-%m-%dT%H:%M:%SZ') else ''
    end
    || ' cost an unknown amount, which is in no total' as message,
    'add a line to prices: the unit, what one of it costs by your agreement, and the currency' as hint
from unpriced
union all
select
    'error',
    'two_prices',
    x_line,
    unit || ' has a second price' || case
        when since > timestamp '-infinity' then ' at ' || strftime(since, '%Y-%m-%dT%H:%M:%SZ')
        else ''
    end,
    'end the first with until, or begin the second with since'
from windows
where since < taken_until
union all
select
    'error',
    'long_price',
    x_line,
    'the price ' || rtrim(price::varchar, '0') || ' of ' || unit || ' has more than 8 places',
    'tell us about it: a cost would not be exact'
from known
where price <> trunc(price, 8)
order by severity, code, x_line, message, hint
