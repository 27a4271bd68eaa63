"""State where all of each bill went, as it was billed or in one currency."""

from decimal import Decimal

from costlens.money import converted, exact_sum
from costlens.questions.ask import Answer, Asked, Cell, set_rates
from costlens.questions.window import ALWAYS, Window

_PARTS = ("allocated", "idle", "unmatched", "unneeded", "stranded", "excluded")


def state(
    asked: Asked, *, window: Window = ALWAYS, by_class: bool = False, currency: str | None = None
) -> Answer:
    """Answer the statement, one row a source, month, currency of the bill, and basis.

    In another currency each figure is converted at its month's rate and rounded once; `rounding` is
    what that leaves of the bill, and `difference` stays that of the bill. Rows of different
    currencies stay apart, with the currency they were `billed_in` and their rate.
    """
    question = "statement_by_class" if by_class else "statement"
    own = asked.ask(question, **window.given)
    if currency is None:
        return own
    at = own.columns.index
    needed = {(row[at("period")], row[at("currency")]) for row in own.rows}
    set_rates(asked.con, asked.build, currency, window=window, also=needed)
    rates = {
        (month, code): Decimal(f"{rate}E-12")
        for month, code, rate in asked.con.execute(
            "select month, currency, rate from rates"
        ).fetchall()
    }
    set_rates(asked.con, asked.build, None)
    return _in_currency(own, rates, currency)


def _in_currency(own: Answer, rates: dict[tuple[str, str], Decimal], currency: str) -> Answer:
    at = own.columns.index
    amounts = [index for index, kind in enumerate(own.types) if kind.startswith("DECIMAL")]
    parts = [at(name) for name in _PARTS]

    def row_of(row: tuple[Cell, ...]) -> tuple[Cell, ...]:
        billed_in = row[at("currency")]
        rate = rates[row[at("period")], billed_in]
        cells = list(row)
        for index in amounts:
            cells[index] = None if row[index] is None else converted([(row[index], rate)])
        whole = [cells[at("ingested")]]
        if "source_total" in own.columns:
            whole = [cells[at("source_total")], cells[at("residual")].copy_negate()]
            whole.append(cells[at("difference")].copy_negate())
        rounding = exact_sum([*whole, *(cells[index].copy_negate() for index in parts)])
        cells[at("currency")] = currency
        return (*cells, rounding, billed_in, rate)

    return Answer(
        columns=(*own.columns, "rounding", "billed_in", "rate"),
        types=(*own.types, "DECIMAL(38,12)", "VARCHAR", "DECIMAL(38,12)"),
        rows=tuple(row_of(row) for row in own.rows),
    )
