"""A pack as one source uses it: the file's names of columns, fixed values, what it leaves out."""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from costlens.config.keys import keys_of
from costlens.config.notes import did_you_mean, listed
from costlens.config.values import Source
from costlens.errors import CostLensError, Finding
from costlens.ingest.packs import Pack
from costlens.ingest.tags import SKU


def fit(pack: Pack, source: Source) -> Pack:
    """Fit a pack to a source's `columns`, `values`, `drop_tags` and what else it asks for.

    Raise all that does not fit.
    """
    findings = list(_misfits(pack, source))
    if findings:
        raise CostLensError(findings=findings)
    asked = {name: str(getattr(source, name)) for name in pack.description.settings}
    pack = replace(pack, fitted_at=source.place, settings=asked)
    if not (source.columns or source.values or source.drop_tags or _changed(source)):
        return pack
    told = json.dumps([pack.digest, source.columns, source.values, source.drop_tags, asked])
    return replace(
        pack,
        digest=hashlib.sha256(told.encode()).hexdigest(),
        mapped=source.columns,
        fixed=source.values,
        dropped_tags=_pattern(source.drop_tags),
    )


def dropped_rule_tags(pack: Pack, source: Source, tag_keys: Iterable[str]) -> Iterator[Finding]:
    """Warn about tags that rules name and a source drops: these rules find nothing there."""
    if not pack.dropped_tags:
        return
    for key in sorted(tag_keys):
        if re.fullmatch(pack.dropped_tags, key) and not key.startswith(SKU):
            yield Finding(
                message=f'drop_tags takes out the tag "{key}", which rules name',
                where=source.place,
                hint="no charge of this source has it: take it out of drop_tags or of the rules",
                code="dropped_rule_tag",
                severity="warning",
            )


def _changed(source: Source) -> list[str]:
    """Name what a source sets to other than its default and only some packs ask for."""
    keys = (key for key in keys_of(Source).values() if key.asked)
    return [key.name for key in keys if getattr(source, key.field) != key.default]


def _misfits(pack: Pack, source: Source) -> Iterator[Finding]:
    for name in _changed(source):
        if name not in pack.description.settings:
            yield Finding(
                message=f"{name}: the pack {pack.name} has no such choice",
                where=source.place,
                hint="take it out",
                code="no_such_choice",
            )
    for setting, named in (("columns", source.columns), ("values", source.values)):
        for column in named:
            if column in pack.columns:
                continue
            near = did_you_mean(column, pack.columns)
            hint = f'did you mean "{near}"?' if near else f"it has {listed(pack.columns, most=8)}"
            if pack.description.tables:
                hint = "it reads several tables, whose columns have the names of their source"
            yield Finding(
                message=f'{setting}: the pack {pack.name} has no column "{column}"',
                where=source.place,
                hint=hint,
                code="unknown_column",
            )
    for column in sorted(set(source.columns) & set(source.values)):
        yield Finding(
            message=f"{column} stands under columns: and under values:",
            where=source.place,
            hint="take it out of one of the two",
            code="double_column",
        )


def _pattern(globs: Iterable[str]) -> str:
    """Write globs over tag keys in lower case as one RE2 pattern."""
    marks = {"*": ".*", "?": "."}
    return "|".join(
        "".join(marks.get(letter) or re.escape(letter) for letter in glob.lower()) for glob in globs
    )
