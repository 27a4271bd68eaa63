"""Whose charges a delivery holds: no account of a month may come from two files unnoticed."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from costlens.errors import CostLensError, Finding
from costlens.ingest.diagnose import unreadable
from costlens.ingest.fetch import part_key
from costlens.ingest.lines import LINES_A_FILE
from costlens.ingest.rows import made_sql

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from costlens.ingest.delivery import Delivery, Plan, Unit, Work

# Azure writes an account as a path in FOCUS, else as its end.
_ACCOUNT = "ProviderName || ': ' || regexp_extract(BillingAccountId, '[^/]*$')"


_ALIASES = {
    "amazon web services": "aws",
    "microsoft azure": "microsoft",
    "azure": "microsoft",
    "google cloud platform": "google cloud",
    "gcp": "google cloud",
}


def spelled_alike(account: str) -> str:
    """Write "provider: account" as every export of it is to be compared."""
    provider, _, own = account.strip().casefold().partition(": ")
    return f"{_ALIASES.get(provider.strip(), provider.strip())}: {own.strip()}"


def accounts_of(work: "Work", made: "Plan", one: "Delivery", unit: "Unit") -> set[str]:
    """Name the accounts whose charges of a period a delivery has, as "provider: account".

    That is a pass over the delivery: once its rows are written, they say it for less.
    """
    import duckdb

    if unit[0] != "charges":
        return set()
    if one.file_key not in made.accounts:
        one.opened.view(work.con)
        try:
            found = work.con.cursor().execute(
                f"select distinct strftime(BillingPeriodStart, '%Y-%m'), {_ACCOUNT} "
                f"from (\n{made_sql(made.pack, 'charges')}\n)"
            )
            made.accounts[one.file_key] = set(found.fetchall())
        except duckdb.Error as error:
            raise unreadable(work.con, one.opened, error) from error
    return {account for month, account in made.accounts[one.file_key] if month == unit[1]}


def accounts_written(
    con: "DuckDBPyConnection", made: "Plan", unit: "Unit", deliveries: Sequence["Delivery"]
) -> list[set[str]]:
    """Name the accounts that each delivery of a written period has charges of."""
    found: list[set[str]] = [set() for _ in deliveries]
    if unit[0] != "charges":
        return found
    whole = [at for at, delivery in enumerate(deliveries) for _ in delivery.files]
    rows = con.cursor().execute(
        f"select distinct x_line // {LINES_A_FILE}, {_ACCOUNT} from charges "
        "where source = $source and billing_period = $period",
        {"source": made.source.name, "period": unit[1]},
    )
    for number, account in rows.fetchall():
        found[whole[number]].add(account)
    return found


def check_accounts(work: "Work", made: "Plan") -> None:
    """Refuse two files with the same account and month that are not parts of one delivery."""
    if made.comes_in_parts or not made.pack.makes_charges:
        return
    keys: dict[Unit, set[str]] = {}  # of the deliveries that a period has some of
    for one in made.deliveries:
        for unit in one.units & made.touched:
            keys.setdefault(unit, set()).add(part_key(one.name))
    shared = sorted(u for u, several in keys.items() if u[0] == "charges" and len(several) > 1)
    seen: dict[tuple[str, str], str] = {}
    findings = []
    for one in made.deliveries:
        for unit in (unit for unit in shared if unit in one.units):
            for account in sorted(accounts_of(work, made, one, unit)):
                first = seen.setdefault((unit[1], spelled_alike(account)), one.name)
                if part_key(first) != part_key(one.name):
                    findings.append(_twice(made, one, unit[1], account=account, first=first))
    if findings:
        raise CostLensError(findings=findings)


def _twice(made: "Plan", one: "Delivery", period: str, *, account: str, first: str) -> Finding:
    return Finding(
        message=f"holds {account} in {period}, as {first} does",
        where=one.name,
        hint="keep the newer of the two; if both count, write "
        f'"parts: true" at {made.source.place or made.source.name}',
        code="delivered_twice",
    )
