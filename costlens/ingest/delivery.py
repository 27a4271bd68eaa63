"""What the files of one source hold: totals and accounts by period, before anything is written."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from costlens.config.values import Source, Workspace
from costlens.errors import CostLensError, Finding
from costlens.ingest.accounts import accounts_of, check_accounts
from costlens.ingest.diagnose import and_more, told, unreadable
from costlens.ingest.fetch import SourceFile, deliveries_of, unpacked_hashes
from costlens.ingest.fit import dropped_rule_tags
from costlens.ingest.loads import Load
from costlens.ingest.nested import parsing_of
from costlens.ingest.overlap import overlaps
from costlens.ingest.packs import Pack
from costlens.ingest.parsed import Parsed, parsed_folder
from costlens.ingest.remote import files_of
from costlens.ingest.rolled import lasting
from costlens.ingest.rows import Totals, control
from costlens.ingest.source import Opened
from costlens.ingest.tabled import as_deliveries, open_delivery
from costlens.lake import Draft
from costlens.lake.closings import Closing

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

Unit = tuple[str, str]  # a table and a period
_BATCH_SIZE, _BATCH_FILES = 4 << 30, 2000


@dataclass(frozen=True, kw_only=True)
class Work:
    """What a refresh works with."""

    workspace: Workspace
    draft: Draft
    con: "DuckDBPyConnection"
    tag_keys: frozenset[str]
    staging: Path
    as_of: datetime
    say: Callable[[str], None]
    closed: Mapping[str, Closing]

    @property
    def lake(self) -> Path:
        """The folder of the lake."""
        return self.workspace.folder / self.workspace.settings.lake

    def keeps(self, unit: Unit) -> bool:
        """Whether a table's month stays as it is, because it is closed."""
        return unit[0] == "charges" and unit[1] in self.closed


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """One file, or the parts of a whole, opened and added up."""

    opened: Opened
    totals: tuple[Totals, ...]
    notes: tuple[Finding, ...]

    @property
    def files(self) -> tuple[SourceFile, ...]:
        """The file, or the parts."""
        return self.opened.files

    @property
    def name(self) -> str:
        """The name of the file, or of its first part."""
        return self.files[0].name

    @property
    def file_key(self) -> str:
        """Name it by what is in it."""
        return sha256("".join(file.sha256 for file in self.files).encode()).hexdigest()[:16]

    @property
    def units(self) -> set[Unit]:
        """The tables and periods it holds some of."""
        return {(one.makes, one.period) for one in self.totals}

    def of(self, unit: Unit) -> list[Totals]:
        """Give the totals of a period, one a currency."""
        return [one for one in self.totals if (one.makes, one.period) == unit]


@dataclass(kw_only=True)
class Plan:
    """What is to be written for one source, and what stays."""

    source: Source
    pack: Pack
    digest: str
    current: list[Load]
    held: list[Load]
    deliveries: list[Delivery] = field(default_factory=list)
    touched: set[Unit] = field(default_factory=set)
    findings: list[Finding] = field(default_factory=list)
    accounts: dict[str, set[tuple[str, str]]] = field(default_factory=dict)  # by a delivery's key
    parsed: Parsed | None = None  # of a source of logs, what is kept of them
    present: frozenset[str] = frozenset()  # the hashes of its files

    @property
    def comes_in_parts(self) -> bool:
        """Whether several files of one account and month all count."""
        return self.source.parts or self.pack.description.parts


def plan(work: Work, source: Source, pack: Pack, loads: Sequence[Load]) -> Plan:
    """Find what changed in a source since its loads, and add up the files that matter.

    What came for a closed month is known by the load that is held back, and read once the month is
    open again.
    """
    made = Plan(
        source=source,
        pack=pack,
        digest=_digest(work, source, pack),
        current=[load for load in loads if load.is_current],
        held=[load for load in loads if load.waits],
        parsed=_parsed(work, source, pack),
    )
    files, made.findings = files_of(source, pack, work.workspace, as_of=work.as_of, say=work.say)
    made.findings += dropped_rule_tags(pack, source, work.tag_keys)
    files = _once(as_deliveries(files, pack, source), made)
    made.present = frozenset(file.sha256 for file in files)
    known = _known(made)
    wholes = deliveries_of(files)
    fresh = [parts for parts in wholes if any(part.sha256 not in known for part in parts)]
    made.deliveries = _deliver_all(work, made, fresh)
    made.touched = _of_changed(made, files) | _lost_parts(made, files)
    made.touched -= _known_of_closed(work, made, files)
    made.touched |= {unit_of(load) for load in made.held if not work.keeps(unit_of(load))}
    made.touched.update(*(one.units for one in made.deliveries))
    siblings = [
        parts
        for parts in wholes
        if parts not in fresh
        and any(known.get(part.sha256, set()) & made.touched for part in parts)
    ]
    made.deliveries += _deliver_all(work, made, siblings)
    made.deliveries.sort(key=lambda one: one.name)
    _check_empty(made)
    check_accounts(work, made)
    _check_overlaps(work, made)
    _check_gone(work, made, files)
    return made


def _parsed(work: Work, source: Source, pack: Pack) -> Parsed | None:
    """Say where what is parsed of a source's logs is kept."""
    if not pack.description.paths:
        return None
    folder = parsed_folder(work.lake, source.name)
    return Parsed(con=work.con, cache=folder, parsing=parsing_of(pack))


def _known(made: Plan) -> dict[str, set[Unit]]:
    """Name the periods that each file was read for as it would be read now."""
    known: dict[str, set[Unit]] = {}
    for load in (*made.current, *made.held):
        if load.pack_hash == made.digest:
            for one in load.delivered:
                known.setdefault(one.sha256, set()).add(unit_of(load))
    return known


def unit_of(load: Load) -> Unit:
    """Name the table and the period of a load."""
    return load.makes, load.period


def _digest(work: Work, source: Source, pack: Pack) -> str:
    """Hash what decides how a file is read, so that a change of it reads the file again."""
    currency = currency_of(work, source) if pack.makes_charges else ""
    return sha256(json.dumps([pack.digest, currency]).encode()).hexdigest()


def currency_of(work: Work, source: Source) -> str:
    """Give the currency of a bill that names none."""
    return source.currency or work.workspace.settings.currency


def _once(files: Sequence[SourceFile], made: Plan) -> list[SourceFile]:
    """Keep one of files with the same content, with a warning about each other."""
    kept: dict[str, SourceFile] = {}
    contents = unpacked_hashes(files) if made.pack.makes_charges else {}
    for file in files:
        first = kept.setdefault(contents.get(file.sha256, file.sha256), file)
        if first is not file:
            made.findings.append(
                Finding(
                    message=f"holds the same as {first.name}: it counts once",
                    where=file.name,
                    hint="remove one of the two",
                    code="same_file",
                    severity="warning",
                )
            )
    return list(kept.values())


def _deliver_all(
    work: Work, made: Plan, wholes: Iterable[tuple[SourceFile, ...]]
) -> list[Delivery]:
    """Open and add up deliveries; raise what is wrong with all of them."""
    deliveries: list[Delivery] = []
    findings: list[Finding] = []
    for parts in batches(made.pack, wholes):
        known = made.parsed.places() if made.parsed else {}
        if unread := [one for one in parts if one.sha256 not in known]:
            more = f" and {len(unread) - 1} more" if unread[1:] else ""
            work.say(f"read {unread[0].name}{more}")
        try:
            deliveries.append(_deliver(work, made, parts))
        except CostLensError as error:
            findings.extend(error.findings)
    if findings:
        raise CostLensError(findings=findings)
    return deliveries


def batches(
    pack: Pack, wholes: Iterable[tuple[SourceFile, ...]]
) -> Iterator[tuple[SourceFile, ...]]:
    """Read logs of nested JSON together, as many as are well read at once: most are small."""
    if not pack.description.paths:
        yield from wholes
        return
    batch: list[SourceFile] = []
    for parts in wholes:
        size = sum(file.size for file in (*batch, *parts))
        if batch and (size > _BATCH_SIZE or len(batch) + len(parts) > _BATCH_FILES):
            yield tuple(batch)
            batch = []
        batch += parts
    if batch:
        yield tuple(batch)


def _deliver(work: Work, made: Plan, files: Sequence[SourceFile]) -> Delivery:
    import duckdb

    currency = currency_of(work, made.source)
    opened = open_delivery(
        work.con,
        files,
        pack=made.pack,
        currency=currency,
        staging=work.staging,
        parsed=made.parsed,
    )
    opened.view(work.con)
    try:
        with ThreadPoolExecutor(1) as beside:
            asked = beside.submit(told, work.con.cursor(), opened)
            totals = control(work.con, made.pack)
            notes = asked.result()
    except duckdb.Error as error:
        raise unreadable(work.con, opened, error) from error
    opened.check_unchanged()
    for one in totals:
        if one.period is None:
            raise CostLensError(
                "a line has no time, so it belongs to no month" + and_more(one.rows),
                where=files[0].name,
                hint=f"fill {made.pack.spelled('BillingPeriodStart')} on every line"
                if one.makes == "charges"
                else "fill the column of the start on every line",
            )
    return Delivery(opened=opened, totals=tuple(totals), notes=tuple(notes))


def _of_changed(made: Plan, files: Sequence[SourceFile]) -> set[Unit]:
    """Name the periods whose files have another content now, or are read in another way."""
    names = {lasting(file.name) for file in files}
    present = {file.sha256 for file in files}
    return {
        unit_of(load)
        for load in (*made.current, *made.held)
        for one in load.delivered
        if (lasting(one.path) in names and one.sha256 not in present)
        or (one.sha256 in present and load.pack_hash != made.digest)
    }


def _lost_parts(made: Plan, files: Sequence[SourceFile]) -> set[Unit]:
    """Name the periods loaded from a file that the manifest of then names no more."""
    manifests = {file.manifest for file in files} - {""}
    present = {file.sha256 for file in files}
    return {
        unit_of(load)
        for load in (*made.current, *made.held)
        for one in load.delivered
        if one.manifest in manifests and one.sha256 not in present
    }


def _known_of_closed(work: Work, made: Plan, files: Sequence[SourceFile]) -> set[Unit]:
    """Name the closed periods for which nothing came but what is held back already."""
    present = {file.sha256 for file in files}
    return {
        unit_of(load)
        for load in made.held
        if work.keeps(unit_of(load))
        and load.pack_hash == made.digest
        and all(one.sha256 in present for one in load.delivered)
    }


def _check_empty(made: Plan) -> None:
    """Refuse a bill without a line if it had some, or was cut within its header; note others."""
    had = {
        lasting(one.path): load.period
        for load in sorted(made.current, key=lambda load: load.period)
        for one in load.delivered
    }
    empty = [one for one in made.deliveries if made.pack.makes_charges and not one.totals]
    refused = []
    for one in empty:
        months = [had[lasting(file.name)] for file in one.files if lasting(file.name) in had]
        if one.opened.unended or months:
            held = f", and {months[0]} was loaded from it" if months else ""
            cut = "is cut short: its header does not end"
            refused.append(
                Finding(
                    message=cut if one.opened.unended else f"holds no line{held}",
                    where=one.name,
                    hint="deliver it again, whole",
                    code="no_line",
                )
            )
        else:
            made.findings.append(
                Finding(
                    message="holds no line",
                    where=one.name,
                    hint="if there should be some, deliver it again, whole",
                    code="no_line",
                    severity="warning",
                )
            )
    if refused:
        raise CostLensError(findings=refused)


def _check_overlaps(work: Work, made: Plan) -> None:
    """Refuse two files that hold the same lines."""
    findings = overlaps(work.con, made.pack, [one.opened for one in made.deliveries])
    if findings:
        raise CostLensError(findings=findings)


def _shrinks(made: Plan, load: Load) -> bool:
    """Say whether a month that comes in parts has fewer rows than it had: one was lost."""
    unit = (load.makes, load.period)
    rows = sum(total.rows for one in made.deliveries for total in one.of(unit))
    before = sum(old.rows for old in made.current if (old.makes, old.period) == unit)
    return made.comes_in_parts and rows < before


def _check_gone(work: Work, made: Plan, files: Sequence[SourceFile]) -> None:
    """Note the files that are gone; refuse where a month would be reloaded without one of them."""
    names = {lasting(file.name) for file in files}
    present = {file.sha256 for file in files}
    manifests = {file.manifest for file in files} - {""}
    gone: dict[str, list[str]] = {}
    refused = []
    for load in made.current:
        for one in load.delivered:
            is_there = one.sha256 in present or lasting(one.path) in names
            if is_there or one.manifest in manifests:
                continue
            if unit_of(load) not in made.touched or work.keeps(unit_of(load)):
                gone.setdefault(one.path, []).append(load.period)
                continue
            unit = (load.makes, load.period)
            now = {a for d in made.deliveries for a in accounts_of(work, made, d, unit)}
            if not one.accounts or not set(one.accounts) <= now or _shrinks(made, load):
                refused.append(
                    Finding(
                        message=f"is gone, and {load.period} cannot be reloaded without it",
                        where=one.path,
                        hint="put it back: another file of that month changed",
                        code="file_gone",
                    )
                )
    if refused:
        raise CostLensError(findings=list(dict.fromkeys(refused)))
    for path, periods in sorted(gone.items()):
        months = ", ".join(sorted(set(periods)))
        made.findings.append(
            Finding(
                message=f"is gone: {months} stays as it was loaded",
                where=path,
                hint=f"to drop it, take the source out of {made.source.place or 'costlens.yaml'}",
                code="file_gone",
                severity="info",
            )
        )
