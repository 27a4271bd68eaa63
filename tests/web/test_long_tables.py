"""A table of more rows than anybody reads shows the first of them, and says where the others are."""

from dash import html

from costlens.questions.ask import Answer
from costlens.web.data import Data
from costlens.web.tables import table


def test_a_long_table_shows_its_first_rows_as_one_part(data: Data) -> None:
    many = Answer(
        columns=("name",), types=("VARCHAR",), rows=tuple((f"row {at}",) for at in range(250))
    )
    shown = table(data, many, "Many")
    assert isinstance(shown, html.Div)  # a list within a list of children is none to the browser
    text = str(shown)
    assert "row 99" in text
    assert "row 100" not in text
    assert "The first 100 of 250 rows; the CSV has them all." in text


def test_a_short_table_shows_all_of_them(data: Data) -> None:
    few = Answer(
        columns=("name",), types=("VARCHAR",), rows=tuple((f"row {at}",) for at in range(100))
    )
    text = str(table(data, few, "Few"))
    assert "row 99" in text
    assert "The first" not in text
