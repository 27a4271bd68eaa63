"""`costlens sensitivity`."""

import click

from costlens.cli.options import Scope, takes_currency, takes_level, takes_print, takes_scope
from costlens.cli.output import Print
from costlens.questions.costs import MOST_PAIRS


@click.command(epilog="Example: costlens sensitivity --by model --month 2026-10")
@takes_scope(days=True, basis=True)
@takes_level("feature")
@click.option("--methods", is_flag=True, help="How far each rule moves money and ranks.")
@click.option(
    "--pairs",
    is_flag=True,
    help=f"Which target costs at least as much as which other under every rule without subsidies: "
    f"the {MOST_PAIRS} closest pairs.",
)
@takes_currency()
@takes_print
def sensitivity(
    scope: Scope, by: str, methods: bool, pairs: bool, currency: str | None, printed: Print
) -> None:
    """Show what targets would bear under other rules, and whether their ranks hold.

    allocated: as the build splits it, before policies. need_even: each stage evenly over those who
    need it. even: all alike. by_stand_alone: in proportion to stand-alone cost. scrb: avoidable
    cost, and the rest by what stand-alone cost leaves above it. Each of these sums to the same.

    direct, reciprocal, step_down: where stages that are split by use hand cost on: as if they took
    nothing of each other; solved exactly; or one after the other, the dearest first. These move
    cost also to and from what no target bears.
    """
    from costlens.questions.costs import sensitivity as under_rules

    if methods and pairs:
        raise click.UsageError("--methods and --pairs are two tables: ask for one")
    table = "sensitivity_pairs" if pairs else "sensitivity_methods" if methods else "sensitivity"
    with scope.asking() as asked:
        answer = under_rules(
            asked,
            level=by,
            basis=scope.basis_of(asked),
            window=scope.window,
            currency=currency,
            table=table,
        )
    printed.show(answer)
