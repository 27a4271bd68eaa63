from decimal import Decimal

import pytest

from costlens.web import formats


@pytest.mark.parametrize(
    ("amount", "shown"),
    [
        ("1364.481679835800", "$1,364.48"),
        ("-1200", "\N{MINUS SIGN}$1,200.00"),
        ("0", "$0.00"),
        ("-0.001", "$0.00"),
        ("0.005", "$0.00"),  # half to even, as everywhere in decimal
    ],
)
def test_an_exact_amount_has_cents_and_a_sign(amount: str, shown: str) -> None:
    assert formats.exact(Decimal(amount), "USD") == shown


def test_what_is_unknown_is_a_dash_and_never_a_zero() -> None:
    dash = "\N{EN DASH}"
    assert formats.exact(None, "USD") == formats.short(None, "USD") == dash
    assert formats.percent(None) == formats.change(None, None, "USD") == formats.count(None) == dash


@pytest.mark.parametrize(
    ("amount", "shown"),
    [
        ("98.436", "$98.44"),
        ("1364.48", "$1,364"),
        ("12443", "$12.4k"),
        ("1250000", "$1.2M"),
        ("48310.4", "$48.3k"),
        ("-12443", "\N{MINUS SIGN}$12.4k"),
    ],
)
def test_a_card_has_three_or_four_digits(amount: str, shown: str) -> None:
    assert formats.short(Decimal(amount), "USD") == shown


def test_currencies_without_a_sign_are_named() -> None:
    assert formats.exact(Decimal(5), "CHF") == "CHF\N{NO-BREAK SPACE}5.00"


@pytest.mark.parametrize(
    ("share", "shown"),
    [("0.6826", "68 %"), ("0.0041", "0.4 %"), ("0", "0 %"), ("0.0001", "<0.1 %")],
)
def test_a_share_that_is_something_never_reads_as_nothing(share: str, shown: str) -> None:
    assert formats.percent(Decimal(share)).replace("\N{NO-BREAK SPACE}", " ") == shown


def test_a_change_is_a_share_and_money_together() -> None:
    up = formats.change(Decimal(1300), Decimal("0.12"), "USD")
    down = formats.change(Decimal(-1300), Decimal("-0.12"), "USD")
    assert up.replace("\N{NO-BREAK SPACE}", " ") == "+12 % (+$1,300)"
    assert down.replace("\N{NO-BREAK SPACE}", " ") == "\N{MINUS SIGN}12 % (\N{MINUS SIGN}$1,300)"
