-- connectors/aws_cur/tag_sets.sql
-- The tags of a line under the keys that people wrote, worked out once for lines that have the same: by
-- far fewer than lines. The column tags of 2.0 holds all of them, those of accounts and cost categories
-- too. Grain: one row per set. Reads: source.
select
    tags,
    resource_tags,
    cost_category,
    x_gathered,
    principal,
    malformed(tags_text, raw_tags) as is_malformed,
    nullif(
        '{' || concat_ws(
            ',',
            tags_of_aws(raw_tags)[2:-2],
            case when not is_all then categories_of_aws(raw_categories)[2:-2] end,
            '"aws:iam-principal":' || to_json(words(principal))::varchar
        ) || '}',
        '{}'
    ) as own_tags
from (
    select
        *,
        json(tags) is not null as is_all,
        coalesce(written_text(tags), written_text(resource_tags)) as tags_text,
        coalesce(
            json(tags),
            json(resource_tags),
            gathered('tags_csv', x_gathered),
            gathered('tags_flat', x_gathered)
        ) as raw_tags,
        coalesce(
            json(cost_category),
            gathered('categories_csv', x_gathered),
            gathered('categories_flat', x_gathered)
        ) as raw_categories
    from (
        select distinct
            tags,
            resource_tags,
            cost_category,
            x_gathered,
            line_item_iam_principal as principal
        from source
    )
)
