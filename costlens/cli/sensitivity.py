"""`costlens sensitivity`."""

import click

from costlens.cli.options import Scope, takes_print, takes_scope
from costlens.cli.output import Print

_MOST = 1000  # pairs


@click.command(epilog="Example: costlens sensitivity --by model --month 2026-05")
@takes_scope(days=True, basis=True)
@click.option(
    "--by",
    type=click.Choice(("feature", "model", "product")),
    default="feature",
    show_default=True,
)
@click.option("--methods", is_flag=True, help="How far each rule moves money and ranks.")
@click.option(
    "--pairs",
    is_flag=True,
    help=f"Which target costs at least as much as which other under every rule without subsidies: "
    f"the {_MOST} closest pairs.",
)
@click.option(
    "--currency", help="Convert by each billing month's rate in fx.csv. Default: as billed."
)
@takes_print
def sensitivity(
    scope: Scope, by: str, methods: bool, pairs: bool, currency: str | None, printed: Print
) -> None:
    """Show what targets would bear under other rules, and whether their ranks hold.

    allocated: as the build splits it, before policies. need_even: each stage evenly over those who
    need it. even: all alike. by_stand_alone: in proportion to stand-alone cost. scrb: avoidable
    cost, and the rest by what stand-alone cost leaves above it. Each column sums to the same money.
    Direct, step-down and reciprocal splits need the flows before the cascade, which a build does
    not keep; they are not compared.
    """
    from costlens.questions.ask import set_rates

    if methods and pairs:
        raise click.UsageError("--methods and --pairs are two tables: ask for one")
    with scope.asking() as asked:
        set_rates(asked.con, asked.build, currency, window=scope.window)
        basis = scope.basis_of(asked)
        asked.keep("by_method", level=by, basis=basis, **scope.window.given)
        question = "sensitivity_methods" if methods else "sensitivity"
        answer = asked.ask("sensitivity_pairs" if pairs else question, most=_MOST)
    printed.show(answer)
