-- costlens/ingest/checks/outputs.sql
-- What is wrong with the outputs of one load. Grain: one row per problem.
-- Reads: outputs. Takes: $source and $period, the load.
select
    'negative_' || measure as problem,
    count(*) as lines,
    min(x_line) as line,
    arg_min(quantity::varchar, x_line) as value
from outputs
where source = $source and month = $period and quantity < 0
group by measure
order by measure
