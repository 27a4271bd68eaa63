-- connectors/aws_cur/tag_sets.sql
-- The tags of 2.0, under the keys that people wrote, worked out once for lines that have the same: by far
-- fewer than lines. The column tags holds all of them, those of accounts and cost categories too.
-- Grain: one row per set. Reads: source.
select
    tags,
    resource_tags,
    cost_category,
    json(tags) is not null as is_all,
    coalesce(json(tags), json(resource_tags)) as raw_tags,
    tags_of_aws(raw_tags) as own_tags,
    categories_of_aws(json(cost_category)) as category_tags
from (
    select distinct tags, resource_tags, cost_category
    from source
)
