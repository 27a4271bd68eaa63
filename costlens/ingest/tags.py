"""The tags that rules name, as the column `x_tags`: a JSON list of "key=value" in lower case."""

import json

from costlens.lake.views import literal


def tagged(
    relation: str, tag_keys: frozenset[str], *, tags: str = "coalesce(AllocatedTags, Tags)"
) -> str:
    """Write charges with what x_tags is made of beside their columns.

    In lower case every key has one spelling, so a path finds it: far cheaper than looking at each
    key of a line. Step by step, so that DuckDB computes each once a distinct text, not once a line.
    """
    keys = _ordered(tag_keys)
    if not keys:
        return relation
    folded = f"select *, lower({tags}) as tags_folded from {relation}"
    values = ", ".join(
        f"lower(json_extract_string(tags_folded, {_path(key)})) as tag_{at}"
        for at, key in enumerate(keys)
    )
    doubled = " or ".join(f"regexp_matches(tags_folded, {literal(_twice(key))})" for key in keys)
    read = f"select *, {values}, {doubled} as tags_doubled from ({folded}) as folded"
    pairs = ", ".join(
        f"to_json({literal(f'{key}=')} || tag_{at})::varchar as pair_{at}"
        for at, key in enumerate(keys)
    )
    return f"(select *, {pairs} from ({read}) as read) as made"


def rule_tags_sql(tag_keys: frozenset[str]) -> str:
    """Write x_tags over `tagged`; null where no key is there.

    Where a line spells one key in two ways, both values stand in the list.
    """
    keys = _ordered(tag_keys)
    if not keys:
        return "null::varchar"
    pairs = ", ".join(f"pair_{at}" for at in range(len(keys)))
    listed = ", ".join(map(literal, keys))
    return (
        f"nullif(case when tags_doubled then doubled_tags(tags_folded, [{listed}]) "
        f"else '[' || concat_ws(',', {pairs}) || ']' end, '[]')"
    )


def helper_columns(tag_keys: frozenset[str]) -> list[str]:
    """Name the columns that `tagged` adds."""
    found = range(len(tag_keys))
    added = ["tags_folded", "tags_doubled"] if tag_keys else []
    return [*added, *(f"tag_{at}" for at in found), *(f"pair_{at}" for at in found)]


def _ordered(tag_keys: frozenset[str]) -> list[str]:
    """Order keys as their "key=value" sort."""
    return sorted(tag_keys, key=lambda key: f"{key}=")


def _twice(key: str) -> str:
    quoted = json.dumps(key, ensure_ascii=False).replace("\\E", "\\E\\\\E\\Q")
    return rf"\Q{quoted}:\E.*\Q{quoted}:\E"


def _path(key: str) -> str:
    return literal("/" + key.replace("~", "~0").replace("/", "~1"))
