"""`costlens compare`."""

import click

from costlens.cli.options import (
    Scope,
    open_lake,
    takes_currency,
    takes_level,
    takes_print,
    takes_scope,
)
from costlens.cli.output import Print


@click.command(epilog="Example: costlens compare 1 --by model --month 2026-10")
@click.argument("before", type=int)
@click.argument("after", type=int, required=False)
@takes_scope(build=False, days=True, basis=True)
@takes_level("feature")
@takes_currency()
@takes_print
def compare(
    before: int,
    after: int | None,
    scope: Scope,
    by: str,
    currency: str | None,
    printed: Print,
) -> None:
    """Split what changed from build BEFORE to build AFTER (the latest) into its causes.

    bill: charges restated or new. runs: run logs, activity, lineage. rules: who is billed by what,
    what parts produce, policies. catalogue: things, owners, weights, edges. rates: fx.csv.
    engine: how CostLens works it out. The parts add up to the change, to the last unit.
    """
    from costlens.comparing import Sides
    from costlens.comparing import compare as compared

    lake = open_lake(scope.config)
    later = lake.build(after)
    sides = Sides(
        before=lake.build(before),
        after=later,
        level=by,
        basis=scope.basis or str(later.settings["basis"]),
        window=scope.window,
        currency=currency,
    )
    printed.show(compared(lake, sides), total="change")
