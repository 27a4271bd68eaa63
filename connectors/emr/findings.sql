-- connectors/emr/findings.sql
-- Steps that name no cluster cannot be read. Grain: at most one row. Reads: steps.
select
    'error' as severity,
    'no_cluster' as code,
    min(x_line) as line,
    'these steps do not say which cluster they are of (' || count(*) || ' steps)' as message,
    'aws emr list-steps --cluster-id ID --query "{ClusterId: ''ID'', Steps: Steps}" writes it beside them'
    as hint
from steps
where ClusterId is null
having count(*) > 0
