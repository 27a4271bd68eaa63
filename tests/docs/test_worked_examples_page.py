"""The worked examples of the documentation are run, and give the figures that stand there."""

import doctest
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "worked-examples.md"


def test_every_example_gives_its_figures() -> None:
    done = doctest.testfile(str(PAGE), module_relative=False)
    assert done.attempted > 30
    assert not done.failed
