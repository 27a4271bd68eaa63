"""Every pack turns its sample into its expected rows; a new pack is a new folder."""

import csv
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from costlens.errors import CostLensError
from costlens.ingest import Pack, find_packs
from costlens.ingest.packs import read_pack
from costlens.ingest.sample import write_rows

TYPES = {
    "map_index": "INTEGER",
    "try_number": "INTEGER",
    "pool_slots": "INTEGER",
    "start_date": "TIMESTAMP",
    "start_time": "BIGINT",
    "end_time": "BIGINT",
    "creation_time": "BIGINT",
    "value": "",
    "version": "INTEGER",
}
CASES = [(pack, table) for pack in find_packs(None) for table in pack.produces]


@pytest.mark.parametrize(("pack", "table"), CASES, ids=lambda case: getattr(case, "name", case))
def test_pack_turns_its_sample_into_its_expected_rows(
    pack: Pack, table: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    sample = _sample(pack)
    name = "expected.csv" if len(pack.produces) == 1 else f"expected_{table}.csv"
    got = tmp_path / "got.csv"
    write_rows(pack, sample, got, table=table, tag_keys=frozenset({"team"}))
    if request.config.getoption("--update-goldens", default=False):
        (pack.folder / name).write_bytes(got.read_bytes())
    assert got.read_text() == (pack.folder / name).read_text()


def _sample(pack: Pack) -> Path:
    """Find a pack's sample: a file, or a folder with one file a table."""
    (sample,) = [*pack.folder.glob("sample.*"), *pack.folder.glob("sample/")]
    return sample


def _database(folder: Path, path: Path) -> Path:
    """Make a database of the tables of a folder, in types as the tools declare them."""
    with closing(sqlite3.connect(path)) as made:
        for file in sorted(folder.glob("*.csv")):
            names, *rows = csv.reader(file.read_text().splitlines())
            columns = ", ".join(f"{name} {TYPES.get(name, 'TEXT')}" for name in names)
            made.execute(f"create table {file.stem} ({columns}, executor_config BLOB)")
            marks = ", ".join("?" for _ in names)
            made.executemany(
                f"insert into {file.stem} values ({marks}, x'80057d942e')",
                [[cell or None for cell in row] for row in rows],
            )
        made.commit()
    return path


TABLED = [
    (pack, table)
    for pack, table in CASES
    if "sqlite" in pack.description.format and [*pack.folder.glob("sample/*.csv")]
]


@pytest.mark.parametrize(("pack", "table"), TABLED, ids=lambda case: getattr(case, "name", case))
def test_a_database_gives_the_same_rows_as_exports_of_its_tables(
    pack: Pack, table: str, tmp_path: Path
) -> None:
    database = _database(_sample(pack), tmp_path / "sample.db")
    from_files, from_tables = tmp_path / "files.csv", tmp_path / "tables.csv"
    write_rows(pack, _sample(pack), from_files, table=table)
    write_rows(pack, database, from_tables, table=table)
    assert from_tables.read_text() == from_files.read_text()
    assert "succeeded" in from_files.read_text() or table != "attempts"


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


def test_a_step_that_is_not_there_and_an_unknown_setting_are_found(tmp_path: Path) -> None:
    yaml = (
        "name: own\ntitle: Own\nproduces: activity\nformat: csv\nneeds: [a]\n"
        "steps: [typed, links]\nsettings: [split_cost]\n"
    )
    folder = _folder(tmp_path, yaml)
    (folder / "activity.sql").write_text("select 1")
    assert _messages(folder) == [
        "connectors/own/connector.yaml:1: typed.sql is missing\n"
        "    write typed.sql beside connector.yaml",
        "connectors/own/connector.yaml:1: links.sql is missing\n"
        "    write links.sql beside connector.yaml",
        'connectors/own/connector.yaml:1: no setting "split_cost" of a source to ask for\n'
        "    write: split_costs",
        'connectors/own/connector.yaml:1: a table cannot be read as "links"\n'
        "    the lake has that name",
    ]


def test_an_own_pack_of_a_name_we_have_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "connectors" / "focus"
    folder.mkdir(parents=True)
    for path in next(p for p in find_packs(None) if p.name == "focus").folder.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    with pytest.raises(CostLensError, match='the pack "focus" exists already') as raised:
        find_packs(tmp_path)
    assert raised.value.findings[0].where == "connectors/focus/connector.yaml"
