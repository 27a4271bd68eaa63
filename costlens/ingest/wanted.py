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
    found: Mapping[str, str]  # column of the pack to its name there
    shown: str


def wanted(has: Mapping[str, Sequence[str]], file: SourceFile, pack: Pack) -> list[Wanted]:
    """Name what a pack reads of a database that has these tables; raise for all that it lacks."""
    refuse_missing(file, pack, list(has), "the database")
    return wanted_of(has, file, pack)


def wanted_of(has: Mapping[str, Sequence[str]], file: SourceFile, pack: Pack) -> list[Wanted]:
    """Name what a pack reads of these tables; raise for the columns that they lack."""
    folded = {pack.named.get(table.casefold(), table).casefold(): table for table in has}
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
        named = {column: header.names[place] for column, place in layout.found.items()}
        found.append(Wanted(table=table, real=real, columns=columns, found=named, shown=shown))
    if findings:
        raise CostLensError(findings=findings)
    return found


def refuse_missing(file: SourceFile, pack: Pack, has: Sequence[str], what: str) -> None:
    """Refuse a delivery without a table that the pack needs."""
    folded = {table.casefold() for table in has}
    tables = pack.description.tables
    needed = [
        [table, *(other for other, form in tables.items() if form.instead_of == table)]
        for table, one in tables.items()
        if not one.optional
    ]
    findings = []
    for forms in needed:
        if not any(table.casefold() in folded for table in forms):
            near = did_you_mean(forms[0], has)
            known = f"{what} has {listed(list(has), most=8)}" if has else f"{what} has no tables"
            known += f": {pack.description.export}" if forms[1:] else ""
            findings.append(
                Finding(
                    message=f"the table {forms[-1]} is missing",
                    where=file.name,
                    hint=f'is it "{near}"? {known}' if near else known,
                    code="missing_table",
                )
            )
    if findings:
        raise CostLensError(findings=findings)
