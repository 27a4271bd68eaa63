"""The tags that rules name, as the column `x_tags`: a JSON list of "key=value" in lower case."""

import json

from costlens.lake.views import literal

FOLDED = "lower(coalesce(AllocatedTags, Tags))"


def rule_tags_sql(tag_keys: frozenset[str]) -> str:
    """Write x_tags over the column `tags_folded`, which is FOLDED; null where no key is there.

    In lower case every key has one spelling, so a path finds it: ten times faster than looking at
    each key. Where a line spells one in two ways, both values stand in the list.
    """
    if not tag_keys:
        return "null::varchar"
    keys = sorted(tag_keys, key=lambda key: f"{key}=")
    doubled = " or ".join(f"regexp_matches(tags_folded, {literal(_twice(key))})" for key in keys)
    values = [f"lower(json_extract_string(tags_folded, {_path(key)}))" for key in keys]
    pairs = ", ".join(
        f"to_json({literal(f'{key}=')} || {value})::varchar"
        for key, value in zip(keys, values, strict=True)
    )
    listed = ", ".join(map(literal, keys))
    return (
        "case when tags_folded is null then null "
        f"when {doubled} then nullif(doubled_tags(tags_folded, [{listed}]), '[]') "
        f"else nullif('[' || concat_ws(',', {pairs}) || ']', '[]') end"
    )


def _twice(key: str) -> str:
    quoted = json.dumps(key, ensure_ascii=False).replace("\\E", "\\E\\\\E\\Q")
    return rf"\Q{quoted}:\E.*\Q{quoted}:\E"


def _path(key: str) -> str:
    return literal("/" + key.replace("~", "~0").replace("/", "~1"))
