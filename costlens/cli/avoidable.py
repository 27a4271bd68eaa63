"""`costlens avoidable`."""

import click

from costlens.cli.options import Scope, takes_currency, takes_print, takes_scope
from costlens.cli.output import Print
from costlens.questions.costs import HORIZONS


@click.command(
    epilog="Example: costlens avoidable feature:fv_payment_risk model:fraud --month 2026-10"
)
@click.argument("targets", nargs=-1, required=True)
@takes_scope(days=True, basis=True)
@click.option(
    "--horizon",
    type=click.Choice(HORIZONS),
    default="commitment",
    show_default=True,
    help="What counts as saved: see above.",
)
@takes_currency()
@takes_print
def avoidable(
    targets: tuple[str, ...], scope: Scope, horizon: str, currency: str | None, printed: Print
) -> None:
    """Show what is saved if targets (feature:NAME, model:NAME, product:NAME) go: each, and all.

    avoidable: stages that nobody else needs; "(only together)" is what all of them save beyond each
    alone. Of several levels, a stage stops once all who need it at one of them go.

    Saved `now` is what stops with the work: no capacity of resources, and nothing that commitments
    cover. At the next `resize` capacity counts too; at the end of a `commitment` all does, as in
    `costlens cost`.

    stays: what goes on being paid at that horizon. unknown: of services that commitments cover in
    part, where no stage is known to be the covered one. lineage_share: of the money of stages, the
    part whose need at this level is known; an unseen reader makes avoidable too high.
    """
    from costlens.questions.costs import avoidable as saved

    with scope.asking() as asked:
        answer = saved(
            asked,
            targets,
            horizon=horizon,
            basis=scope.basis_of(asked),
            window=scope.window,
            currency=currency,
        )
    printed.show(answer)
