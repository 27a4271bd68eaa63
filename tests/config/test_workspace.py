import os
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from costlens.config import load
from costlens.config.benefits import Amount
from costlens.config.values import Edge, FxRate, Workspace
from costlens.errors import CostLensError

EXAMPLE = Path(__file__).parent / "example"

Read = Callable[..., Workspace]
Found = Callable[..., list[str]]
Write = Callable[..., Path]


def test_the_example_of_the_design_loads() -> None:
    workspace = load(EXAMPLE)
    catalogue = workspace.catalogue
    assert [source.name for source in workspace.settings.sources] == [
        "bill",
        "airflow",
        "mlflow",
        "usage",
    ]
    assert [team.name for team in catalogue.teams] == ["risk", "retention"]
    warehouse = catalogue.stages[0]
    assert warehouse.feeds == (
        Edge(pipeline="shop_features", weight=Decimal(6)),
        Edge(model="churn", weight=Decimal(4)),
    )
    assert warehouse.place == "catalog/shop.yaml:18"
    assert warehouse.billed_by[0].service == ("Snowflake",)
    assert catalogue.pipelines[1].billed_by[0].tags == {"pipeline": ("shop_features",)}
    assert catalogue.resources[0].capacity is not None
    assert catalogue.resources[0].capacity.slots == 3
    benefit = catalogue.products[0].benefits[0]
    assert benefit.amount == Amount(low=Decimal(12000), likely=Decimal(18000), high=Decimal(26000))
    assert (benefit.valid_from, benefit.valid_until) == (date(2026, 1, 1), date(2026, 12, 31))
    assert benefit.share == {"model:churn": Decimal(1)}
    assert isinstance(benefit.share["model:churn"], Decimal)


def test_settings_and_catalogue_are_checked_at_once(found: Found) -> None:
    assert found(
        "version: 2\nsources:\n  - {name: bill, type: aws_cur, path: bill, typ: x}\n",
        a="features:\n  - {name: fv, owner: nobody, weight: -1}\n  - {name: fv}\n",
        b="models:\n  - {name: churn, uses: [{feature: fw}]}\nmodel: []\n",
        c="a: [\n",
    ) == [
        'costlens.yaml:1: "version" cannot be 2',
        'costlens.yaml:3: unknown key "typ"',
        'catalog/a.yaml:2: "weight" is -1',
        'catalog/a.yaml:3: feature "fv" is named twice, here and at catalog/a.yaml:2',
        'catalog/b.yaml:3: unknown key "model"',
        "catalog/c.yaml:2: not YAML: expected the node content, but found '<stream end>'",
    ]


def test_a_name_is_not_dangling_because_its_file_or_entry_is_broken(found: Found) -> None:
    assert found(
        a="features:\n  - {name: fv, weight: -1}\n",
        b="models:\n  - {name: churn, uses: [{feature: fv}]}\n",
    ) == ['catalog/a.yaml:2: "weight" is -1']
    assert found(
        a="features: [\n",
        b="models:\n  - {name: churn, uses: [{feature: fw}]}\n",
    ) == ["catalog/a.yaml:2: not YAML: expected the node content, but found '<stream end>'"]


def test_a_misspelled_key_is_not_missing_as_well(found: Found) -> None:
    assert found(a="features:\n  - {nmae: fv}\n") == ['catalog/a.yaml:2: unknown key "nmae"']
    assert found(a="featurs:\n  - {name: fv}\nmodels:\n  - {name: m, uses: [{feature: fv}]}\n") == [
        'catalog/a.yaml:1: unknown key "featurs"'
    ]


def test_one_text_is_a_list_of_one(read: Read) -> None:
    one = "stages:\n  - {name: s, billed_by: [{service: EMR, tags: {team: risk}}]}\n"
    many = "stages:\n  - {name: s, billed_by: [{service: [EMR], tags: {team: [risk]}}]}\n"
    assert read(a=one).catalogue == read(a=many).catalogue


def test_text_is_taken_as_it_is_spelled(read: Read) -> None:
    rule = read(
        a="stages:\n  - {name: s, billed_by: [{account: 012345678901, tags: {v: 1.10, on: no}}]}\n"
    )
    assert rule.catalogue.stages[0].billed_by[0].account == ("012345678901",)
    assert rule.catalogue.stages[0].billed_by[0].tags == {"v": ("1.10",), "on": ("no",)}


def test_meta_keeps_what_it_holds(read: Read) -> None:
    text = "teams:\n  - {name: t, meta: {a: 1, b: 1.5, c: [x, true, ~], d: {e: 2026-01-01}}}\n"
    assert read(a=text).catalogue.teams[0].meta == {
        "a": 1,
        "b": Decimal("1.5"),
        "c": ("x", True, None),
        "d": {"e": date(2026, 1, 1)},
    }


def test_a_bare_amount_is_the_likely_one(read: Read) -> None:
    text = "products:\n  - {name: p, benefits: [{name: b, kind: revenue, amount: 1200.50}]}\n"
    benefit = read(a=text).catalogue.products[0].benefits[0]
    assert benefit.amount == Amount(likely=Decimal("1200.50"))


@pytest.mark.parametrize(
    "catalogue",
    [
        'pipelines:\n  - {name: p, produces: [{part: "(?P<v>.+)", feature: "a_{v}"}]}\n',
        "stages:\n  - {name: s, split: use, feeds: [{stage: s}]}\n",
        "resources:\n  - {name: r, capacity: {vcpu: 4, gpu: 0}, machine: {slots: 2}}\n",
        "features:\n  - {name: a, uses: [{feature: b}]}\n  - {name: b, uses: [{feature: a}]}\n",
        "features:\n  - {name: a}\nmodels:\n  - {name: a, endpoints: [{name: a}]}\n",
        "",
        "# nothing yet\n",
    ],
)
def test_it_is_allowed(read: Read, catalogue: str) -> None:
    assert read(a=catalogue)


@pytest.mark.parametrize(
    ("catalogue", "says"),
    [
        ("models:\n  - {name: m, endpoints: [{name: e}, {name: e}]}\n", 'endpoint "e" is named'),
        ("features:\n  - {name: f, weight: 0.0000000000001}\n", "too many decimal places"),
        ("features:\n  - {name: f, weight: 1e26}\n", '"weight" is too large'),
        ('features:\n  - {name: f, weight: "6"}\n', 'takes a number, not the text "6"'),
        ("features:\n  - {name: f, weight: true}\n", "takes a number, not true"),
        ("stages:\n  - {name: s, billed_by: [{service: x, priority: 1.5}]}\n", "a whole number"),
        ("stages:\n  - {name: s, billed_by: [{service: {a: b}}]}\n", "a text or a list of texts"),
        ("stages:\n  - {name: s, feeds: [{product: gone}]}\n", 'there is no product "gone"'),
        ("resources:\n  - {name: r, runs: [{pipeline: p}]}\n", 'there is no pipeline "p"'),
        ('pipelines:\n  - {name: p, produces: [{part: a, feature: "x{"}]}\n', "do not close"),
        ("products:\n  - {name: p, benefits: [{name: b, kind: risk, decay: 0}]}\n", "is 0"),
    ],
)
def test_it_is_refused(found: Found, catalogue: str, says: str) -> None:
    assert len(got := found(a=catalogue)) == 1
    assert says in got[0]


def test_every_finding_says_what_to_write() -> None:
    for folder in (Path(__file__).parent.parent / "errors").iterdir():
        lines = (folder / "message.txt").read_text().splitlines() if folder.is_dir() else []
        if any(line.startswith("costlens: catalog/") for line in lines):
            for line, after in zip(lines, [*lines[1:], ""], strict=True):
                assert line.startswith("    ") or after.startswith("    "), (folder.name, line)


def test_several_files_are_read_as_one_in_name_order(write: Write) -> None:
    folder = write(b="teams: [{name: two}]\n", a="teams: [{name: one}]\n")
    (folder / "catalog" / "c.yml").write_text("teams: [{name: three}]\n")
    (folder / "catalog" / ".#a.yaml").write_text("teams: [{name: hidden}]\n")
    (folder / "catalog" / "notes.txt").write_text("not read")
    assert [team.name for team in load(folder).catalogue.teams] == ["one", "two", "three"]


def test_a_catalogue_that_is_no_folder_is_a_finding(tmp_path: Path) -> None:
    (tmp_path / "costlens.yaml").write_text("version: 1\nsources: []\n")
    (tmp_path / "catalog").write_text("features: []\n")
    with pytest.raises(CostLensError, match=r"^catalog: this cannot be read: Not a directory"):
        load(tmp_path)


def test_a_linked_file_stays_in_the_folder_of_its_link(tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("version: 1\nsources: []\n")
    (tmp_path / "workspace").mkdir()
    (tmp_path / "workspace" / "costlens.yaml").symlink_to(tmp_path / "kept")
    assert load(tmp_path / "workspace").folder == tmp_path / "workspace"


def test_a_workspace_needs_no_catalogue(tmp_path: Path) -> None:
    (tmp_path / "costlens.yaml").write_text("version: 1\nsources: []\n")
    assert load(tmp_path / "costlens.yaml").catalogue.features == ()


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"\xef\xbb\xbfversion: 1\n", "costlens.yaml: a byte order mark stands first"),
        ("version: 1".encode("utf-16"), "costlens.yaml: the file is UTF-16"),
        (b"version: 1\n# caf\xe9\n", "costlens.yaml:2: the file is not UTF-8"),
        (b"", "costlens.yaml: the file is empty"),
        (b"{}", "costlens.yaml: the file is empty"),
        (b"- version: 1\n", "costlens.yaml:1: a list stands at the top"),
        (b"version\n", "costlens.yaml:1: a single value stands at the top"),
    ],
)
def test_a_file_of_the_wrong_sort_gives_one_finding(tmp_path: Path, data: bytes, says: str) -> None:
    (tmp_path / "costlens.yaml").write_bytes(data)
    with pytest.raises(CostLensError) as error:
        load(tmp_path)
    assert len(error.value.findings) == 1
    assert str(error.value).startswith(says)


def test_the_settings_are_found_in_a_parent(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    below = write() / "catalog"
    monkeypatch.delenv("COSTLENS_CONFIG", raising=False)
    monkeypatch.chdir(below)
    assert load().folder == below.parent


def test_the_environment_names_the_settings_before_the_folder_does(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write()
    monkeypatch.setenv("COSTLENS_CONFIG", str(EXAMPLE / "costlens.yaml"))
    monkeypatch.chdir(folder)
    assert load().folder == EXAMPLE
    assert load(folder).folder == folder


def test_each_place_looked_at_is_listed_in_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("COSTLENS_CONFIG", raising=False)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CostLensError) as error:
        load()
    lines = [line.strip() for line in str(error.value).splitlines()]
    assert lines[:5] == [
        "no costlens.yaml found",
        "looked at, in order:",
        "COSTLENS_CONFIG, which is not set",
        str(tmp_path / "costlens.yaml"),
        str(tmp_path.parent / "costlens.yaml"),
    ]
    assert lines[-1] == "to see one at work: costlens demo"
    monkeypatch.setenv("COSTLENS_CONFIG", "gone.yaml")
    with pytest.raises(CostLensError, match=r"^COSTLENS_CONFIG names gone.yaml, and"):
        load()


def test_rates_are_exact_and_know_their_line(write: Write) -> None:
    folder = write()
    (folder / "fx.csv").write_bytes(b"\xef\xbb\xbfmonth,from,to,rate\r\n2026-01,EUR,USD,1.0834\r\n")
    assert load(folder).fx == (
        FxRate(month="2026-01", currency="EUR", to="USD", rate=Decimal("1.0834")),
    )
    assert load(folder).fx[0].place == "fx.csv:2"


@pytest.mark.parametrize("text", ["", "a,b\n", 'month,from,to,rate\n"2026-01', "\x00"])
def test_a_broken_table_of_rates_is_one_finding(write: Write, text: str) -> None:
    folder = write()
    (folder / "fx.csv").write_text(text)
    with pytest.raises(CostLensError) as error:
        load(folder)
    assert len(error.value.findings) == 1


def test_the_digest_is_of_values_and_places_not_of_spelling(read: Read) -> None:
    first = read(a="features:\n  - {name: f, weight: 6, meta: {a: 1, b: 2}}\n").digest
    same = read(a="features: # why\n  - {meta: {b: 2,  a: 1}, weight: 6.0, name: f}\n").digest
    moved = read(a="# why\nfeatures:\n  - {name: f, weight: 6, meta: {a: 1, b: 2}}\n").digest
    other = read(a="features:\n  - {name: f, weight: 7, meta: {a: 1, b: 2}}\n").digest
    assert first == same
    assert len({first, moved, other}) == 3


def test_the_digest_is_the_same_in_another_process_and_folder(tmp_path: Path) -> None:
    for file in ("costlens.yaml", "catalog/shop.yaml", "catalog/others.yaml"):
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).write_text((EXAMPLE / file).read_text())
    code = (
        "import sys, pathlib, costlens.config as c; print(c.load(pathlib.Path(sys.argv[1])).digest)"
    )
    other = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONHASHSEED": "7"},
    )
    assert other.stdout.strip() == load(EXAMPLE).digest


def test_importing_the_configuration_imports_no_engine() -> None:
    code = "import sys, costlens.config; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert not {"duckdb", "pandas", "dash", "boto3", "plotly", "numpy"} & set(loaded)


PIECES = st.sampled_from(
    [
        *("version: ", "sources:", "features:", "models:", "products:", "benefits:", "pipelines:"),
        *("name: ", "weight: ", "uses: ", "feature: ", "amount: ", "from: ", "meta: ", "share: "),
        *("runs: ", "match: ", "billed_by: ", "tags: ", "service: ", "produces: ", "part: "),
        *("- ", "\n", "  ", "{", "}", "[", "]", ", ", ": ", '"', "'", "? ", "---", "%", "\\", "#"),
        *("&a ", "*a", "!!int ", "<<: ", "~", "true", "1", "1e9", "2026-01-01", "0.5", "(", "{v}"),
    ]
)


@settings(max_examples=300, deadline=None)
@given(
    text=st.one_of(st.lists(PIECES, max_size=40).map("".join), st.text()),
    rates=st.one_of(st.text(max_size=20).map("month,from,to,rate\n".__add__), st.text()),
)
def test_no_text_whatever_raises_anything_but_findings(
    tmp_path_factory: pytest.TempPathFactory, text: str, rates: str
) -> None:
    folder = tmp_path_factory.mktemp("any")
    (folder / "catalog").mkdir()
    (folder / "costlens.yaml").write_bytes(b"version: 1\n" + text.encode("utf-8", "surrogatepass"))
    (folder / "catalog" / "a.yaml").write_bytes(text.encode("utf-8", "surrogatepass"))
    (folder / "catalog" / "b.yaml").write_text("unknown: 1\n")
    (folder / "fx.csv").write_bytes(rates.encode("utf-8", "surrogatepass"))
    with pytest.raises(CostLensError) as error:
        load(folder)
    assert all(finding.where and finding.hint for finding in error.value.findings)
    assert str(error.value).encode()
