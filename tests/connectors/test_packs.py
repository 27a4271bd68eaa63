"""Every pack turns its sample into its expected rows; a new pack is a new folder."""

from pathlib import Path

import pytest

from costlens.errors import CostLensError
from costlens.ingest import Pack, find_packs
from costlens.ingest.packs import read_pack
from costlens.ingest.sample import write_rows

CASES = [(pack, table) for pack in find_packs(None) for table in pack.produces]


@pytest.mark.parametrize(("pack", "table"), CASES, ids=lambda case: getattr(case, "name", case))
def test_pack_turns_its_sample_into_its_expected_rows(
    pack: Pack, table: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    (sample,) = pack.folder.glob("sample.*")
    name = "expected.csv" if len(pack.produces) == 1 else f"expected_{table}.csv"
    got = tmp_path / "got.csv"
    write_rows(pack, sample, got, table=table, tag_keys=frozenset({"team"}))
    if request.config.getoption("--update-goldens", default=False):
        (pack.folder / name).write_bytes(got.read_bytes())
    assert got.read_text() == (pack.folder / name).read_text()


def _folder(tmp_path: Path, yaml: str) -> Path:
    folder = tmp_path / "own"
    folder.mkdir()
    (folder / "connector.yaml").write_text(yaml)
    (folder / "control.sql").write_text("select 1")
    return folder


def _messages(folder: Path) -> list[str]:
    with pytest.raises(CostLensError) as raised:
        read_pack(folder, shown="connectors/own/connector.yaml")
    return [str(finding) for finding in raised.value.findings]


def test_an_unknown_key_of_a_pack_is_found_with_its_line(tmp_path: Path) -> None:
    yaml = "name: own\ntitle: Own\nproduces: [activity]\nformat: csv\nneed: [a]\n"
    told = 'own/connector.yaml:5: unknown key "need"\n    did you mean "needs"?'
    assert f"connectors/{told}" in _messages(_folder(tmp_path, yaml))


def test_a_table_that_does_not_exist_is_found_with_what_was_meant(tmp_path: Path) -> None:
    yaml = "name: own\ntitle: Own\nproduces: charge\nformat: [csv, xml]\nneeds: [a]\n"
    assert _messages(_folder(tmp_path, yaml)) == [
        'connectors/own/connector.yaml:1: no table "charge" to produce\n'
        '    did you mean "charges"?',
        'connectors/own/connector.yaml:1: no format "xml" to read\n'
        "    write one of: csv, parquet, jsonl",
    ]


def test_a_pack_without_its_sql_or_under_another_name_is_refused(tmp_path: Path) -> None:
    yaml = "name: other\ntitle: Own\nproduces: activity\nformat: csv\nneeds: [a]\n"
    assert _messages(_folder(tmp_path, yaml)) == [
        'connectors/own/connector.yaml:1: the pack "other" stands in a folder named "own"\n'
        "    write name: own",
        "connectors/own/connector.yaml:1: activity.sql is missing\n"
        "    write activity.sql beside connector.yaml",
    ]


def test_an_own_pack_of_a_name_we_have_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "connectors" / "focus"
    folder.mkdir(parents=True)
    for path in next(p for p in find_packs(None) if p.name == "focus").folder.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    with pytest.raises(CostLensError, match='the pack "focus" exists already') as raised:
        find_packs(tmp_path)
    assert raised.value.findings[0].where == "connectors/focus/connector.yaml"
