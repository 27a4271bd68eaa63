"""Read what stands in tables: `benefits.csv`, `realised.csv`, `metrics.csv`, `correlations.csv`.

A line becomes the mapping that YAML would be, so it goes through the same reader and checks.
"""

import csv
import io
from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import TypeVar

from costlens.config.benefits import Amount, Benefit, Realised, claim_id
from costlens.config.correlations import Correlation
from costlens.config.keys import keys_of
from costlens.config.marks import Leaf, Map, Node, meaning
from costlens.config.metrics import Reading
from costlens.config.notes import Mention, Notes, did_you_mean, listed
from costlens.config.read import read
from costlens.config.values import Catalogue, Target

_KINDS = {"product": "products", "model": "models", "feature": "features"}
Once = TypeVar("Once", Realised, Reading, Correlation)
Line = tuple[str, dict[str, str]]  # its place, and its cells that are not empty


def read_realised(text: str, *, file: str, notes: Notes) -> tuple[Realised, ...]:
    """Read what benefits brought in, month by month; each claim and month once."""
    return tuple(_each_once(text, file, Realised, ("claim", "month", "amount"), notes))


def read_readings(text: str, *, file: str, notes: Notes) -> tuple[Reading, ...]:
    """Read what metrics were, month by month; each metric and month once."""
    return tuple(_each_once(text, file, Reading, ("metric", "month", "value"), notes))


def read_correlations(text: str, *, file: str, notes: Notes) -> tuple[Correlation, ...]:
    """Read how alike the values of features are; each two once."""
    needed = ("feature", "other", "correlation")
    return tuple(_each_once(text, file, Correlation, needed, notes))


def _each_once(
    text: str, file: str, kind: type[Once], needed: tuple[str, str, str], notes: Notes
) -> Iterator[Once]:
    """Read lines that say a third thing of two others, such as a claim and a month, each once."""
    found: dict[tuple[str, str], str] = {}
    for place, cells in _lines(text, file, list(keys_of(kind)), needed, notes):
        one = read(_map(place, cells), kind, notes)
        if one is None:
            continue
        name, of = str(getattr(one, needed[0])), str(getattr(one, needed[1]))
        first = found.setdefault((name, of), place)
        if first == place:
            yield one
        else:
            notes.add(
                f'"{name}" has {of} twice, here and at {first}',
                where=place,
                hint="keep one of the two, or add them up",
                code="duplicate_key",
            )


def add_benefits(catalogue: Catalogue, text: str, *, file: str, notes: Notes) -> Catalogue:
    """Read benefits, and put each under the thing that its line names."""
    amount = [name for name in keys_of(Amount) if name != "likely"]
    keys = ["target", *keys_of(Benefit), *amount]
    added: dict[tuple[str, str], dict[str, Benefit]] = {}
    for place, cells in _lines(text, file, keys, ("target", "name", "kind"), notes):
        thing = _target(cells.pop("target", ""), place, notes)
        ends = {name: cells.pop(name) for name in amount if name in cells}
        line = _map(place, cells)
        if ends:
            line.entries["amount"] = (place, _range(place, cells.get("amount"), ends))
        if "share" in cells:
            line.entries["share"] = (place, _shares(place, cells["share"]))
        one = read(line, Benefit, notes)
        if one is None or thing is None:
            continue
        here = added.setdefault(thing, _declared(catalogue, *thing))
        first = here.setdefault(one.name, one)
        if first is not one:
            notes.add(
                f'benefit "{one.name}" of {thing[1]} is named twice, here and at {first.place}',
                where=place,
                hint="rename one of the two, or take it out",
                code="duplicate_name",
            )
    for (kind, name), benefits in added.items():
        field = _KINDS[kind]
        things = tuple(
            replace(one, benefits=tuple(benefits.values())) if one.name == name else one
            for one in getattr(catalogue, field)
        )
        catalogue = replace(catalogue, **{field: things})  # type: ignore[arg-type]  # by its kind
    return catalogue


def name_claims(catalogue: Catalogue, notes: Notes) -> None:
    """Note every claim and metric, for the lines of `realised.csv` and `metrics.csv` to name."""
    known = notes.names.setdefault("claim", {})
    for kind, field in _KINDS.items():
        things: tuple[Target, ...] = getattr(catalogue, field)
        for thing in things:
            for benefit in thing.benefits:
                known[claim_id(kind, thing.name, benefit.name)] = benefit.place
    named = notes.names.setdefault("metric", {})
    for product in catalogue.products:
        for metric in product.metrics:
            named[f"{product.name}/{metric.name}"] = metric.place
            for low in metric.under:
                named[f"{product.name}/{metric.name}/{low.name}"] = low.place


def _lines(
    text: str, file: str, keys: Collection[str], needed: Collection[str], notes: Notes
) -> Iterator[Line]:
    """Give the lines of a file whose first one names columns; note what cannot be read."""
    lines = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = next(lines, [])
        _check_header(header, file, keys, needed, notes)
        for cells in lines:
            place = f"{file}:{lines.line_num}"
            if len(cells) == len(header):
                found = zip(header, map(str.strip, cells), strict=True)
                yield place, {name: cell for name, cell in found if cell and name in keys}
            elif cells:
                notes.add(
                    f"{len(cells)} cells, not {len(header)}",
                    where=place,
                    hint='write as many as line 1 has, and "" around a cell that holds a comma',
                )
    except csv.Error as error:
        notes.add(
            f"not CSV: {error}",
            where=f"{file}:{lines.line_num}",
            hint='write one line each, with "" around a cell that holds a comma',
        )


def _check_header(
    header: list[str], file: str, keys: Collection[str], needed: Collection[str], notes: Notes
) -> None:
    for at, name in enumerate(header):
        if name in header[:at]:
            notes.add(f'the column "{name}" stands twice', where=f"{file}:1", hint="keep one")
        elif name not in keys:
            near = did_you_mean(name, [key for key in keys if key not in header])
            notes.add(
                f'unknown column "{name}"',
                where=f"{file}:1",
                hint=f'did you mean "{near}"?' if near else f"known columns: {listed(list(keys))}",
                code="unknown_key",
            )
    for name in needed:
        if name not in header and not any(did_you_mean(one, [name]) for one in header):
            notes.add(
                f'there is no column "{name}"',
                where=f"{file}:1",
                hint=f"line 1 names the columns; these are needed: {listed(list(needed))}",
                code="missing_key",
            )


def _leaf(place: str, text: str) -> Leaf:
    return Leaf(place, text, meaning(text))


def _map(place: str, cells: dict[str, str]) -> Map:
    return Map(place, {name: (place, _leaf(place, cell)) for name, cell in cells.items()})


def _range(place: str, likely: str | None, ends: dict[str, str]) -> Map:
    return _map(place, ({"likely": likely} if likely else {}) | ends)


def _shares(place: str, text: str) -> Node:
    """Read `churn=0.6; feature:orders=0.4` as the mapping that it means."""
    parts = [part.strip() for part in text.split(";") if part.strip()]
    if not all("=" in part for part in parts):
        return _leaf(place, text)
    entries: dict[str, tuple[str, Node]] = {}
    for part in parts:
        name, _, share = part.rpartition("=")
        entries[name.strip()] = (place, _leaf(place, share.strip()))
    return Map(place, entries)


def _target(text: str, place: str, notes: Notes) -> tuple[str, str] | None:
    """Read a product's name, or `model:NAME` or `feature:NAME`."""
    if not text:
        notes.add(
            '"target" is missing',
            where=place,
            hint="write the product's name, or model:NAME or feature:NAME",
            code="missing_key",
        )
        return None
    kind, _, name = text.partition(":")
    if kind not in _KINDS or not name:
        kind, name = "product", text
    notes.references.append(Mention(text=name, place=place, kind=kind))
    return kind, name


def _declared(catalogue: Catalogue, kind: str, name: str) -> dict[str, Benefit]:
    things: tuple[Target, ...] = getattr(catalogue, _KINDS[kind])
    return {benefit.name: benefit for one in things if one.name == name for benefit in one.benefits}
