from datetime import date
from types import SimpleNamespace
from typing import cast

import pytest

from costlens.questions.ask import Answer
from costlens.web.data import Data, Month
from costlens.web.view import month_choices, read_view


def month(name: str, *, is_partial: bool = False) -> Month:
    first = date.fromisoformat(f"{name}-01")
    return Month(month=name, first_day=first, last_day=first.replace(day=21), is_partial=is_partial)


FOUR = (month("2026-08"), month("2026-09"), month("2026-10"), month("2026-11", is_partial=True))


def fake(*months: Month) -> Data:
    nothing = Answer(columns=("name",), types=("VARCHAR",), rows=())
    return cast(
        Data,
        SimpleNamespace(
            months=months or FOUR,
            basis="effective",
            currencies=("USD",),
            ask=lambda _question, **_given: nothing,
        ),
    )


@pytest.mark.parametrize(
    ("asked", "first", "last", "before"),
    [
        ("", "2026-10", "2026-10", "2026-09"),
        ("last", "2026-10", "2026-10", "2026-09"),
        ("last3", "2026-08", "2026-10", "2026-05"),
        ("all", "2026-08", "2026-11", "2026-08"),  # an open month has nothing to compare with
        ("2026-11", "2026-11", "2026-11", "2026-11"),
        ("mtd", "2026-11", "2026-11", "2026-11"),
        ("qtd", "2026-10", "2026-11", "2026-10"),
        ("ytd", "2026-08", "2026-11", "2026-08"),
        ("2026-09", "2026-09", "2026-09", "2026-08"),
        ("2026-08..2026-09", "2026-08", "2026-09", "2026-06"),
    ],
)
def test_a_link_names_its_months(asked: str, first: str, last: str, before: str) -> None:
    view = read_view(fake(), {"month": asked} if asked else {})
    assert (view.first, view.last, view.before, view.notes) == (first, last, before, ())


def test_a_company_with_one_open_month_is_shown_that() -> None:
    view = read_view(fake(month("2026-11", is_partial=True)), {})
    assert (view.first, view.last) == ("2026-11", "2026-11")


def test_bad_values_fall_back_and_say_so() -> None:
    view = read_view(fake(), {"month": "2026-13", "basis": "gold", "by": "team", "what": "ever"})
    assert (view.first, view.basis, view.level) == ("2026-10", "effective", "product")
    assert [note.split(" ")[0] for note in view.notes] == ['"2026-13"', 'basis="gold"', 'by="team"']
    assert all("Shown: " in note for note in view.notes)


def test_links_carry_the_filters_and_nothing_unknown() -> None:
    view = read_view(fake(), {"month": "all", "by": "model", "what": "ever"})
    assert view.link("/feature", name="fv a&b") == "/feature?by=model&month=all&name=fv+a%26b"


def test_a_span_of_the_link_is_one_of_the_choices() -> None:
    view = read_view(fake(), {"month": "2026-08..2026-09"})
    groups = month_choices(fake(), view)
    values = [item["value"] for group in groups for item in group["items"]]  # type: ignore[attr-defined]
    assert "2026-08..2026-09" in values
    assert values.count("2026-11") == 1


def test_a_quarter_is_one_of_the_choices_and_not_named_as_from_the_link() -> None:
    groups = month_choices(fake(), read_view(fake(), {"month": "2026-10..2026-12"}))
    assert [group["group"] for group in groups] == ["Window", "Month", "Quarter"]


def test_comparing_with_nothing_has_no_window_before() -> None:
    view = read_view(fake(), {"compare": "none"})
    assert view.before == view.first


def test_an_owner_or_product_that_nobody_is_falls_back_to_all_and_says_so() -> None:
    view = read_view(fake(), {"owner": "nobody", "product": "nothing"})
    assert (view.owner, view.product) == (None, None)
    assert [note.partition('"')[0] for note in view.notes] == [
        "no owner is called ",
        "no product is called ",
    ]


def test_windows_are_said_in_words() -> None:
    assert read_view(fake(), {}).months_said == "October 2026"
    assert read_view(fake(), {"month": "last3"}).months_said == "August to October 2026"
    across = read_view(fake(), {"month": "2025-12..2026-01"})
    assert across.months_said == "December 2025 to January 2026"
