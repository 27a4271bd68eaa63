-- When each attempt ran within each billed span of its resource, cut at full hours.
-- Grain: one row per (place, span, attempt, uninterrupted interval). Reads: pools, ran_on, segments.
-- Both sides are laid out by the hour, so that the join meets only what can overlap.
with spans as (
    select distinct place, span_start, span_stop
    from pools
    where kind = 'resource'
),

span_hours as (
    select
        *,
        unnest(
            generate_series(
                date_trunc('hour', span_start), span_stop - interval 1 microsecond, interval 1 hour
            )
        ) as hour
    from spans
),

reach as (
    select min(span_start) as first, max(span_stop) as last
    from spans
),

segment_hours as (
    select
        r.place,
        r.attempt,
        s.start,
        s.stop,
        unnest(
            generate_series(
                date_trunc('hour', greatest(s.start, e.first)),
                least(s.stop, e.last) - interval 1 microsecond,
                interval 1 hour
            )
        ) as hour
    from segments as s
    cross join reach as e
    inner join ran_on as r on s.attempt = r.attempt
    where
        s.start < e.last
        and s.stop > e.first
        and r.place in (select place from spans)
)

select
    p.place,
    p.span_start,
    p.span_stop,
    s.attempt,
    greatest(p.span_start, s.start, p.hour) as start,
    least(p.span_stop, s.stop, p.hour + interval 1 hour) as stop
from span_hours as p
inner join segment_hours as s on p.place = s.place and p.hour = s.hour
where
    greatest(p.span_start, s.start, p.hour) < least(p.span_stop, s.stop, p.hour + interval 1 hour)
