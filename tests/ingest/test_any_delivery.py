"""Whatever the order, parts, format or number of its deliveries, a bill is the same charges.

Every pack of bills is held to it by its own sample, and so is a pack that is new.
"""

import csv
import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import HEADER, Desk, line
from deliveries import (
    BILLS,
    Reading,
    Rows,
    Table,
    deliver,
    parted,
    reading,
    sample_of,
    shuffled,
)
from effort import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from costlens.errors import CostLensError
from costlens.ingest import Pack

STORED = "select * exclude (source, billing_period, x_load, x_line) from charges order by all"
every_pack = pytest.mark.parametrize("pack", BILLS, ids=lambda pack: pack.name)


@pytest.fixture(scope="module")
def reader() -> Iterator[Reading]:
    with reading() as made:
        yield made


def expected_file(pack: Pack) -> Path:
    """Find the charges that a pack's sample comes to."""
    return pack.folder / f"expected{'_charges' if len(pack.produces) > 1 else ''}.csv"


def expected(pack: Pack) -> list[dict[str, str]]:
    """Read the charges that a pack's sample comes to."""
    return list(csv.DictReader(expected_file(pack).open(newline="")))


def bill_of(desk: Desk, pack: Pack, *more: str) -> Path:
    """Name a source of this pack, and rates for the currencies of its sample."""
    months = sorted(
        {(row["BillingPeriodStart"][:7], row["BillingCurrency"]) for row in expected(pack)}
    )
    rates = [f"{month},{currency},USD,1" for month, currency in months if currency != "USD"]
    desk.write("fx.csv", "\n".join(("month,from,to,rate", *rates)) + "\n")
    desk.sources(f"name: bill, type: {pack.name}, path: bills/", *more)
    return desk.folder / "bills"


def stem_of(pack: Pack, reader: Reading, plain: Rows, tables: Sequence[Table]) -> str:
    """Name files so that their kind is told, where lines tell it: a part may lack those lines."""
    for kind in pack.description.kinds:
        if reader.of_sample(pack, [replace(table, stem=kind) for table in tables]) == plain:
            return kind
    return "bill"


@pytest.mark.few(5)
@every_pack
def test_lines_in_any_order_in_parts_that_come_in_any_order_and_twice_are_the_same_charges(
    desk: Desk, reader: Reading, pack: Pack
) -> None:
    draw = random.Random(pack.name)
    tables = sample_of(pack)
    plain = reader.of_sample(pack, tables)
    stem = stem_of(pack, reader, plain, tables)
    mixed = shuffled(tables, lambda n: draw.sample(range(n), n))
    cuts = [draw.randrange(1, len(mixed[0].records)) for _ in range(2)]
    parts = parted(mixed, cuts)
    folder = bill_of(desk, pack)
    late = draw.randrange(len(parts))
    for number, part in enumerate(parts):
        if number != late or len(parts) == 1:
            deliver(part, folder, f"{stem}-{number:05}")
    # The negation of what a savings plan covers may be in the part that is late.
    refused: set[str] = set()
    try:
        desk.load("team")
    except CostLensError as error:
        refused = {finding.code for finding in error.findings}
    assert refused <= {"uneven_negation"}
    deliver(parts[late], folder, f"{stem}-{late:05}")
    deliver(parts[0], folder, f"{stem}-00009")
    again = desk.load("team", day=2)
    assert desk.rows(STORED) == plain
    assert {finding.code for finding in again.findings} >= {"same_file"}
    for path in sorted(folder.iterdir()):
        path.rename(folder / f"was-{path.name}")
    for number, part in enumerate(reversed(parts)):
        deliver(part, folder, f"{stem}-{number:05}")
    for path in folder.glob("was-*"):
        path.rename(desk.folder / path.name)
    desk.load("team", day=3)
    assert desk.rows(STORED) == plain


LINES = st.lists(st.integers(0, 2**30), min_size=2, max_size=30)


def _any_lines_in_any_order(reader: Reading, pack: Pack, lines: list[int], seed: int) -> None:
    """Take lines of a sample, some of them more than once, in two orders."""
    draw = random.Random(seed)
    some = shuffled(sample_of(pack), lambda n: [at % n for at in lines])
    mixed = shuffled(some, lambda n: draw.sample(range(n), n))
    assert reader.of_sample(pack, mixed) == reader.of_sample(pack, some)


@pytest.mark.few(5)
@every_pack
@settings(max_examples=2)
@given(lines=LINES, seed=st.integers())
def test_any_lines_come_to_the_same_in_any_order(
    reader: Reading, pack: Pack, lines: list[int], seed: int
) -> None:
    _any_lines_in_any_order(reader, pack, lines, seed)


@pytest.mark.slow
@every_pack
@settings(max_examples=examples(10))
@given(lines=LINES, seed=st.integers())
def test_many_lines_come_to_the_same_in_any_order(
    reader: Reading, pack: Pack, lines: list[int], seed: int
) -> None:
    _any_lines_in_any_order(reader, pack, lines, seed)


def accounts_of(pack: Pack) -> list[tuple[str, str]]:
    """Name the months and accounts of a pack's sample, where it has any."""
    return sorted(
        {
            (row["BillingPeriodStart"][:7], f"{row['ProviderName']}: {row['BillingAccountId']}")
            for row in expected(pack)
            if row.get("BillingAccountId", "(none)") != "(none)"
        }
    )


@pytest.mark.parametrize(
    "pack", [pack for pack in BILLS if accounts_of(pack)], ids=lambda pack: pack.name
)
def test_a_bill_that_two_sources_hold_or_that_its_focus_export_holds_is_refused_naming_both(
    desk: Desk, pack: Pack
) -> None:
    tables = sample_of(pack)
    deliver(tables, bill_of(desk, pack))
    bill_of(
        desk,
        pack,
        f"name: again, type: {pack.name}, path: again/",
        "name: export, type: focus, path: export.csv, late_charges: accept",
    )
    deliver(shuffled(tables, lambda n: range(n)[::-1]), desk.folder / "again")
    desk.write("export.csv", expected_file(pack).read_bytes())
    assert desk.refusal() == [
        f'costlens.yaml:{place}: "{name}" holds {account} in {month}, as "bill" does\n'
        "    one bill counts once: take one of the two sources out; if each has other lines, name both "
        "files in one source with `parts: true`"
        for place, name in ((4, "again"), (5, "export"))
        for month, account in accounts_of(pack)
    ]


def test_an_account_is_known_by_the_last_part_of_its_path_as_azure_writes_it_in_focus(
    desk: Desk,
) -> None:
    export = "name: export, type: focus, path: export.csv"
    desk.sources("name: bill, type: azure, path: bill.csv", export)
    desk.write(
        "bill.csv",
        "Date,CostInBillingCurrency,MeterCategory,BillingAccountId,BillingCurrency\n05/04/2026,1,VM,8611537,USD\n",
    )
    path = "/providers/Microsoft.Billing/billingAccounts/8611537"
    desk.write("export.csv", HEADER + line(account=path).replace(",AWS,", ",Microsoft,"))
    assert desk.refusal() == [
        'costlens.yaml:4: "export" holds Microsoft: 8611537 in 2026-05, as "bill" does\n'
        "    one bill counts once: take one of the two sources out; if each has other lines, name both "
        "files in one source with `parts: true`"
    ]
