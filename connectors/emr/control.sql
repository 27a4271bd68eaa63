-- connectors/emr/control.sql
-- How many steps began, and how many clusters had none. Grain: one row per month.
-- Reads: clusters, steps.
select 'attempts' as makes, strftime(month, '%Y-%m') as period, count(*)::bigint as rows
from (
    select Id, date_trunc('month', max(instant(StartedAt))) as month
    from steps
    where StartedAt is not null
    group by Id
    union all
    select c.Id, date_trunc('month', min(instant(c.CreatedAt)))
    from clusters as c
    anti join (select ClusterId from steps where StartedAt is not null) as s on c.Id = s.ClusterId
    group by c.Id
) as began
where month is not null
group by month
order by period
