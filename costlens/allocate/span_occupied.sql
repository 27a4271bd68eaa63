-- How much of each billed span each attempt occupied, where those that are there at once share all of
-- it, in millionths of a microsecond; and how long nobody was there (attempt null).
-- The clock runs for each as fast as one's part of the place: methods.md §4, policy 2.
-- Grain: one row per (place, span, attempt). Reads: span_times, tries, resource_sizes.
with there as (
    select
        u.*,
        case
            when z.overlap = 'occupancy' or z.mixed or t.size_milli is null then 1000
            else t.size_milli
        end as size_milli
    from span_times as u
    inner join resource_sizes as z on u.place = z.place
    inner join tries as t on u.attempt = t.attempt
    where z.overlap in ('occupancy', 'occupancy_by_slots')
),

changes as (
    select place, span_start, span_stop, start as moment, size_milli as change
    from there
    union all
    select place, span_start, span_stop, stop, -size_milli
    from there
    union all
    select distinct place, span_start, span_stop, unnest([span_start, span_stop]), 0
    from there
),

moments as (
    select place, span_start, span_stop, moment, sum(change)::hugeint as change
    from changes
    group by all
),

slices as (
    select
        place,
        span_start,
        span_stop,
        moment,
        sum(change) over so_far as size_milli,
        lead(moment) over so_far as until
    from moments
    window so_far as (partition by place, span_start, span_stop order by moment)
),

-- How far the clock of a thousandth of a slot goes in each slice.
paces as (
    select
        *,
        coalesce(micros(moment, until), 0)::hugeint * 1000000 as lasts,
        case when size_milli > 0 then lasts // size_milli else 0 end as pace
    from slices
),

clock as (
    select place, span_start, span_stop, moment, coalesce(sum(pace) over before, 0) as shows
    from paces
    window before as (
        partition by place, span_start, span_stop
        order by moment
        rows between unbounded preceding and 1 preceding
    )
)

select
    t.place,
    t.span_start,
    t.span_stop,
    t.attempt,
    sum(t.size_milli * (b.shows - a.shows))::hugeint as occupied
from there as t
inner join clock as a
    on
        t.place = a.place
        and t.span_start = a.span_start
        and t.span_stop = a.span_stop
        and t.start = a.moment
inner join clock as b
    on
        t.place = b.place
        and t.span_start = b.span_start
        and t.span_stop = b.span_stop
        and t.stop = b.moment
group by all
union all
select place, span_start, span_stop, null, sum(lasts)::hugeint
from paces
where size_milli = 0
group by all
