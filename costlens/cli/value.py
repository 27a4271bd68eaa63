"""`costlens value`."""

import click

from costlens.cli.options import Scope, takes_currency, takes_print, takes_scope
from costlens.cli.output import Print


@click.command(epilog="Example: costlens value product:retention_campaign --month 2026-08..2026-10")
@click.argument("target")
@takes_scope(months=True, basis=True)
@click.option("--years", type=click.IntRange(1, 50), help="Years of the plan, if not as settings.")
@takes_currency(one=True)
@takes_print
def value(
    target: str,
    scope: Scope,
    years: int | None,
    currency: str | None,
    printed: Print,
) -> None:
    """Show what one target (product:NAME, model:NAME, feature:NAME) costs in full and is worth.

    The cost base stands in the name of each measure. avoidable: what goes if this alone goes, the
    one base for keep or stop. allocated: its share of the bill. full: with declared pools, and with
    what pipelines of a `life_months` built spread over their lives.

    plan: years from the first day of a claim or of building, at the end of each year; a year costs
    twelve times the last month that has a bill for every day. What is discounted needs
    `roi: {discount_rate: ...}` in costlens.yaml. What cannot be said has no amount, and a reason.

    chance: P10, P50 and P90 of the window. Of one claim in closed form; of several both for claims
    that rise and fall as one and, in seeded random cases, for claims that know nothing of each
    other.
    """
    from costlens.questions.appraise import value_of
    from costlens.questions.explaining import Why
    from costlens.questions.named import read_targets

    with scope.asking() as asked:
        level, name = read_targets(asked, [target])[0]
        why = Why(level=level, target=name, basis=scope.basis_of(asked), window=scope.window)
        answer = value_of(asked, why, years=years, currency=currency)
    printed.show(answer)
