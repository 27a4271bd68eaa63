-- Bundles cut at day edges where they are longer than a day, by the time that falls on each day.
-- Grain: one row per (bundle, day); `cut_weight` of `cut_total` is the day's part.
-- `used_us` is the machine time the bill itself states for the pool, in microseconds.
-- Reads: bundles.
with days as (
    select
        bundle,
        span_start,
        span_stop,
        billed,
        effective,
        unnest(
            generate_series(
                date_trunc('day', span_start), span_stop - interval 1 microsecond, interval 1 day
            )
        ) as day_start
    from bundles
    where span_stop - span_start > interval 1 day
),

cuts as (
    select
        bundle as piece,
        day_start as member,
        micros(
            greatest(span_start, day_start), least(span_stop, day_start + interval 1 day)
        ) as weight,
        billed,
        effective
    from days
),

cut as (
    select
        piece as bundle,
        member as day_start,
        weight as cut_weight,
        total_weight as cut_total,
        billed_part,
        effective_part
    from split('cuts')
),

pieces as (
    select
        b.bundle,
        coalesce(c.day_start::date, b.span_start::date) as day,
        b.source,
        b.owner,
        b.place,
        b.kind,
        b.tier,
        b.rule,
        b.reason,
        b.service,
        b.charge_class,
        b.currency,
        coalesce(greatest(b.span_start, c.day_start), b.span_start) as span_start,
        coalesce(least(b.span_stop, c.day_start + interval 1 day), b.span_stop) as span_stop,
        b.machine_details,
        -- A billed duration in microseconds; null where the unit is not one of time.
        b.quantity * case
            -- A credit is an hour of the smallest warehouse.
            when b.unit in ('hour', 'hours', 'hrs', 'hr', 'h', 'credits') then 3600
            when b.unit in ('minute', 'minutes', 'min') then 60
            when b.unit in ('second', 'seconds', 's', 'sec') then 1
            when b.unit in ('day', 'days') then 86400
        end as stated_seconds,
        coalesce(c.cut_weight, 1) as cut_weight,
        coalesce(c.cut_total, 1) as cut_total,
        b.line_count,
        coalesce(c.billed_part, b.billed) as billed,
        coalesce(c.effective_part, b.effective) as effective
    from bundles as b
    left join cut as c on b.bundle = c.bundle
)

select
    * exclude (stated_seconds),
    row_number() over (order by bundle, day) as pool,
    (stated_seconds * 1000000)::hugeint * cut_weight // cut_total as used_us
from pieces
