"""An answer is worked out once, whoever asks, and a new build is asked before readers come to it."""

import time
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from asking_pages import lake_of
from company import Company

from costlens.web.data import Builds
from costlens.web.once import Once


def test_many_who_ask_at_once_get_one_answer() -> None:
    asked: list[int] = []
    start = Barrier(8)

    def compute(key: int) -> int:
        asked.append(key)
        time.sleep(0.1)
        return key * 2

    once = Once(compute, most=4)

    def ask(key: int) -> int:
        start.wait()
        return once(key)

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(ask, [1] * 8)) == [2] * 8
    assert asked == [1]


def test_what_fails_is_tried_again_and_what_is_old_forgotten() -> None:
    asked: list[int] = []

    def compute(key: int) -> int:
        asked.append(key)
        if len(asked) == 1:
            raise ValueError("no")
        return key

    once = Once(compute, most=2)
    with pytest.raises(ValueError, match="no"):
        once(1)
    assert [once(1), once(1), once(2), once(3), once(1)] == [1, 1, 2, 3, 1]
    assert asked == [1, 1, 2, 3, 1]


def test_an_answer_is_kept_by_what_the_question_takes(company: Company) -> None:
    company.bill({"cost": "1"})
    company.refresh()
    data = Builds(lake_of(company)).at(1)
    assert data.ask("months") is data.ask("months", target="x", level="model")
    given = {
        "start": "2026-05-01",
        "stop": "2026-06-01",
        "first": "2026-05",
        "after": "2026-06",
        "basis": "billed",
    }
    assert data.ask("cost_by_target", level="model", **given) is not data.ask(
        "cost_by_target", level="feature", **given
    )


def test_a_new_build_is_shown_once_its_usual_questions_are_asked(company: Company) -> None:
    company.bill({"cost": "1"})
    company.refresh()
    asked: list[int] = []
    builds = Builds(lake_of(company))

    def usual(number: int) -> None:
        if number > 1:
            assert builds.latest() == number - 1  # readers still see the one before
        time.sleep(0.2)
        asked.append(number)
        if number == 3:
            raise ValueError("no page is worth a build that is never shown")

    builds.ask_before(usual)
    assert builds.latest() == 1
    for number in (2, 3):
        company.bill({"cost": str(number)})
        company.refresh()
        began = time.monotonic()
        while builds.latest() != number:
            assert time.monotonic() - began < 4
            time.sleep(0.02)
        assert asked[-1] == number
