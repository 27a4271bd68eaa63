-- Which attempts are nested in one of another source by their time: of one pipeline of the catalogue,
-- one's interval within the other's, where no parent says more. The tightest holds it; of two equal
-- intervals the source that is first by name. Nothing is in what is in it by name.
-- Grain: one row per inner attempt. Reads: logged, run_nests.
-- The longer side is laid out by the hour, so that the join meets only what can be nested.
with recursive by_name as (
    select source, inner_run, outer_source, outer_run
    from run_nests
    union
    select n.source, n.inner_run, r.outer_source, r.outer_run
    from by_name as n
    inner join run_nests as r on n.outer_source = r.source and n.outer_run = r.inner_run
),

live as (
    select attempt, source, execution, pipeline_node, start, until
    from logged
    where
        known
        and state not in ('skipped', 'cached')
        and until > start
        and pipeline_node in (
            select pipeline_node from logged group by all having count(distinct source) > 1
        )
),

free as (
    select *
    from live
    where (source, execution) not in (select (source, inner_run) from run_nests)
),

-- Only hours in which something free began.
began as (
    select distinct pipeline_node, date_trunc('hour', start) as hour
    from free
),

hours as (
    select
        attempt,
        pipeline_node,
        unnest(
            generate_series(
                date_trunc('hour', start), until - interval 1 microsecond, interval 1 hour
            )
        ) as hour
    from live
),

met as (
    select i.attempt, o.attempt as outer_attempt, o.until - o.start as length, o.source
    from free as i
    inner join began as b on i.pipeline_node = b.pipeline_node and date_trunc('hour', i.start) = b.hour
    inner join hours as h on b.pipeline_node = h.pipeline_node and b.hour = h.hour
    inner join live as o
        on
            h.attempt = o.attempt
            and i.source <> o.source
            and o.start <= i.start
            and i.until <= o.until
            and (o.start < i.start or i.until < o.until or o.source < i.source)
    anti join by_name as n
        on
            o.source = n.source
            and o.execution = n.inner_run
            and i.source = n.outer_source
            and i.execution = n.outer_run
)

select attempt, outer_attempt
from met
qualify row_number() over (partition by attempt order by length, source, outer_attempt) = 1
