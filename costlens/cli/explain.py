"""`costlens explain`."""

import click

from costlens.cli.options import Scope, takes_currency, takes_print, takes_scope
from costlens.cli.output import Print

_MOST = 1000  # lines of a month


@click.command(epilog="Example: costlens explain feature:fv_payment_risk --month 2026-10")
@click.argument("amount")
@takes_scope(days=True, basis=True)
@click.option("--stage", help="Only what came through these stages (* and ? stand for any).")
@click.option("--service", help="Only the charges of these services (* and ? stand for any).")
@click.option("--class", "kind", help="Only this class of cost: work, idle, waste, tax ...")
@click.option("--lines", is_flag=True, help="Go down to the billing lines.")
@click.option(
    "--most",
    type=click.IntRange(min=0),
    default=_MOST,
    show_default=True,
    help="How many --lines of a month are listed, the dearest; the others are one row. 0: all.",
)
@takes_currency()
@takes_print
def explain(
    amount: str,
    scope: Scope,
    lines: bool,
    most: int,
    currency: str | None,
    printed: Print,
    **narrowed: str | None,
) -> None:
    """Show why an amount is what it is: what feature:NAME, model:NAME or product:NAME costs.

    One row per stage and way: the rule that matched its charges (file:line and tier), every weight
    as numerator/denominator, the need-set's share, and the amount. The amounts add up to the
    target's cost exactly; with --lines they are those of single billing lines, as billed, with the
    weights as they were used.

    NAME alone will do where only one target has it. It may be a row of costlens cost that no
    target bears: "feature:(idle)". stage:NAME, pipeline:NAME, service:NAME and class:NAME explain
    all that came there, whoever bears it.
    """
    if lines and currency:
        raise click.UsageError("--lines are in the currency they were billed in: no --currency")
    from costlens.questions.ask import in_currency
    from costlens.questions.explaining import Why, explain_lines, explain_stages
    from costlens.questions.named import read_amount

    with scope.asking() as asked, in_currency(asked, currency, scope.window):
        level, name = read_amount(asked, amount)
        why = Why(
            level=level,
            target=name,
            basis=scope.basis_of(asked),
            window=scope.window,
            **narrowed,
        )
        answer = (
            explain_lines(asked, why, most=most or None) if lines else explain_stages(asked, why)
        )
    printed.show(answer, total="amount")
