"""`costlens explain`."""

import click

from costlens.cli.options import Scope, read_target, takes_print, takes_scope
from costlens.cli.output import Print


@click.command(epilog="Example: costlens explain feature:fv_orders --start 2026-05 --stop 2026-06")
@click.argument("target")
@takes_scope(days=True, basis=True)
@click.option("--lines", is_flag=True, help="Go down to the billing lines.")
@click.option(
    "--currency", help="Convert by each billing month's rate in fx.csv. Default: as billed."
)
@takes_print
def explain(target: str, scope: Scope, lines: bool, currency: str | None, printed: Print) -> None:
    """Show why a target (feature:NAME, model:NAME, product:NAME) costs what it does.

    One row per stage and way: the rule that matched its charges (file:line and tier), every weight
    as numerator/denominator, the need-set's share, and the amount. The amounts add up to the
    target's cost exactly; with --lines they are those of single billing lines, as billed.
    """
    if lines and currency:
        raise click.UsageError("--lines are in the currency they were billed in: no --currency")
    from costlens.questions.ask import set_rates
    from costlens.questions.explaining import Why, explain_lines, explain_stages

    level, name = read_target(target)
    with scope.asking() as asked:
        set_rates(asked.con, asked.build, currency, window=scope.window)
        why = Why(
            level=level,
            target=name,
            basis=scope.basis_of(asked),
            window=scope.window,
        )
        answer = (explain_lines if lines else explain_stages)(asked, why)
    printed.show(answer, total="amount")
