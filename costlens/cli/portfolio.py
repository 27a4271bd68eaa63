"""`costlens portfolio`."""

import click

from costlens.cli.options import Scope, takes_currency, takes_level, takes_print, takes_scope
from costlens.cli.output import Print


@click.command(epilog="Example: costlens portfolio --by product --month 2026-08..2026-10")
@takes_scope(days=True, basis=True)
@takes_level("product")
@takes_currency(one=True)
@takes_print
def portfolio(scope: Scope, by: str, currency: str | None, printed: Print) -> None:
    """Advise what to keep and what to stop: the set that brings most beyond the stages it needs.

    A stage is paid as long as one of those who need it is kept, so the advice never compares a
    benefit with an allocated cost: that would stop good things one after the other.

    avoidable: what stops with it alone; of the last two rows, what all of them need. net: benefit
    less avoidable. margin: how much less it may bring, or how much more it has to, until the
    advice turns. A target without a benefit in money counts as kept.

    used_by, owner, last_read and notice_days say whom to ask, and how long before. What commitments
    cover goes on being paid for a while: costlens avoidable product:NAME --horizon now.
    """
    from costlens.questions.portfolio import portfolio as advise

    with scope.asking() as asked:
        answer = advise(
            asked,
            level=by,
            basis=scope.basis_of(asked),
            window=scope.window,
            currency=currency,
        )
    advices = {row[answer.columns.index("advice")] for row in answer.rows}
    if not advices - {None, "unknown"}:
        click.echo(
            f"note: no {by} has a benefit in money, so there is nothing to choose (benefits:)",
            err=True,
        )
    printed.show(answer)
