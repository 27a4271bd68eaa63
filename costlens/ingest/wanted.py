"""What a pack wants of a database or a folder: which of its tables, and of each which columns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from costlens.config.notes import did_you_mean, listed
from costlens.errors import CostLensError, Finding
from costlens.ingest.fetch import SourceFile
from costlens.ingest.header import Header, layout_of
from costlens.ingest.packs import Pack


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A table of a pack as a database has it."""

    table: str
    real: str  # what the database calls it
    columns: tuple[str, ...]  # those that the pack knows, by the names they have there
    shown: str


def wanted(has: Mapping[str, Sequence[str]], file: SourceFile, pack: Pack) -> list[Wanted]:
    """Name what a pack reads of a database that has these tables; raise for all that it lacks."""
    folded = {pack.named.get(table.casefold(), table).casefold(): table for table in has}
    refuse_missing(file, pack, list(has), "the database")
    found: list[Wanted] = []
    findings: list[Finding] = []
    for table in pack.description.tables:
        if table.casefold() not in folded:
            continue
        real = folded[table.casefold()]
        shown = f"{file.name}, table {real}"
        header = Header(names=tuple(has[real]))
        try:
            layout = layout_of(header, replace(file, name=shown), pack=pack.of_table(table))
        except CostLensError as error:
            findings += error.findings
            continue
        columns = tuple(header.names[place] for place in sorted(set(layout.found.values())))
        found.append(Wanted(table=table, real=real, columns=columns, shown=shown))
    if findings:
        raise CostLensError(findings=findings)
    return found


def refuse_missing(file: SourceFile, pack: Pack, has: Sequence[str], what: str) -> None:
    """Refuse a delivery without a table that the pack needs."""
    folded = {table.casefold() for table in has}
    needed = [t for t, one in pack.description.tables.items() if not one.optional]
    findings = []
    for table in needed:
        if table.casefold() not in folded:
            near = did_you_mean(table, has)
            known = f"{what} has {listed(list(has), most=8)}" if has else f"{what} has no tables"
            findings.append(
                Finding(
                    message=f"the table {table} is missing",
                    where=file.name,
                    hint=f'is it "{near}"? {known}' if near else known,
                    code="missing_table",
                )
            )
    if findings:
        raise CostLensError(findings=findings)
