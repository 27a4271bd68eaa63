"""What things would cost if something were different: a build allocated once more, stored nowhere.

The build keeps the charges, the runs and the rules that it was made of. They are changed as asked,
and go through the same steps again. A stage stops once all who needed it at one of the levels go.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import prod
from typing import TYPE_CHECKING

from costlens.allocate import steps
from costlens.allocate.book import Book, tag_keys_of
from costlens.config.changes import Changes, Reown, Reprice
from costlens.config.notes import did_you_mean
from costlens.errors import CostLensError, Finding
from costlens.ingest.source import macros
from costlens.ingest.tags import retagged
from costlens.lake import Build, Lake
from costlens.lake.views import literal
from costlens.questions.ask import Answer, Asked, open_build
from costlens.questions.window import Window
from costlens.questions.worth import beside_benefits

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

CHANGED = (
    "create or replace temp table changed "
    "(target varchar, month varchar, currency varchar, value hugeint)"
)
_COLUMNS = {
    "account": ("BillingAccountId", "SubAccountId"),
    "service": ("ServiceName",),
    "region": ("RegionId",),
    "resource_id": ("coalesce(AllocatedResourceId, ResourceId)",),
    "usage_type": ("x_usage_type",),
    "category": ("ChargeCategory", "ServiceCategory"),
}
_MONEY = ("BilledCost", "EffectiveCost")
# What a covered line would cost without its commitment, where the bill says so itself.
_PRICE = "coalesce({})".format(
    ", ".join(
        f"case when not contains(coalesce(x_repairs, ''), '{column}') then nullif({column}, 0) end"
        for column in ("ContractedCost", "ListCost")
    )
)
_COVERED = f"""
select CommitmentDiscountId, bool_or({_PRICE} is null)
from memory.main.charges
where
    fits(CommitmentDiscountId, $commitment)
    and billing_period >= $first and billing_period < $after
    and ChargeCategory <> 'Purchase'
    and coalesce(CommitmentDiscountStatus, '') <> 'Unused'
    and (BilledCost <> 0 or EffectiveCost <> 0)
group by CommitmentDiscountId
order by CommitmentDiscountId
"""


@dataclass(frozen=True, kw_only=True)
class Question:
    """What a change is asked about."""

    level: str
    basis: str
    window: Window
    currency: str | None


def what_if(lake: Lake, build: Build, changes: Changes, question: Question) -> Answer:
    """List what each target of a level costs and is worth, as it is and as it would be.

    Each column of cost adds up to its bill; `(stopped)` is what would not be paid any more.
    """
    asked = open_build(lake, build.number)
    try:
        book = asked.book()
        _insist_known(book, changes)
        _insist_priced(asked.con, changes, question.window)
        asked.con.execute(CHANGED)
        with beside_benefits(
            asked,
            level=question.level,
            basis=question.basis,
            window=question.window,
            currency=question.currency,
        ) as currency:
            if question.level == "team":
                given = {"by": "team", "basis": question.basis, **question.window.given}
                asked.keep("cost_by_stage", "cost_by_target", **given)
            _allocate(asked, changed_book(book, changes), changes, question)
            gone = [
                node.partition(":")[2]
                for node in changes.gone
                if node.startswith(f"{question.level}:")
            ]
            return asked.ask("whatif", currency=currency, gone=gone)
    finally:
        asked.con.close()


def changed_book(book: Book, changes: Changes) -> Book:
    """Write the rules as they would be: users of what is merged take the other; weights, owners."""
    into = {one.drop: one.into for one in changes.merge}
    new = {one.target: format(one.weight, "f") for one in changes.weight}
    edges = [
        {**row, "from_node": into.get(row["from_node"], row["from_node"])}
        for row in book["edges"]
        if row["to_node"] not in into
    ]
    weights = [row for row in book["weights"] if row["node"] not in new]
    weights += [{"node": node, "weight": weight} for node, weight in new.items()]
    teams = {one.target: one.team for one in changes.owner}
    owners = [row for row in book["owners"] if row["node"] not in teams]
    owners += [{"node": node, "owner": team} for node, team in teams.items()]
    return {**book, "edges": edges, "weights": weights, "owners": owners}


def _insist_known(book: Book, changes: Changes) -> None:
    """Raise an error that names everything that the build does not know."""
    known = {row["node"] for row in book["things"]}
    named = [(node, changes.place) for node in changes.drop]
    named += [(node, one.place) for one in changes.merge for node in (one.drop, one.into)]
    named += [(one.target, one.place) for one in changes.weight]
    named += [(one.target, one.place) for one in changes.volume]
    named += [(node, one.place) for one in changes.owner for node in (one.target, _team(one))]
    findings = [
        Finding(
            message=f'the build knows no "{node}"',
            where=place,
            hint=f'did you mean "{near}"?'
            if (near := did_you_mean(node, known))
            else "write KIND:NAME; costlens cost --by feature lists features",
            code="dangling_name",
        )
        for node, place in named
        if node not in known
    ]
    findings += [
        Finding(
            message=f"a {one.drop.partition(':')[0]} cannot be merged into a "
            f"{one.into.partition(':')[0]}",
            where=one.place,
            hint="name two things of one kind",
            code="merge_of_kinds",
        )
        for one in changes.merge
        if one.drop.partition(":")[0] != one.into.partition(":")[0]
    ]
    if findings:
        raise CostLensError(findings=findings)


def _team(one: Reown) -> str:
    return f"team:{one.team}"


def _insist_priced(con: "DuckDBPyConnection", changes: Changes, window: Window) -> None:
    """Raise an error for commitments that cover nothing, or of which no other price is known."""
    findings: list[Finding] = []
    for commitment in changes.end_commitments:
        found = con.execute(
            _COVERED,
            {"commitment": commitment, "first": window.first, "after": window.after},
        ).fetchall()
        if not found:
            findings.append(
                Finding(
                    message=f'no charge is covered by a commitment "{commitment}"',
                    where=changes.place,
                    hint="write a CommitmentDiscountId of these months: costlens query "
                    '"select distinct CommitmentDiscountId from charges"',
                    code="dangling_name",
                )
            )
        findings += [
            Finding(
                message=f"what {name} covers has neither ContractedCost nor ListCost",
                where=changes.place,
                hint="without its price nobody can say what it would cost; write it as price:",
                code="unknown_price",
            )
            for name, is_unknown in found
            if is_unknown
        ]
    if findings:
        raise CostLensError(findings=findings)


def _allocate(asked: Asked, book: Book, changes: Changes, question: Question) -> None:
    """Allocate the months of the window as they would be, and keep what targets would bear."""
    con, window = asked.con, question.window
    keys = {key.lower() for price in changes.price for key in price.tags}
    tagged = retagged("memory.main.charges", frozenset({*tag_keys_of(book), *keys}))
    uncovered = _uncovered(changes.end_commitments, tagged)
    with macros(con):
        con.execute(f"create or replace temp view charges as {_charges(changes.price, uncovered)}")
        con.execute(f"create or replace temp view activity as {_activity(changes)}")
        steps.prepare(con, book)
        months = con.execute(
            "select distinct billing_period from charges "
            "where billing_period >= $first and billing_period < $after order by all",
            {"first": window.first, "after": window.after},
        ).fetchall()
        for (month,) in months:
            steps.bring_to_stages(con, month)
            _find_needs(con, month, changes.gone)
            steps.bear(con, month)
            steps.assert_balanced(con, month)
            asked.keep("would_bear", level=question.level, basis=question.basis, **window.given)
            con.execute("insert into changed from would_bear")
        for view in ("charges", "activity"):
            con.execute(f"drop view temp.{view}")


def _find_needs(con: "DuckDBPyConnection", month: str, gone: Sequence[str]) -> None:
    """Find who needs each stage once some are gone; `stopped` has those that nobody does."""
    steps.run(con, (*steps.EDGE_STEPS, *steps.SET_STEPS), period=month)
    con.execute("create or replace temp table needed as from node_sets")
    if gone:
        given = {"gone": list(gone)}
        con.execute(
            "delete from all_edges "
            "where list_contains($gone, from_node) or list_contains($gone, to_node)",
            given,
        )
        first, second, *rest = steps.SET_STEPS
        steps.run(con, (first, second), period=month)
        con.execute("delete from need_edges where list_contains($gone, target)", given)
        steps.run(con, tuple(rest), period=month)
    steps.run(con, ("stopped",))
    con.execute(
        "update node_sets set feature_set = null, model_set = null, product_set = null "
        "from stopped where node_sets.node = stopped.node and node_sets.day = stopped.day"
    )


def _charges(prices: Sequence[Reprice], charges: str) -> str:
    """Write the charges as they would cost; of several changes that pick a line, each counts."""
    if not prices:
        return charges
    parts = [Fraction(price.factor).as_integer_ratio() for price in prices]
    factor = " * ".join(
        f"case when {_picked(price)} then {part} else {whole} end::hugeint"
        for price, (part, whole) in zip(prices, parts, strict=True)
    )
    whole = prod(whole for _, whole in parts)
    money = ", ".join(
        f"amount(sign({column}) * part_floor(abs(units({column})), factor, {whole}::hugeint)) "
        f"as {column}"
        for column in _MONEY
    )
    return (
        f"select * exclude (factor) replace ({money}) "
        f"from (select *, {factor} as factor from ({charges}) as tagged) as priced"
    )


def _uncovered(commitments: Sequence[str], charges: str) -> str:
    """Write the charges as they would be without some commitments."""
    if not commitments:
        return charges
    ends = _any(f"fits(CommitmentDiscountId, {literal(one)})" for one in commitments)
    money = ", ".join(
        f"case when not {ends} then {column} when ChargeCategory = 'Purchase' or "
        "CommitmentDiscountStatus = 'Unused' then 0 "
        f"else coalesce({_PRICE}, {column}) end::decimal(38, 12) as {column}"
        for column in _MONEY
    )
    return f"select * replace ({money}) from ({charges}) as covered"


def _picked(price: Reprice) -> str:
    """Write whether a selector picks a charge, as rules do."""
    tests = [
        _any(f"fits({column}, {literal(pattern)})" for pattern in patterns for column in columns)
        for dim, columns in _COLUMNS.items()
        if (patterns := getattr(price, dim))
    ]
    tests += [
        "list_bool_or(list_transform(from_json(x_tags, '[\"VARCHAR\"]'), lambda tag: "
        + _any(f"fits(tag, {literal(f'{key.lower()}={pattern}')})" for pattern in patterns)
        + ")) is true"
        for key, patterns in price.tags.items()
    ]
    return " and ".join(f"coalesce({test}, false)" for test in tests)


def _any(tests: Iterable[str]) -> str:
    return "(" + " or ".join(f"coalesce({test}, false)" for test in tests) + ")"


def _activity(changes: Changes) -> str:
    """Write the activity as it would be: what a thing takes, and what is taken of it."""
    if not changes.volume:
        return "from memory.main.activity"
    factors = " ".join(
        f"when list_contains({names}, consumer) or list_contains({names}, target) "
        f"then {one.factor:f}::decimal(18, 6)"
        for one in changes.volume
        if (names := f"[{literal(one.target)}, {literal(one.target.partition(':')[2])}]")
    )
    return (
        f"select * replace ((quantity * case {factors} else 1 end)::decimal(38, 6) as quantity) "
        "from memory.main.activity"
    )
