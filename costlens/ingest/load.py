"""Load every source of a workspace into a draft."""

import json
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from costlens.config.notes import did_you_mean
from costlens.config.values import Source, Workspace
from costlens.errors import CostLensError, Finding
from costlens.ingest.accounts import spelled_alike
from costlens.ingest.delivery import Plan, Work, plan, unit_of
from costlens.ingest.fit import fit
from costlens.ingest.held import arrived
from costlens.ingest.loads import Load, read_loads, write_loads
from costlens.ingest.packs import Pack, find_packs
from costlens.ingest.parsed import forget_sources
from costlens.ingest.rates import changed_rates, in_force
from costlens.ingest.rows import period_column
from costlens.ingest.source import macros
from costlens.ingest.tags import retagged
from costlens.ingest.write import Written, check_written, write_plan
from costlens.lake import Draft
from costlens.lake.builds import naive
from costlens.lake.closings import Closing

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


@dataclass(frozen=True, kw_only=True)
class Ingested:
    """What loading came to: whether anything is other than before, and the warnings that stand."""

    changed: bool
    findings: tuple[Finding, ...]


def load_sources(
    workspace: Workspace,
    draft: Draft,
    con: "DuckDBPyConnection",
    *,
    tag_keys: frozenset[str],
    as_of: datetime,
    say: Callable[[str], None],
    closed: Mapping[str, Closing],
) -> Ingested:
    """Load what changed since the draft's base; raise every error there is, before publishing.

    `tag_keys` are the tags that rules name, in lower case. The draft's views are opened on `con`.
    The bills of `closed` months stay: what came for them is held back, and told.
    """
    draft.open(con)
    with staging_folder(con) as staging, macros(con):
        work = Work(
            workspace=workspace,
            draft=draft,
            con=con,
            tag_keys=tag_keys,
            staging=staging,
            as_of=naive(as_of),
            say=say,
            closed=closed,
        )
        return _load(work)


@contextmanager
def staging_folder(con: "DuckDBPyConnection") -> Iterator[Path]:
    """Make a folder for parsed text, where DuckDB spills if that is set."""
    ((spill,),) = con.cursor().execute("select current_setting('temp_directory')").fetchall()
    parent = Path(spill) if spill and Path(spill).is_absolute() else None
    if parent is not None:
        parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="costlens-", dir=parent) as folder:
        yield Path(folder)


def pack_of(source: Source, packs: Mapping[str, Pack]) -> Pack:
    """Find the pack a source names as its type, and fit it to the source."""
    if source.type in packs:
        return fit(packs[source.type], source)
    near = did_you_mean(source.type, packs)
    raise CostLensError(
        f'no connector pack "{source.type}"',
        where=source.place,
        hint=f'did you mean "{near}"?' if near else "costlens packs lists them",
    )


def _load(work: Work) -> Ingested:
    packs = {pack.name: pack for pack in find_packs(work.workspace.folder)}
    before = read_loads(work.con)
    loads = [
        old for old in before if old.source not in {s.name for s in work.workspace.settings.sources}
    ]
    loads, findings = _drop_strangers(work, loads)
    plans: list[Plan] = []
    written: list[tuple[Plan, Written]] = []
    for source in work.workspace.settings.sources:
        mine = [old for old in before if old.source == source.name]
        try:
            made = plan(work, source, pack_of(source, packs), mine)
            units, now = write_plan(work, made, mine)
        except CostLensError as error:
            findings.extend(error.findings)
            continue
        plans.append(made)
        written += [(made, unit) for unit in units]
        findings += made.findings
        loads += now
    _refuse(findings)
    work.draft.open(work.con)
    for made, unit in written:
        new, errors = check_written(work, made, unit, loads=loads)
        loads += new
        findings += errors
    findings += _double_accounts(work, loads)
    findings += _missing_rates(work, loads)
    _refuse(findings)
    loads = _retag(work, loads)
    if set(loads) != set(before):
        write_loads(work.con, work.draft, loads)
    work.draft.open(work.con)
    _forget_parsed(work, plans)
    told = dict.fromkeys((*findings, *_standing(work, loads)))
    return Ingested(changed=set(loads) != set(before), findings=tuple(told))


def _forget_parsed(work: Work, plans: Sequence[Plan]) -> None:
    """Delete what was parsed of logs that are there no more."""
    kept = [(made.parsed, made.present) for made in plans if made.parsed]
    for parsed, present in kept:
        parsed.forget(present)
    forget_sources(work.lake, [parsed.cache for parsed, _ in kept])


def _standing(work: Work, loads: Sequence[Load]) -> Iterator[Finding]:
    """Repeat what stands as long as the loads do, and what is held against closed months."""
    for load in loads:
        yield from load.notes if load.is_current else ()
    places = {source.name: source.place for source in work.workspace.settings.sources}
    yield from arrived(loads, places)
    yield from changed_rates(work.workspace.fx, work.closed, loads)


def _refuse(findings: Sequence[Finding]) -> None:
    if any(finding.severity == "error" for finding in findings):
        raise CostLensError(findings=list(dict.fromkeys(findings)))


def _drop_strangers(work: Work, loads: Sequence[Load]) -> tuple[list[Load], list[Finding]]:
    """Drop what came from sources that costlens.yaml no longer names, but for closed months."""
    findings = []
    kept = [load for load in loads if load.is_current and work.keeps(unit_of(load))]
    for source in sorted({load.source for load in loads if load.is_current}):
        months = ", ".join(sorted({load.period for load in kept if load.source == source}))
        findings.append(
            Finding(
                message=f'the source "{source}" is gone: what came from it no longer counts'
                + (f", but in closed months: {months}" if months else ""),
                where="costlens.yaml",
                hint="a renamed source is loaded anew under its new name",
                code="source_gone",
                severity="info",
            )
        )
    going = [load for load in loads if (load.is_current or load.waits) and load not in kept]
    for load in going:
        if load.is_current:
            work.draft.drop(
                load.makes, {"source": load.source, period_column(load.makes): load.period}
            )
    gone = [replace(old, superseded_by="(source gone)") if old in going else old for old in loads]
    return gone, findings


def _double_accounts(work: Work, loads: Sequence[Load]) -> Iterator[Finding]:
    """Refuse two sources that hold the same account and month."""
    places = {source.name: source.place for source in work.workspace.settings.sources}
    seen: dict[tuple[str, str], str] = {}
    for load in sorted(
        loads,
        key=lambda old: (
            list(places).index(old.source) if old.source in places else -1,
            old.period,
        ),
    ):
        if not load.is_current:
            continue
        for account in json.loads(load.accounts):
            first = seen.setdefault((load.period, spelled_alike(account)), load.source)
            if first != load.source and not account.endswith(": (none)"):
                yield Finding(
                    message=f'"{load.source}" holds {account} in {load.period}, as "{first}" does',
                    where=places[load.source],
                    hint="one bill counts once: take one of the two sources out; if each has other "
                    "lines, name both files in one source with `parts: true`",
                    code="delivered_twice",
                )


def _missing_rates(work: Work, loads: Sequence[Load]) -> Iterator[Finding]:
    """Refuse a currency of a month that cannot be turned into the reporting currency."""
    to = work.workspace.settings.currency
    rates = in_force(work.workspace.fx, work.closed)
    known = {(rate.month, rate.currency) for rate in rates if rate.to == to}
    needed = {
        (load.period, load.currency)
        for load in loads
        if load.is_current and load.currency is not None and load.currency != to
    }
    for period, currency in sorted(needed - known):
        yield Finding(
            message=f"no rate from {currency} to {to} in {period}",
            where="fx.csv",
            hint=f"add the line {period},{currency},{to},<rate>"
            + ("" if rates else ", below the first line month,from,to,rate"),
            code="missing_rate",
        )


def _retag(work: Work, loads: Sequence[Load]) -> list[Load]:
    """Write x_tags anew where rules name tags that a stored load was not asked for."""
    now = json.dumps(sorted(work.tag_keys))
    behind = [
        load
        for load in loads
        if load.is_current
        and load.makes == "charges"
        and not work.keeps(unit_of(load))
        and not work.tag_keys <= set(json.loads(load.tag_keys))
    ]
    for source, period in sorted({(load.source, load.period) for load in behind}):
        work.say(f"read the tags of {source}, {period} again")
        work.draft.write(
            work.con,
            "charges",
            f"{retagged('charges', work.tag_keys)} "
            "where source = $source and billing_period = $period",
            {"source": source, "billing_period": period},
            {"source": source, "period": period},
        )
    return [replace(load, tag_keys=now) if load in behind else load for load in loads]
