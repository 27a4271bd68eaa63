"""A refresh takes the memory it is allowed; what does not fit goes to disk."""

from pathlib import Path

import duckdb
import pytest
from company import Company

from costlens.engine import connect
from costlens.memory import limits, memory_of_machine

LINES = 60_000


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Company:
    """A bill whose lines are all of resources of their own, read within 160 MB."""
    company = Company(folder=tmp_path_factory.mktemp("memory"))
    company.settings = {"memory_limit": "160MB", "scratch": "spilled"}
    path = company.bill({"cost": 1, "ResourceId": "r-0"})
    plain = path.read_text().splitlines()
    lines = [plain[1].replace("r-0", f"resource-{n:060}") for n in range(LINES)]
    path.write_text("\n".join([plain[0], *lines, ""]))
    company.catalogue("features: [{name: f, billed_by: [{resource_id: '*1'}]}, {name: g}]")
    company.refresh()
    return company


def test_a_refresh_in_little_memory_comes_to_the_same(shop: Company) -> None:
    assert shop.cost()["f"] == LINES / 10
    assert sum(shop.cost().values()) == LINES
    assert list((shop.folder / "spilled").glob("costlens-*"))
    assert not (shop.folder / "lake" / ".scratch").exists()


def test_neither_the_memory_nor_where_it_spills_makes_another_build(shop: Company) -> None:
    text = (shop.folder / "costlens.yaml").read_text()
    other = text.replace("160MB", "70%").replace("spilled", "elsewhere")
    (shop.folder / "costlens.yaml").write_text(other)
    ran = shop.run("refresh")
    (shop.folder / "costlens.yaml").write_text(text)
    assert "nothing new: build 1 still holds" in ran.out


def test_too_little_memory_says_so_and_the_last_build_stays(shop: Company) -> None:
    text = (shop.folder / "costlens.yaml").read_text()
    (shop.folder / "costlens.yaml").write_text(text.replace("160MB", "10MB"))
    (shop.folder / "bill.csv").write_text((shop.folder / "bill.csv").read_text() + "\n")
    ran = shop.run("refresh")
    (shop.folder / "costlens.yaml").write_text(text)
    assert ran.code == 1
    assert "costlens: costlens.yaml: this work does not fit into 10MB of memory" in ran.err
    assert "memory_limit: 4GB" in ran.err
    assert shop.cost()["f"] == LINES / 10


def test_a_part_of_memory_is_a_part_of_what_the_process_may_use() -> None:
    with connect(memory_limit="50%") as con:
        (half,) = con.execute("select current_setting('memory_limit')").fetchone() or ("",)
    with duckdb.connect(config={"memory_limit": f"{memory_of_machine() // 2}B"}) as con:
        assert con.execute("select current_setting('memory_limit')").fetchone() == (half,)


@pytest.mark.parametrize(
    ("own", "file", "inside"),
    [
        ("0::/a/b", "a/b/memory.max", True),
        ("0::/a/b", "a/memory.max", True),
        ("0::/of/the/host", "memory.max", True),
        ("0::/a", "unified/a/memory.max", True),
        ("9:pids:/\n4:memory:/a", "memory/a/memory.limit_in_bytes", True),
        ("4:memory,cpu:/of/the/host", "memory/memory.limit_in_bytes", True),
        ("9:pids:/a", "memory/a/memory.limit_in_bytes", False),
    ],
)
def test_the_limit_of_a_control_group_counts_and_that_of_no_group_does_not(
    tmp_path: Path, own: str, file: str, inside: bool
) -> None:
    (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / file).write_text("1073741824\n")
    assert list(limits(own, tmp_path)) == ([1073741824] if inside else [])
    (tmp_path / file).write_text("max\n")
    assert list(limits(own, tmp_path)) == []
