"""`costlens realisation`."""

import click

from costlens.cli.options import Scope, takes_currency, takes_print, takes_scope
from costlens.cli.output import Print


@click.command(epilog="Example: costlens realisation --format csv")
@takes_scope()
@takes_currency(one=True)
@takes_print
def realisation(scope: Scope, currency: str | None, printed: Print) -> None:
    """Show how much of what was declared came in, by type, over claims whose time is over.

    closed_claims: those whose last day is billed, and of which realised.csv says something;
    unmeasured: those of which it says nothing. realised_share is there from 8 closed claims on: the
    history of your own, to hold new claims of this type against. No claim is corrected by it.
    """
    from costlens.questions.realisation import realisation as compare

    with scope.asking() as asked:
        answer = compare(asked, currency=currency)
    if not answer.rows:
        click.echo("note: no claim is over yet: its last day is not billed", err=True)
    printed.show(answer)
