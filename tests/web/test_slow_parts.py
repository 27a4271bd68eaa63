"""Parts that take seconds: asked for by a button, worked out once, stored nowhere."""

from pathlib import Path
from urllib.parse import urlencode

import pytest
from asking_pages import Client, lake_of, texts
from company import Company

from costlens.errors import CostLensError
from costlens.web.answers import read_change
from costlens.web.app import create_app


def press(client: Client, part: str, link: str) -> str:
    """Post what the browser posts when the button of a part is pressed."""
    return "\n".join(texts(client.press(f"{part}-ask", "n_clicks", f"{part}-result", link)))


CHANGES = [
    ({"kind": "drop", "what": "product:home_page_picks"}, "drop: [product:home_page_picks]"),
    (
        {
            "kind": "merge",
            "what": "feature:fv_query_clicks",
            "into": "feature:fv_product_popularity",
        },
        "merge: [{drop: feature:fv_query_clicks, into: feature:fv_product_popularity}]",
    ),
    (
        {"kind": "price", "what": "Amazon EC2", "factor": "0.8"},
        "price: [{service: Amazon EC2, factor: 0.8}]",
    ),
    (
        {"kind": "volume", "what": "model:fraud", "factor": "2"},
        "volume: [{target: model:fraud, factor: 2}]",
    ),
]


@pytest.mark.few(1)
@pytest.mark.parametrize(("query", "text"), CHANGES, ids=[one[0]["kind"] for one in CHANGES])
def test_what_if_says_what_the_command_says(
    client: Client, sample: Company, tmp_path: Path, query: dict[str, str], text: str
) -> None:
    changes = tmp_path / "changes.yaml"
    changes.write_text(text)
    words = ("whatif", str(changes), "--by", "product", "--month", "2026-10", "--format", "csv")
    ran = sample.run(*words)
    assert ran.code == 0, ran.err
    assert client.get(f"/csv/whatif/then.csv?{urlencode(query)}").text == ran.out
    said = press(client, "whatif-then", f"/whatif?{urlencode(query)}")
    assert "The bill now" in said
    assert "could not be computed" not in said


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ({}, "nothing is chosen to change"),
        ({"kind": "merge", "what": "feature:a"}, "merged into nothing"),
        ({"kind": "price", "what": "Amazon EC2", "factor": "much"}, '"much" is no factor'),
        ({"kind": "volume", "what": "model:a", "factor": "-1"}, '"-1" is no factor'),
        ({"kind": "weight", "what": "model:a", "factor": "NaN"}, '"NaN" is no factor'),
        ({"kind": "explode", "what": "model:a"}, '"explode" is no change'),
    ],
)
def test_a_change_that_is_none_says_what_is_missing(query: dict[str, str], says: str) -> None:
    with pytest.raises(CostLensError, match=says):
        read_change(query)


def test_what_nobody_knows_fails_in_words_and_moves_nothing(client: Client) -> None:
    said = press(client, "whatif-then", "/whatif?kind=drop&what=product%3Anobody")
    assert 'the build knows no "product:nobody"' in said
    assert "$" not in said


def test_a_change_of_another_kind_is_not_taken_for_one(client: Client) -> None:
    page = client.page("/whatif?kind=price&what=product%3Ashop_search")
    assert page.startswith("What if something were different?")


@pytest.mark.slow
def test_two_builds_are_split_into_causes_when_asked(company: Company) -> None:
    company.bill({"cost": "10", "Tags": {"p": "a"}})
    company.catalogue("products: [{name: a, billed_by: [{tags: {p: a}}]}]")
    company.refresh()
    client = Client(app=create_app(lake_of(company)))
    assert "There is one build only" in client.page("/trust")
    company.bill({"cost": "12", "Tags": {"p": "a"}})
    company.refresh()
    client = Client(app=create_app(lake_of(company)))
    assert "What changed between two builds?" in client.page("/trust?since=1")
    ran = company.run("compare", "1", "2", "--by", "product", "--month", "2026-05", "--format=csv")
    assert client.get("/csv/trust/compared.csv?since=1").text == ran.out
    said = press(client, "trust-compared", "/trust?since=1")
    assert "Since build 1, by product" in said
    assert "$2.00" in said
    assert "no build is chosen" in press(client, "trust-compared", "/trust")


def test_an_earlier_build_stays_what_it_was(company: Company) -> None:
    company.bill({"cost": "10"})
    company.refresh()
    company.bill({"cost": "12"})
    company.refresh()
    client = Client(app=create_app(lake_of(company)))
    assert client.page("/").startswith("May 2026 cost $12.00")
    assert client.page("/?build=1").startswith("May 2026 cost $10.00")
    assert "Build 1, kept in this link" in client.page("/?build=1")
    assert '"x" is no build' in client.page("/?build=x")


def test_a_page_is_in_another_currency_where_all_bills_have_a_rate(company: Company) -> None:
    company.bill({"cost": "10"})
    (company.folder / "fx.csv").write_text("month,from,to,rate\n2026-05,USD,EUR,0.5\n")
    company.refresh()
    client = Client(app=create_app(lake_of(company)))
    assert client.page("/").startswith("May 2026 cost $10.00")
    assert client.page("/?currency=EUR").startswith("May 2026 cost €5.00")
    assert client.page("/").startswith("May 2026 cost $10.00")
    refused = client.page("/?currency=GBP")
    assert refused.startswith("May 2026 cost $10.00")
    assert 'currency="GBP" is unknown' in refused
