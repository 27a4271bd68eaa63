-- connectors/spark/pieces.sql
-- The time that tasks took, cut at the hours, and what they wrote.
-- Grain: one row per (log, stage, executor, outcome, clock hour). Reads: source, applications.
-- `busy` are milliseconds of tasks in that hour. `work`, `rows_out` and `bytes_out` count in the hour
-- in which a task began; `work` is its time as it tells of it, wherever its clock stands.
with tasks as (
    select
        s.x_line,
        s.x_log,
        whole(s.stage) as stage,
        coalesce(s.on_executor, '') as executor,
        case
            when s.killed = 'true' then 'killed'
            when s.failed = 'true' then 'failed'
            else 'succeeded'
        end as outcome,
        whole(s.launch) as launch,
        whole(s.finish) as finish,
        whole(s.run_ms) as run_ms,
        whole(s.rows_out) as rows_out,
        whole(s.bytes_out) as bytes_out,
        a.start_ms,
        a.stop_ms
    from source as s
    inner join applications as a on s.x_log = a.x_log
    where
        s.event = 'SparkListenerTaskEnd'
        and s.reason is distinct from 'Resubmitted'
        and s.stage is not null
        and s.launch is not null
        and s.finish is not null
),

-- A task that failed may tell nothing of its time but its start and end.
measured as (
    select
        * exclude (run_ms),
        launch <= finish and launch >= start_ms - 60000 and finish <= stop_ms + 60000 as has_clock,
        case
            when run_ms > 0 then run_ms
            when outcome = 'succeeded' then 0
            else greatest(finish - launch, 0)
        end as told
    from tasks
),

-- A clock that makes no sense is not believed: the task ran at the end of the application, and no
-- longer than that.
clocked as (
    select
        x_line,
        x_log,
        stage,
        executor,
        outcome,
        case
            when not has_clock then least(told, stop_ms - start_ms)
            when told > finish - launch + 60000 then finish - launch
            else told
        end as busy,
        case when told > finish - launch + 60000 then greatest(finish - launch, 0) else told end
            as work,
        case when outcome = 'succeeded' then rows_out else rows_out * 0 end as rows_out,
        case when outcome = 'succeeded' then bytes_out else bytes_out * 0 end as bytes_out,
        case when has_clock then launch else greatest(start_ms, stop_ms - greatest(told, 1)) end
            as lo,
        case when has_clock then greatest(finish, launch + 1) else greatest(stop_ms, start_ms + 1) end
            as hi
    from measured
),

-- Tasks that ran within one hour need not be cut: they are added up first.
added as (
    select
        x_log,
        stage,
        executor,
        outcome,
        first_hour,
        last_hour,
        min(x_line) as x_line,
        min(lo) as lo,
        max(hi) as hi,
        sum(busy) as busy,
        sum(work) as work,
        sum(rows_out) as rows_out,
        sum(bytes_out) as bytes_out
    from (
        select *, lo // 3600000 as first_hour, (hi - 1) // 3600000 as last_hour
        from clocked
    )
    group by
        x_log,
        stage,
        executor,
        outcome,
        first_hour,
        last_hour,
        case when first_hour < last_hour then x_line end
),

cut as (
    select *, unnest(range(first_hour, last_hour + 1)) as hour
    from added
)

-- The parts of a task's time add up to it.
select
    x_log,
    stage,
    executor,
    outcome,
    hour,
    min(x_line) as x_line,
    min(greatest(lo, hour * 3600000)) as lo,
    max(least(hi, (hour + 1) * 3600000)) as hi,
    sum(
        case
            when first_hour = last_hour then busy
            else busy * (least(hi, (hour + 1) * 3600000) - lo) // (hi - lo)
                - busy * (greatest(lo, hour * 3600000) - lo) // (hi - lo)
        end
    )::bigint as busy,
    (sum(work) filter (hour = first_hour))::bigint as work,
    (sum(rows_out) filter (hour = first_hour))::bigint as rows_out,
    (sum(bytes_out) filter (hour = first_hour))::bigint as bytes_out
from cut
group by x_log, stage, executor, outcome, hour
