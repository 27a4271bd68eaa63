-- connectors/spark/findings.sql
-- What is odd about the logs of a delivery. Grain: one row per finding. Reads: source, applications.
with executors as (
    select a.x_log, count(*) as lines, min(s.x_line) as x_line, max(whole(s.moment)) as said
    from source as s
    inner join applications as a on s.x_log = a.x_log
    where
        s.event in ('SparkListenerExecutorAdded', 'SparkListenerExecutorRemoved')
        and not whole(s.moment) between a.start_ms - 60000 and a.stop_ms + 60000
    group by a.x_log
),

tasks as (
    select a.x_log, count(*) as lines, min(s.x_line) as x_line
    from source as s
    inner join applications as a on s.x_log = a.x_log
    where
        s.event = 'SparkListenerTaskEnd'
        and (
            whole(s.launch) > whole(s.finish)
            or whole(s.launch) < a.start_ms - 60000
            or whole(s.finish) > a.stop_ms + 60000
            or whole(s.run_ms) > whole(s.finish) - whole(s.launch) + 60000
        )
    group by a.x_log
)

select
    'error' as severity,
    'unreadable' as code,
    min(x_line) as x_line,
    '"' || split_by || '" is nothing to split an application by' as message,
    'write work_s, values, rows or bytes' as hint
from source
where words(split_by) is not null and split_by not in ('work_s', 'values', 'rows', 'bytes')
group by split_by
union all
select
    'error',
    'unreadable',
    min(x_line),
    'the end of a task lacks its stage or its times, on ' || count(*) || ' lines',
    'deliver the log as Spark wrote it'
from source
where event = 'SparkListenerTaskEnd' and (stage is null or launch is null or finish is null)
having count(*) > 0
union all
select
    'warning',
    'no_start',
    x_line,
    'does not tell of the start of its application: it counts from its first job'
    || case when first_ms is null then ', of which there is none' else '' end,
    'deliver the log from its beginning'
from applications
where said_start is null
union all
select
    'info',
    'no_end',
    last_line,
    'does not tell of the end of its application: it counts up to its last event, '
    || coalesce(strftime(make_timestamp_ms(last_ms), '%Y-%m-%d %H:%M:%S'), 'of which there is none'),
    'it still runs, or it was killed'
from applications
where said_stop is null
union all
select
    'warning',
    'wrong_clock',
    e.x_line,
    'executors come or go at times like '
    || strftime(make_timestamp_ms(e.said), '%Y-%m-%d %H:%M:%S')
    || ', when their application did not run: counted within its time, on ' || e.lines || ' lines',
    'the clocks of the cluster differ'
from executors as e
union all
select
    'warning',
    'wrong_clock',
    t.x_line,
    'tasks ran at times when their application did not, or ended before they began: counted at its '
    || 'end, and no longer than it ran, on ' || t.lines || ' lines',
    'the clocks of the cluster differ'
from tasks as t
order by severity, code, x_line, message
