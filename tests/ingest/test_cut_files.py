"""A file that is cut is refused, and what was loaded before stays: every pack, in every format.

What cannot be known of a cut file is told here as well: a text cut between two lines is a shorter text,
and one cut within its last value has a last value that is shorter.
"""

import gzip
import random
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from company import Company
from conftest import HEADER, Desk, line
from deliveries import BILLS, Reading, Table, deliver, formats_of, reading, sample_of, written
from test_any_delivery import STORED, bill_of

from costlens.errors import CostLensError
from costlens.ingest import Pack

CASES = [(pack, way) for pack in BILLS for way in formats_of(pack)]
every_format = pytest.mark.parametrize(
    ("pack", "way"), CASES, ids=lambda case: getattr(case, "name", case)
)


@pytest.fixture(scope="module")
def reader() -> Iterator[Reading]:
    with reading() as made:
        yield made


def cut(tables: Sequence[Table], at: Table, way: str, size: int, folder: Path) -> Path:
    """Write a delivery in which one file is in that format, and has only so many bytes."""
    path = deliver(tables, folder)
    plain = path / f"{at.stem}{at.suffix}" if path.is_dir() else path
    plain.unlink()
    (plain.parent / f"{at.stem}.{way}").write_bytes(written(at, way)[:size])
    return path if path.is_dir() else plain.parent / f"{at.stem}.{way}"


def within_a_line(whole: bytes, way: str, draw: random.Random) -> int:
    """Draw a place to cut; in plain text it is in a line, before its last value."""
    if way not in ("csv", "jsonl"):
        return draw.randrange(1, len(whole))
    lines = whole.splitlines(keepends=True)
    number = draw.randrange(1, len(lines))
    values = lines[number].rfind(b"," if way == "csv" else b"}")
    return sum(map(len, lines[:number])) + draw.randrange(1, values)


@pytest.mark.few(5)
@pytest.mark.parametrize("pack", BILLS, ids=lambda pack: pack.name)
def test_a_file_that_is_cut_is_refused_and_the_former_load_stays(desk: Desk, pack: Pack) -> None:
    draw = random.Random(pack.name)
    tables = sample_of(pack)
    folder = bill_of(desk, pack)
    deliver(tables, folder)
    desk.load("team")
    before, files = desk.rows(STORED), desk.files("charges")
    for way in formats_of(pack):
        for table in tables:
            whole = written(table, way)
            path = cut(tables, table, way, within_a_line(whole, way, draw), folder)
            (told, *_) = desk.refusal()
            assert told.startswith(
                f"bills/{'tables/' if len(tables) > 1 else ''}{table.stem}.{way}"
            )
            (path / f"{table.stem}.{way}" if path.is_dir() else path).unlink()
    assert desk.rows(STORED) == before
    assert desk.files("charges") == files
    deliver(tables, folder)
    assert not desk.load("team", day=2).changed


@pytest.mark.few(5)
@every_format
@pytest.mark.slow
def test_a_file_cut_at_any_byte_is_refused_or_is_a_shorter_text(
    reader: Reading, pack: Pack, way: str, tmp_path: Path
) -> None:
    draw = random.Random(f"{pack.name} {way}")
    tables = sample_of(pack)
    for table in tables:
        whole = written(table, way)
        ends = {0} | {at + 1 for at, byte in enumerate(whole) if byte == ord("\n")}
        places = {
            1,
            2,
            len(whole) - 1,
            len(whole) - 5,
            *(draw.randrange(1, len(whole)) for _ in range(25)),
        }
        for size in sorted(places):
            path = cut(tables, table, way, size, tmp_path / str(size))
            try:
                reader.rows(pack, path)
            except CostLensError:
                continue
            assert way in ("csv", "jsonl"), size
            last = whole[max(end for end in ends if end <= size) : size]
            if way == "jsonl":  # a line without its end is whole as well
                assert size in ends or size + 1 in ends, size
            elif last and not reader.unended:  # a cut value of a column that nobody reads
                assert "," in last.decode(), size


@pytest.mark.parametrize("name", ["oci", "openai"])
def test_a_text_cut_between_two_lines_is_the_shorter_bill(
    reader: Reading, name: str, tmp_path: Path
) -> None:
    """Nothing in such a file says that it is cut: only a manifest with the number of lines does."""
    pack = next(pack for pack in BILLS if pack.name == name)
    (table,) = sample_of(pack)
    shorter = len(table.text.encode()) - len(table.records[-1].encode())
    path = cut([table], table, table.suffix.removeprefix("."), shorter, tmp_path)
    assert len(reader.rows(pack, path)) == len(table.records) - 1


def test_a_bill_whose_last_line_does_not_end_is_read_with_a_warning(desk: Desk) -> None:
    text = HEADER.replace("Tags", "ServiceCategory") + line().replace('""', "Compute")
    whole = text.encode()
    desk.write("bills/a.csv", whole[:-4])
    (finding,) = desk.load().findings
    assert str(finding) == (
        "bills/a.csv: its last line does not end: if the file was cut, lines after it are missing\n"
        "    see that the last line is whole, else deliver it again"
    )
    # Lines after a cut in a column that nobody reads are missing as well.
    desk.write("bills/a.csv", whole.replace(b"ServiceCategory", b"x_Own")[:-4])
    assert [one.code for one in desk.load(day=2).findings] == ["unended", "columns_gone"]


@pytest.mark.parametrize("cut", [20, 0], ids=["within its header", "after its header"])
def test_a_bill_cut_before_its_first_line_is_refused_and_its_month_stays(
    company: Company, cut: int
) -> None:
    path = company.bill({"cost": "7"})
    company.refresh()
    header = path.read_text().splitlines(keepends=True)[0]
    path.write_text(header[: len(header) - cut])
    ran = company.run("refresh")
    assert ran.code == 1
    said = "holds no line, and 2026-05 was loaded from it" if not cut else "is missing"
    assert said in ran.err
    assert company.ask("statement")[0]["source_total"] == "7"


def test_a_bill_that_never_had_a_line_is_told(company: Company) -> None:
    company.bill({"cost": "7"})
    path = company.folder / "more" / "a.csv"
    path.parent.mkdir()
    path.write_text((company.folder / "bill.csv").read_text().splitlines(keepends=True)[0])
    company.source(name="more", type="focus", path="more/")
    ran = company.refresh()
    assert "warning: more/a.csv: holds no line" in ran.err
    path.write_text(path.read_text().rstrip("\r\n"))
    ran = company.run("refresh")
    assert (ran.code, "more/a.csv: is cut short: its header does not end" in ran.err) == (1, True)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_header_broken_over_lines_is_refused(company: Company, end: str) -> None:
    path = company.bill({"cost": "7", "x_note": "a"}, {"cost": "1", "x_note": "b"})
    text = path.read_text().replace("x_note", '"x_note\n(internal)"')
    path.write_text(text.replace("\r\n", "\n").replace("\n", end), newline="")
    ran = company.run("refresh")
    assert ran.code == 1
    assert "the name x_note (internal) in its header is broken over lines" in ran.err


def test_lines_that_end_in_two_ways_are_refused(company: Company) -> None:
    path = company.bill({"cost": "7"}, {"cost": "1"})
    first, *others = path.read_text().splitlines()
    path.write_text("\r\n".join([first, ""]) + "\n".join([*others, ""]), newline="")
    ran = company.run("refresh")
    assert ran.code == 1
    assert "bill.csv: its lines end in two ways" in ran.err, ran.err


def test_a_bill_counts_once_however_often_it_is_zipped(company: Company) -> None:
    plain = company.bill({"cost": "7"}, {"cost": "1"}, file="bills/a.csv").read_bytes()
    for number in (1, 2):
        packed = gzip.compress(plain, mtime=number)
        (company.folder / "bills" / f"a-0000{number}.csv.gz").write_bytes(packed)
    ran = company.refresh()
    assert ran.err.count("holds the same as bills/a") == 2
    assert company.ask("statement")[0]["source_total"] == "8"
    for size in (2, 3, 20):
        (company.folder / "bills" / "a-00002.csv.gz").write_bytes(packed[:size])
        ran = company.run("refresh")
        assert (ran.code, "Traceback" in ran.err) == (1, False), ran.err
        assert "bills/a-00002.csv.gz" in ran.err
