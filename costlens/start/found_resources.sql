-- costlens/start/found_resources.sql
-- The billed ids that more than one run names, the dearest first: an id of one run alone is matched
-- to it without a rule. Grain: one row per id. Reads: found_ids. Takes: $currency, $most.
select
    id,
    any_value(tries) as tries,
    any_value(pipelines) as pipelines,
    any_value(pipeline) as pipeline,
    min(resource_id) as resource_id,
    count(distinct lower(resource_id)) as spellings,
    sum(cost) filter (currency is not distinct from $currency) as cost
from found_ids
where not of_one_run or not starts_with(id, 'arn:')
group by id
order by sum(found_ids.cost) desc, id
limit $most
