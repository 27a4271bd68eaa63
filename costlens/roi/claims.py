"""What is declared to come in, and what did: as rows, and what is wrong with them together."""

import json
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from costlens.config.benefits import Benefit, Realised, claim_id
from costlens.config.dated import latest
from costlens.config.pools import Pool
from costlens.config.values import Catalogue, Settings, Target
from costlens.errors import Finding
from costlens.money import exactly, plain
from costlens.times import months_after

Row = dict[str, Any]  # a JSON object: text, whole numbers, null
COUNTED = {
    "claim": "VARCHAR",
    "node": "VARCHAR",
    "measure": "VARCHAR",
    "each": "DECIMAL(38,12)",
    "currency": "VARCHAR",
    "read_from": "VARCHAR",
}


def claims_of(catalogue: Catalogue) -> Iterator[tuple[str, Target, Benefit]]:
    """Go through every declared benefit, with the kind and the thing that it stands under."""
    targets: tuple[tuple[str, tuple[Target, ...]], ...] = (
        ("feature", catalogue.features),
        ("model", catalogue.models),
        ("product", catalogue.products),
    )
    for kind, things in targets:
        for thing in things:
            for benefit in thing.benefits:
                yield kind, thing, benefit


def claim_rows(settings: Settings, catalogue: Catalogue) -> Iterator[Row]:
    """Write declared benefits down as rows of the table `claims`."""
    for kind, thing, benefit in claims_of(catalogue):
        low, likely, high = benefit.amount.figures if benefit.amount else (None, None, None)
        yield {
            "side": "benefit",
            "claim": claim_id(kind, thing.name, benefit.name),
            "target": f"{kind}:{thing.name}",
            "name": benefit.name,
            "type": benefit.kind,
            "metric": benefit.metric,
            "population": benefit.population,
            "owner": benefit.owner or latest(thing.owner),
            "unit": benefit.unit,
            "conversion": text(benefit.conversion),
            "currency": benefit.currency or settings.currency,
            "low": text(low),
            "likely": text(likely),
            "high": text(high),
            "shape": benefit.amount.shape if benefit.amount else None,
            "per": benefit.per,
            "valid_from": text(benefit.valid_from),
            "valid_to": after(benefit.valid_until),
            "ramp_months": benefit.ramp_months,
            "plateau_months": benefit.plateau_months,
            "decay": text(benefit.decay),
            "counterfactual": benefit.counterfactual,
            "evidence": benefit.evidence,
            "evidence_level": benefit.evidence_level,
            "claim_share": text(benefit.claim_share),
            "shares": json.dumps({k: text(v) for k, v in sorted(benefit.parts.items())}),
            "cashable": benefit.cashable,
            "approver": benefit.approver,
            "review_on": text(benefit.review_on),
            "read_from": benefit.place,
        }

    for pool in catalogue.pools:
        comes_once = pool.per == "once"
        yield {
            "side": "cost",
            "claim": pool.name,
            "name": pool.name,
            "type": pool.kind,
            "owner": pool.owner,
            "currency": pool.currency or settings.currency,
            "likely": text(pool.amount),
            "shape": "point",
            "per": pool.per,
            "valid_from": text(pool.valid_from),
            "valid_to": text(_over(pool)) if comes_once else after(pool.valid_until),
            "ramp_months": 0,
            "plateau_months": 0,
            "evidence_level": 1,
            "claim_share": "1",
            "shares": json.dumps({k: text(v) for k, v in sorted(pool.share.items())}),
            "cashable": True,
            "read_from": pool.place,
        }


def _over(pool: Pool) -> date | None:
    """Give the day after the life of what comes once; without a life it is all on its day."""
    if pool.valid_from is None or pool.life_months is None:
        return pool.valid_until and pool.valid_until + timedelta(days=1)
    return months_after(pool.valid_from, pool.life_months)


def worth_settings(settings: Settings, catalogue: Catalogue) -> Row:
    """Say what questions of worth go by, for a build to keep."""
    set_ = settings.roi
    return {
        "evidence_level": set_.evidence_level,
        "discount_rate": text(set_.discount_rate),
        "years": set_.years,
        "seed": set_.seed,
        "draws": set_.draws,
        "lives": {
            f"pipeline:{one.name}": one.life_months
            for one in catalogue.pipelines
            if one.life_months
        },
    }


def realised_rows(settings: Settings, realised: Sequence[Realised]) -> Iterator[Row]:
    """Write measured benefits down as rows of the table `realised`."""
    for one in realised:
        yield {
            "claim": one.claim,
            "month": one.month,
            "metric": one.metric,
            "quantity": text(one.quantity),
            "amount": text(one.amount),
            "currency": one.currency or settings.currency,
            "read_from": one.place,
        }


def counted_rows(settings: Settings, catalogue: Catalogue) -> Iterator[Row]:
    """Say what of the activity is a benefit that came in, and what one of it is worth."""
    for kind, thing, benefit in claims_of(catalogue):
        if benefit.realised:
            yield {
                "claim": claim_id(kind, thing.name, benefit.name),
                "node": f"{kind}:{thing.name}",
                "measure": benefit.realised.measure,
                "each": text(benefit.realised.each),
                "currency": benefit.currency or settings.currency,
                "read_from": benefit.realised.place,
            }


def text(value: Decimal | date | None) -> str | None:
    """Spell a number or day for JSON."""
    return None if value is None else format(value, "f" if isinstance(value, Decimal) else "")


def after(day: date | None) -> str | None:
    """Spell the day after a day."""
    return None if day is None else text(day + timedelta(days=1))


def check_claims(catalogue: Catalogue, *, as_of: date) -> Iterator[Finding]:
    """Find what claims get wrong together, and those whose day of review is past."""
    yield from _over_claims(catalogue)
    for kind, thing, benefit in claims_of(catalogue):
        if benefit.review_on is not None and benefit.review_on < as_of:
            yield Finding(
                message=f'benefit "{claim_id(kind, thing.name, benefit.name)}" was to be looked at '
                f"again on {benefit.review_on}",
                where=benefit.place,
                hint='write what came of it into realised.csv, and the next "review_on" here',
                code="review_overdue",
                severity="warning",
            )


def _over_claims(catalogue: Catalogue) -> Iterator[Finding]:
    """Find metrics of one population that are claimed more than once in the same days."""
    metrics: dict[tuple[str, str], list[Claimed]] = {}
    for kind, thing, benefit in claims_of(catalogue):
        if benefit.metric and benefit.amount and benefit.claim_share:
            name = claim_id(kind, thing.name, benefit.name)
            metrics.setdefault((benefit.metric, benefit.population or ""), []).append(
                (name, benefit)
            )
    for (metric, population), claims in sorted(metrics.items()):
        worst = max((_at_once(claims, one) for _, one in claims), key=_total)
        total = _total(worst)
        if total <= 1:
            continue
        of = f' of "{population}"' if population else ""
        named = ", ".join(name for name, _ in worst)
        yield Finding(
            message=f'the metric "{metric}"{of} is claimed to {plain(total * 100)} % at once, by '
            f"{named}: {_excess(worst, total)} too much",
            where=worst[-1][1].place,
            hint='write shares of one change into "claim_share" that add up to 1; until then '
            "the column evidenced scales them down to it",
            code="over_claimed",
            severity="warning",
        )


Claimed = tuple[str, Benefit]


def _total(claims: Sequence[Claimed]) -> Decimal:
    return sum((one.claim_share for _, one in claims), Decimal(0))


def _at_once(claims: Sequence[Claimed], first: Benefit) -> list[Claimed]:
    """List the claims that hold on the first day of one of them."""
    day = first.valid_from or date.min
    return [
        (name, one) for name, one in claims if (one.valid_from or date.min) <= day <= last_day(one)
    ]


def last_day(benefit: Benefit) -> date:
    """Give the last day of a claim; what comes once comes on its first day."""
    if benefit.per == "once" and benefit.valid_until is None:
        return benefit.valid_from or date.max
    return benefit.valid_until or date.max


def _excess(claims: Sequence[Claimed], total: Decimal) -> str:
    """Say what part of the amounts is above the whole change of a metric."""
    sums: dict[tuple[str, str], Fraction] = {}
    for _, one in claims:
        assert one.amount is not None
        amount = Fraction(one.amount.figures[1] or 0) * Fraction(one.claim_share)
        key = one.currency or "", "" if one.per == "once" else f" a {one.per}"
        sums[key] = sums.get(key, Fraction(0)) + amount * (1 - 1 / Fraction(total))
    return " and ".join(
        f"{plain(exactly(amount))}{f' {currency}' if currency else ''}{per}"
        for (currency, per), amount in sums.items()
    )
