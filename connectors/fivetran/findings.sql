-- connectors/fivetran/findings.sql
-- What keeps a month from being one cost a destination. Grain: one row per finding.
-- Reads: usage_cost.
select
    'error' as severity,
    'cost_twice' as code,
    min(x_line) as x_line,
    'the cost of ' || words(destination_id) || ' in ' || strftime(month_of(measured_month), '%Y-%m')
    || ' stands ' || count(*) || ' times' as message,
    'export usage_cost as it is: one row a destination and month' as hint
from usage_cost
group by words(destination_id), month_of(measured_month)
having count(*) > 1
order by x_line
