"""A page is laid out once for all who may see the same, also before anybody asks for it."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from asking_pages import Client, lake_of
from company import Company

from costlens.web import ranking
from costlens.web.app import create_app
from costlens.web.data import Builds
from costlens.web.laid import Laid


def test_a_page_is_laid_out_once_and_sent_again_as_it_was(
    sample: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = Client(app=create_app(lake_of(sample)))
    drawn: list[str] = []
    real = ranking.grid

    def counting(*given: object, **more: object) -> object:
        drawn.append("grid")
        return real(*given, **more)  # type: ignore[arg-type]  # as it is called

    monkeypatch.setattr(ranking, "grid", counting)
    with ThreadPoolExecutor(4) as pool:
        shown = list(pool.map(client.show, ["/products"] * 4))
    assert drawn == ["grid"]
    assert all(one == shown[0] for one in shown)
    client.show("/products?basis=billed")
    assert drawn == ["grid"] * 2
    news = client.show("/products", by="build.data")  # says that it was updated: another answer
    assert "Updated: build" in news["news"]["children"]
    assert news["page"] == shown[0]["page"]


def test_the_usual_pages_of_a_build_are_there_before_readers_ask(company: Company) -> None:
    company.bill({"cost": "1"})
    company.refresh()
    app = create_app(lake_of(company))
    builds = Builds(lake_of(company))
    laid = Laid(app, builds, ["/", "/products"])
    laid.lay_out(1, ["/", "/products", "/nowhere"])
    kept = [key[3] for key, one in laid.kept() if one]
    assert kept.count("/products") == 1
    assert kept.count("/") == 3, "the page, and both parts that come after it"
    assert "/nowhere" not in kept
    with builds.as_latest(7):
        assert builds.latest() == 7
    assert builds.latest() == 1


def test_a_link_of_no_page_of_ours_is_laid_out_each_time(company: Company) -> None:
    company.bill({"cost": "1"})
    company.refresh()
    own = company.folder / "dashboards"
    own.mkdir()
    (own / "count.py").write_text(
        '"""Count."""\n\nfrom itertools import count\n\nfrom dash import html\n\n'
        'PATH, TITLE, ORDER = "/count", "Count", 90\nNEXT = count(1)\n\n\n'
        "def layout(data, **_):\n    return html.P(f'asked {next(NEXT)} times')\n"
    )
    client = Client(app=create_app(lake_of(company), folders=[own]))
    assert [client.page("/count") for _ in range(3)] == [f"asked {n} times" for n in (1, 2, 3)]
