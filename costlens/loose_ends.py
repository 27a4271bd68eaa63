"""What is left to name, by the latest build's lines and runs and today's catalogue."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from costlens.allocate import steps
from costlens.allocate.book import make_book, tag_keys
from costlens.config.values import Workspace
from costlens.errors import Finding
from costlens.ingest.source import macros
from costlens.ingest.tags import show_retagged
from costlens.money import plain
from costlens.start.names import as_name, is_valid
from costlens.start.text import mapping, scalar

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_FOLDER = Path(__file__).parent / "questions"
_SHOWN = 10  # of each kind


def loose_ends(con: "DuckDBPyConnection", workspace: Workspace) -> list[Finding]:
    """Find runs of no pipeline, features that no run makes, and charges that look like a thing's.

    `con` has a build open; charges are those of its last billing period. Most of what a kind
    weighs comes first, in seconds or money; of more than ten the rest is counted.
    """
    steps.prepare(con, make_book(workspace.settings, workspace.catalogue))
    found = [
        *_capped(_runs(_rows(con, "runs_unplaced")), "pipelines whose runs no rule places"),
        *_capped(_features(_rows(con, "features_unmade")), "features that no run makes"),
    ]
    (period,) = con.execute("select max(billing_period) from charges").fetchone() or (None,)
    if period is None:
        return found
    with macros(con):
        show_retagged(con, tag_keys(workspace.settings, workspace.catalogue))
        steps.match(con, period)
        rows = _rows(con, "charges_alike", period=period)
    return [*found, *_capped(_charges(rows, period), "names that charges hold")]


def _rows(con: "DuckDBPyConnection", name: str, **given: object) -> list[tuple[Any, ...]]:
    # any: what DuckDB gives
    sql = (_FOLDER / f"{name}.sql").read_text(encoding="utf-8")
    return con.execute(sql, steps.parameters(sql, given)).fetchall()


def _capped(found: Iterator[Finding], what: str) -> list[Finding]:
    every = list(found)
    shown = every[:_SHOWN]
    if len(every) > _SHOWN:
        more = f"and {len(every) - _SHOWN:,} more {what}, each of less"
        shown.append(Finding(message=more, code=shown[0].code, severity="info"))
    return shown


def _runs(rows: Sequence[tuple[Any, ...]]) -> Iterator[Finding]:
    for source, pipeline, runs, seconds in rows:
        entry = mapping(name=scalar(as_name(pipeline)))
        if not is_valid(pipeline):
            matched = mapping(match=mapping(pipeline=scalar(pipeline)))
            entry = mapping(name=scalar(as_name(pipeline)), runs=matched)
        yield Finding(
            message=f"no rule places {runs:,} run{'s' * (runs != 1)} of {pipeline}, "
            f"{seconds:,} seconds",
            where=source,
            hint=f"add it to the catalogue, under pipelines: - {entry}",
            code="runs_unplaced",
            severity="info",
        )


def _features(rows: Sequence[tuple[Any, ...]]) -> Iterator[Finding]:
    for name, place, currency, cost in rows:
        has = f"; {plain(cost)} {currency} came to it otherwise" if cost else ""
        made = mapping(part='"PART"', feature=scalar(name))
        yield Finding(
            message=f"no run makes the feature {name}{has}",
            where=place or "",
            hint=f"add to the pipeline that does, under produces: - {made}",
            code="feature_unmade",
            severity="info",
        )


def _charges(rows: Sequence[tuple[Any, ...]], period: str) -> Iterator[Finding]:
    for kind, name, currency, cost, lines, by in rows:
        part = "" if by["lines"] == lines else f"{plain(by['cost'])} of it by "
        value = scalar(re.sub(r"[*?\[\]]", "?", by["value"]))  # a rule is a glob
        if by["rung"] == 1:
            said = f"the tag {by['key']}={by['value']}"
            rule = mapping(tags=mapping(**{scalar(by["key"]): value}))
        else:
            said = f"the resource {by['value']}"
            rule = mapping(resource_id=value)
        if by["rung"] == 3:
            hint = f"its rule may name what else they have in common: under the {kind} {name}"
        else:
            hint = f"if so, add to the {kind} {name}: billed_by: [{rule}]"
        yield Finding(
            message=f"{plain(cost)} {currency} of {period} that no rule picks, on {lines:,} "
            f"line{'s' * (lines != 1)}, looks like the {kind} {name}: {part}{said}",
            hint=hint,
            code="charges_alike",
            severity="info",
        )
