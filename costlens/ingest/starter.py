"""Begin a pack from the header of a file: best guesses, for its owner to review."""

import csv
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from costlens.config.notes import did_you_mean, listed
from costlens.errors import CostLensError
from costlens.ingest.fetch import SourceFile, named_file
from costlens.ingest.header import Header, csv_header, header_of, open_text
from costlens.ingest.packs import find_packs, read_pack
from costlens.ingest.sample import write_rows
from costlens.lake.views import literal, name

_ROWS = 5
_NAME = re.compile(r"[a-z][a-z0-9_]*")
# No money that was paid, although its name says cost or amount.
_NO_OTHER = r"(?!.*(usage|quantit|discount|credit|tax|cent(er|re)|categor|unit|_rate))"
# What a column is probably called that holds this, in words of lower case; the first that fits.
_GUESSES: Mapping[str, tuple[str, ...]] = {
    "BilledCost": (
        r"billed_?cost|(net|billed|invoiced|total|line)_(amount|cost|total|price)(_[a-z]{3})?|"
        r"amount|cost|total|(amount|cost|total)_(?!tax)[a-z]{3}|cost_?in_?billing_?currency|"
        r"pre_?tax_?cost|(line_?item_?)?unblended_?cost",
        _NO_OTHER + r"(.*_)?(amount|cost|charges?|fee|spend|price|total)",
        _NO_OTHER + r"(amount|cost|total)_.*",
    ),
    "ChargePeriodStart": (
        r"charge_?period_?start|date|day|usage_?date|(.*_)?usage_?start_?date|"
        r"(usage|charge|period)_?(start|date|day).*",
        r"(start|from)(_(date|time|day|at))?|timestamp|time|ts|.*_(date|day)|(date|day)_.*",
    ),
    "ChargePeriodEnd": (
        r"charge_?period_?end|(usage|charge|period)_?(end|stop).*|(end|stop|to|until)(_.*)?",
    ),
    "BillingCurrency": (r"(billing_?)?currency(_?code)?",),
    "BillingAccountId": (r"billing_?account(_?id)?|(customer|organi[sz]ation|account)(_?id)?",),
    "SubAccountId": (r"sub_?account(_?id)?|(project|workspace|team|environment|space)(_?id)?",),
    "ServiceName": (r"service(_?name)?|product(_?name)?|item|module",),
    "RegionId": (r"region(_?(id|name|code))?|location",),
    "ResourceId": (r"resource(_?id)?|(instance|cluster|job|warehouse)(_?id)?",),
    "ResourceName": (r"(resource|instance|cluster|job|warehouse)_?name|name",),
    "SkuId": (r"sku(_?id)?|part_?(no|number)|meter(_?id)?|plan",),
    "ConsumedQuantity": (
        r"(consumed_?|usage_?|billed_?)?quantity|usage(_?amount)?|units|hours|qty",
    ),
    "ConsumedUnit": (r"(consumed_?|usage_?)?unit(_?of_?measure)?|uom",),
    "InvoiceId": (r"invoice(_?(id|no|number))?",),
    "Tags": (r"tags|labels",),
    "ChargeDescription": (r"(charge_?)?description|details?|comment|note",),
}
_TAG = re.compile(r"(tags?|labels?)[:/._](?=.)", re.IGNORECASE)  # what a column a tag begins with
_GATHERED = "gathered_tags"
_OURS = {"x_line", "x_kind", "x_gathered"}  # columns that every pack has besides
_NEEDED = ("BilledCost", "ChargePeriodStart")
_READ = {  # the macro that reads it; the others: words
    "BilledCost": "money",
    "ChargePeriodStart": "utc",
    "ChargePeriodEnd": "utc",
    "ConsumedQuantity": "quantity",
    "Tags": "json",
}
_TOLD = {
    "x_class": "work, tax, credit, support, commitment_unused or other",
    "BillingPeriodStart": "the month of the bill, here that of the day",
    "ChargeCategory": "Usage, Purchase, Tax, Credit or Adjustment",
}


@dataclass(frozen=True, kw_only=True)
class Started:
    """A pack that was begun: its folder, what was taken for what, and why no rows came of it."""

    folder: Path
    guessed: Mapping[str, str]
    unused: tuple[str, ...]
    trouble: str


def start_pack(
    workspace: Path, pack: str, file: Path, *, cost: str | None, day: str | None
) -> Started:
    """Write connectors/<pack>/ beside costlens.yaml; nothing that exists is touched."""
    folder = workspace / "connectors" / pack
    _refuse_taken(workspace, pack, folder)
    if not file.is_file():
        raise CostLensError("no such file", where=str(file), hint="name a file of the source")
    source = named_file(file)
    header = header_of(source)
    guessed = _guess(header, {"BilledCost": cost, "ChargePeriodStart": day}, where=source.name)
    tags = next((found[0] for one in header.names if (found := _TAG.match(one))), "")
    if "Tags" not in guessed and tags:
        guessed["Tags"] = _GATHERED
    folded = [one.strip().casefold() for one in header.names]
    if twice := [one for one in guessed.values() if folded.count(one.strip().casefold()) > 1]:
        raise CostLensError(
            f"the column {twice[0]} stands twice in the header",
            where=source.name,
            hint="rename one of the two",
        )
    folder.mkdir(parents=True)
    _write_sample(source, folder)
    texts = {
        "connector.yaml": _yaml(pack, source, header, guessed, tags=tags),
        "charges.sql": _charges(pack, source, guessed),
        "control.sql": _control(pack, guessed),
    }
    for written, text in texts.items():
        (folder / written).write_text(text, encoding="utf-8")
    return Started(
        folder=folder,
        guessed={
            column: f"{tags}*" if own == _GATHERED else own for column, own in guessed.items()
        },
        unused=tuple(
            one
            for one in header.names
            if one not in guessed.values() and not _is_tag(one, guessed, tags=tags)
        ),
        trouble=_expected(folder),
    )


def _refuse_taken(workspace: Path, pack: str, folder: Path) -> None:
    if not _NAME.fullmatch(pack):
        raise CostLensError(
            f'"{pack}" is no name for a pack', hint="write small letters, digits and _ only"
        )
    if folder.exists() or pack in {one.name for one in find_packs(workspace)}:
        raise CostLensError(
            f'the pack "{pack}" exists already: nothing was written',
            hint=f'take another name, such as "own_{pack}"',
        )


def _guess(header: Header, said: Mapping[str, str | None], *, where: str) -> dict[str, str]:
    """Take each column for at most one thing; what was said goes first."""
    free = {re.sub(r"\W+", "_", one).strip("_").lower(): one for one in reversed(header.names)}
    free = {key: free[key] for key in reversed(free)}
    found: dict[str, str] = {}
    for column, own in said.items():
        if own is not None and own not in header.names:
            near = did_you_mean(own, header.names)
            raise CostLensError(
                f'has no column "{own}"',
                where=where,
                hint=f'did you mean "{near}"?' if near else f"it has {listed(header.names)}",
            )
        if own is not None:
            found[column] = own
    for column, patterns in _GUESSES.items():
        for pattern in patterns:
            fits = [
                own
                for key, own in free.items()
                if re.fullmatch(pattern, key) and own not in found.values()
            ]
            if fits and column not in found:
                found[column] = fits[0]
    for column, option in zip(_NEEDED, ("--cost", "--day"), strict=True):
        if column not in found:
            raise CostLensError(
                f"no column looks like {'an amount' if option == '--cost' else 'a day'}",
                where=where,
                hint=f"write {option} and one of: {listed(header.names)}",
            )
    return found


def _write_sample(source: SourceFile, folder: Path) -> None:
    """Write the first rows, in the format of the file; those of Parquet as CSV."""
    import duckdb

    if source.format == "parquet":
        with duckdb.connect() as con:
            con.execute(
                f"copy (from read_parquet({literal(str(source.path))}) limit {_ROWS}) "
                f"to {literal(str(folder / 'sample.csv'))} (format csv, header)"
            ).fetchall()
        return
    with open_text(source) as opened:
        if source.format == "jsonl":
            rows = islice((line for line in opened if line.strip()), _ROWS)
            (folder / "sample.jsonl").write_text("".join(rows), encoding="utf-8")
            return
        delimiter = csv_header(source).delimiter
        with (folder / "sample.csv").open("w", encoding="utf-8", newline="") as out:
            writer = csv.writer(out, delimiter=delimiter, lineterminator="\n")
            filled = (row for row in csv.reader(opened, delimiter=delimiter) if row)
            writer.writerows(islice(filled, _ROWS + 1))


def _is_tag(column: str, guessed: Mapping[str, str], *, tags: str) -> bool:
    """Say whether a column is one of those that are gathered as tags."""
    gathers = guessed.get("Tags") == _GATHERED
    return gathers and column.casefold().startswith(tags.casefold())


def _yaml(
    pack: str, source: SourceFile, header: Header, guessed: Mapping[str, str], *, tags: str
) -> str:
    needs = [guessed[column] for column in _NEEDED]
    others = [
        one
        for one in dict.fromkeys(header.names)
        if one not in needs and one.casefold() not in _OURS and not _is_tag(one, guessed, tags=tags)
    ]
    gather = f"gather: {{{_GATHERED}: {json.dumps(tags)}}}                # a column a tag\n"
    formats = {"parquet": "[parquet, csv]"}.get(source.format, f"[{source.format}]")
    return (
        f"# Begun from {source.name}: review it, and charges.sql, line by line.\n"
        f"name: {pack}\n"
        f"title: The bill of {pack}\n"
        "produces: [charges]\n"
        f"format: {formats}\n"
        f"needs: {json.dumps(needs, ensure_ascii=False)}  # a file without these is refused\n"
        + (
            "columns:                                # null where a file lacks them\n"
            * bool(others)
        )
        + "".join(f"  - {json.dumps(one, ensure_ascii=False)}\n" for one in others)
        + gather * (guessed.get("Tags") == _GATHERED)
    )


def _charges(pack: str, source: SourceFile, guessed: Mapping[str, str]) -> str:
    read = ",\n".join(
        f"        {_READ.get(column, 'words')}({name(own)}) as {column}"
        for column, own in guessed.items()
    )
    made = ",\n".join(
        (f"    -- {_TOLD[column]}\n" if column in _TOLD else "")
        + (f"    {column}" if value == column else f"    {value} as {column}")
        for column, value in _columns(pack, guessed).items()
    )
    return (
        f"-- connectors/{pack}/charges.sql\n"
        f"-- A line of {source.name} as a charge: a first guess. Grain: one row per line.\n"
        "-- Reads: source. money(), utc(), quantity(), words(), json() read columns of any type.\n"
        f"with typed as (\n    select\n        x_line,\n{read}\n    from source\n)\n\n"
        f"select\n    x_line,\n{made}\nfrom typed\n"
    )


def _columns(pack: str, guessed: Mapping[str, str]) -> dict[str, str]:
    """Say what every column of a charge is made of."""

    def else_(column: str, otherwise: str) -> str:
        return f"coalesce({column}, {otherwise})" if column in guessed else otherwise

    month = "date_trunc('month', ChargePeriodStart)"
    stop = else_("ChargePeriodEnd", "ChargePeriodStart + interval 1 day")
    has_currency = "BillingCurrency" in guessed
    columns = {
        "x_class": "'work'",
        **dict.fromkeys(
            ("BilledCost", "EffectiveCost", "ListCost", "ContractedCost"), "BilledCost"
        ),
        "BillingCurrency": "upper(BillingCurrency)" if has_currency else "currency_if_missing()",
        "BillingAccountId": else_("BillingAccountId", "'(none)'"),
        "ProviderName": literal(pack),
        "InvoiceIssuerName": literal(pack),
        "BillingPeriodStart": f"{month}::timestamp",
        "BillingPeriodEnd": f"({month} + interval 1 month)::timestamp",
        "ChargePeriodStart": "ChargePeriodStart",
        "ChargePeriodEnd": f"({stop})::timestamp",
        "ChargeCategory": "'Usage'",
        "ServiceName": else_("ServiceName", literal(pack)),
    }
    return columns | {column: column for column in guessed if column not in columns}


def _control(pack: str, guessed: Mapping[str, str]) -> str:
    currency = "currency_if_missing()"
    if "BillingCurrency" in guessed:
        currency = f"upper(words({name(guessed['BillingCurrency'])}))"
    return (
        f"-- connectors/{pack}/control.sql\n"
        "-- What the source itself adds up to. Grain: one row per month and currency.\n"
        "-- Reads: source.\n"
        "with amounts as (\n    select\n"
        f"        date_trunc('month', utc({name(guessed['ChargePeriodStart'])})) as month_start,\n"
        f"        {currency} as currency,\n"
        f"        exact({name(guessed['BilledCost'])}) as cost\n"
        "    from source\n)\n\n"
        "select\n    strftime(month_start, '%Y-%m') as period,\n    currency,\n"
        "    count(*) as rows,\n    sum(cost) as source_billed,\n"
        "    sum(cost) as source_effective,\n"
        "    sum(cost) - sum(trunc(cost, 12)) as residual_billed,\n"
        "    sum(cost) - sum(trunc(cost, 12)) as residual_effective\n"
        "from amounts\ngroup by month_start, currency\norder by month_start, currency\n"
    )


def _expected(folder: Path) -> str:
    """Write what the pack makes of its sample; say why where it makes nothing."""
    (sample,) = folder.glob("sample.*")
    try:
        write_rows(read_pack(folder), sample, folder / "expected.csv", table="charges")
    except CostLensError as error:
        return str(error).split("\n", 1)[0]
    return ""


def told(started: Started, workspace: Path) -> Sequence[str]:
    """Say what was written, what was taken for what, and what comes next."""
    place = started.folder.relative_to(workspace).as_posix()
    files = ", ".join(sorted(path.name for path in started.folder.iterdir()))
    lines = [f"{place}/: {files}", ""]
    lines += [f"  {column:<18} {own}" for column, own in started.guessed.items()]
    if started.unused:
        lines.append(f"  {'not used':<18} {listed(started.unused)}")
    pack = started.folder.name
    lines += ["", f"review {place}/charges.sql and what it makes of the sample in expected.csv;"]
    if started.trouble:
        lines[-1:] = [
            f"no expected.csv: {started.trouble}",
            f"correct {place}/charges.sql and control.sql;",
        ]
    lines.append(f"then add to costlens.yaml: - {{name: {pack}, type: {pack}, path: <its files>}}")
    return lines
