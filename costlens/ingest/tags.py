"""The tags that rules name, as the column `x_tags`: a JSON list of "key=value" in lower case.

A key that begins with `sku:` names a property of SkuPriceDetails, else a tag.
"""

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING

from costlens.lake.views import literal

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

SKU = "sku:"


def tagged(
    relation: str,
    tag_keys: frozenset[str],
    *,
    tags: str = "coalesce(AllocatedTags, Tags)",
    details: str = "SkuPriceDetails",
) -> str:
    """Write charges with what x_tags is made of beside their columns.

    In lower case every key has one spelling, so a path finds it: far cheaper than looking at each
    key of a line. Step by step, so that DuckDB computes each once a distinct text, not once a line.
    """
    keys = _ordered(tag_keys)
    if not keys:
        return relation
    read = f"case when json_valid({details}) then lower({details}) end"
    priced = f", {read} as details_folded" if _named(keys, SKU) else ""
    folded = f"select *, lower({tags}) as tags_folded{priced} from {relation}"
    values = ", ".join(f"lower({_found(key)}) as tag_{at}" for at, key in enumerate(keys))
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
    priced = "".join(f", pair_{at}" for at, key in enumerate(keys) if key.startswith(SKU))
    doubled = f"doubled_tags(tags_folded, [{', '.join(map(literal, keys))}])"
    if priced:
        doubled = f"'[' || concat_ws(',', nullif(({doubled})[2:-2], ''){priced}) || ']'"
    return (
        f"nullif(case when tags_doubled then {doubled} "
        f"else '[' || concat_ws(',', {pairs}) || ']' end, '[]')"
    )


def retagged(relation: str, tag_keys: frozenset[str]) -> str:
    """Write a select of stored charges with x_tags made anew, for other keys than a build's."""
    added = ", ".join(_helper_columns(tag_keys))
    left_out = f" exclude ({added})" if added else ""
    return (
        f"select *{left_out} replace ({rule_tags_sql(tag_keys)} as x_tags) "
        f"from {tagged(relation, tag_keys)}"
    )


def show_retagged(con: "DuckDBPyConnection", tag_keys: frozenset[str]) -> None:
    """Put a view of retagged charges in the place of those of the build that is open."""
    select = retagged("memory.main.charges", tag_keys)
    con.execute(f"create or replace temp view charges as {select}")


def _helper_columns(tag_keys: frozenset[str]) -> list[str]:
    """Name the columns that `tagged` adds."""
    found = range(len(tag_keys))
    added = ["tags_folded", "tags_doubled"] if tag_keys else []
    added += ["details_folded"] if _named(tag_keys, SKU) else []
    return [*added, *(f"tag_{at}" for at in found), *(f"pair_{at}" for at in found)]


def _named(keys: Iterable[str], prefix: str) -> bool:
    return any(key.startswith(prefix) for key in keys)


def _found(key: str) -> str:
    tag = f"json_extract_string(tags_folded, {_path(key)})"
    if not key.startswith(SKU):
        return tag
    return f"coalesce(json_extract_string(details_folded, {_path(key[len(SKU) :])}), {tag})"


def _ordered(tag_keys: frozenset[str]) -> list[str]:
    """Order keys as their "key=value" sort."""
    return sorted(tag_keys, key=lambda key: f"{key}=")


def _twice(key: str) -> str:
    quoted = json.dumps(key, ensure_ascii=False).replace("\\E", "\\E\\\\E\\Q")
    return rf"\Q{quoted}:\E.*\Q{quoted}:\E"


def _path(key: str) -> str:
    return literal("/" + key.replace("~", "~0").replace("/", "~1"))
