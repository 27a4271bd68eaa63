"""SQL that takes the rows of a table, and their columns, out of parsed documents.

A document stays in its Parquet file; from hop to hop go only the elements, and of what encloses
them only the values that columns name.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from costlens.ingest.json_path import KEY, VALUE, Cell, RowPath, cells, json_path
from costlens.lake.views import literal, name

STAGED = "format parquet, row_group_size 30720"
_KINDS = {"[]": ("ARRAY", "a list"), "{}": ("OBJECT", "an object")}


@dataclass(frozen=True, kw_only=True)
class Columns:
    """What a table wants of a document: its columns, and where its rows may lie."""

    names: tuple[str, ...]
    aliases: Mapping[str, tuple[str, ...]]
    paths: Mapping[str, RowPath]
    document: tuple[str, ...]  # top-level keys that tell the documents of its rows

    def cells(self, column: str, path: RowPath) -> list[Cell]:
        """Find where a column may lie in the rows of a path."""
        return cells(column, self.aliases.get(column, ()), path)


def rows_sql(columns: Columns, source: str, *, large: Sequence[int]) -> str:
    """Write the select of the rows: document, path in it, and every column as text."""

    def projected(path: RowPath, value: Callable[[Cell], str]) -> str:
        selected = [
            f"coalesce({', '.join([*map(value, columns.cells(column, path)), 'null::varchar'])}) "
            f"as {name(column)}"
            for column in columns.names
        ]
        return ", ".join(["x_document", "x_path", *selected])

    return "\nunion all ".join(
        select
        for path in columns.paths.values()
        for select in _selects(columns, path, source, large=large, projected=projected)
    )


def present(columns: Columns, source: str, *, large: Sequence[int], wanted: Sequence[str]) -> str:
    """Write what tells which columns the rows of each file have, if only as null.

    Grain: a file; its place, how many rows, their keys, and a boolean a wanted column.
    """

    def projected(path: RowPath, value: Callable[[Cell], str]) -> str:
        there = []
        for column in wanted:
            found = columns.cells(column, path)
            own = [json_path(cell.keys) for cell in found if cell.level == -1]
            tests = [f"json_exists(x_row, {literal(one)})" for one in own]
            tests += [f"{value(cell)} is not null" for cell in found if cell.level != -1]
            there.append(f"({' or '.join(tests)}) as {name(column)}")
        return ", ".join(["x_document", "json_keys(x_row) as x_row_keys", *there])

    rows = "\nunion all ".join(
        select
        for path in columns.paths.values()
        for select in _selects(columns, path, source, large=large, projected=projected)
    )
    asked = "".join(f", bool_or({name(column)})" for column in wanted)
    return (
        "select d.x_file, count(*), list_sort(list_distinct(flatten(list(distinct r.x_row_keys))))"
        f"{asked} from (\n{rows}\n) as r inner join "
        f"read_parquet({source}, file_row_number = true) as d "
        "on d.file_row_number = r.x_document group by d.x_file order by d.x_file"
    )


def strangers(columns: Columns, source: str) -> str:
    """Write what finds documents where something else lies in the place of rows.

    Grain: a document and place; its file, the place, what should lie there, what does.
    """
    found = []
    kinds: dict[tuple[str, ...], dict[str, RowPath]] = {}
    for path in columns.paths.values():
        if path.hops and path.hops[0].keys:
            kinds.setdefault(path.hops[0].keys, {})[path.hops[0].each] = path
    for keys, paths in kinds.items():
        at = literal(json_path(keys))
        wanted = " or ".join(_KINDS[each][1] for each in paths)
        known = ", ".join(literal(_KINDS[each][0]) for each in paths)
        of = _is_of(columns, next(iter(paths.values())))
        found.append(
            f"select x_file, {literal('.'.join(keys))}, {literal(wanted)}, "
            f"case json_type(document, {at}) when 'ARRAY' then 'a list' when 'OBJECT' "
            "then 'an object' else 'a single value' end "
            f"from read_parquet({source}) where {of} "
            f"and json_type(document, {at}) not in ('NULL', {known})"
        )
    return "\nunion all ".join(found) or "select null, null, null, null where false"


def _is_of(columns: Columns, path: RowPath) -> str:
    """Write the test of whether a document has rows of a path."""
    keys = ", ".join(map(literal, path.keys_of(columns.document)))
    return f"x_is_list = {path.is_list} and list_has_all(x_keys, [{keys}]::varchar[])"


def _selects(
    columns: Columns,
    path: RowPath,
    source: str,
    *,
    large: Sequence[int],
    projected: Callable[[RowPath, Callable[[Cell], str]], str],
) -> list[str]:
    """Write a select of all documents of common size, and one of each large one."""
    wanted = _Wanted(columns, path)
    documents = (
        f"select file_row_number as x_document, '' as x_path, document as x_element "
        f"from read_parquet({source}, file_row_number = true) where {_is_of(columns, path)}"
    )
    if not path.hops:
        return [_final(wanted, documents, projected=projected)]
    apart = ", ".join(map(str, large))
    common = documents + (f" and file_row_number not in ({apart})" if large else "")
    begins = [_hop(wanted, common, at=0)]
    begins += [_large_hop(wanted, documents, place) for place in large]
    selects = []
    for rows in begins:
        for at in range(1, len(path.hops)):
            rows = _hop(wanted, rows, at=at)  # noqa: PLW2901 -- each wraps the one before
        selects.append(_final(wanted, rows, projected=projected))
    return selects


class _Wanted:
    """The values that columns take from each level of a path, and how to refer to them."""

    def __init__(self, columns: Columns, path: RowPath) -> None:
        self.path = path
        self.levels: dict[int, list[str]] = {at: [] for at in (-1, *range(len(path.hops) + 1))}
        for column in columns.names:
            for cell in columns.cells(column, path):
                if cell.keys[-1] != KEY:
                    self._place(cell)

    def _place(self, cell: Cell) -> int:
        keys = cell.keys[:-1] if cell.keys[-1] == VALUE else cell.keys
        paths, wanted = self.levels[cell.level], json_path(keys)
        if wanted not in paths:
            paths.append(wanted)
        return paths.index(wanted) + 1

    def value(self, cell: Cell) -> str:
        """Write the reference to a value in the final select."""
        if cell.keys[-1] == KEY:
            level = len(self.path.hops) if cell.level == -1 else cell.level
            return f"x_key_{level}" if 0 < level <= len(self.path.hops) else "null"
        of = "row" if cell.level == -1 else cell.level
        return f"x_of_{of}[{self._place(cell)}]"

    def extracted(self, level: int, element: str) -> str:
        """Write the list of the values that a level gives."""
        paths = self.levels[level]
        if not paths:
            return "null"
        return f"json_extract_string({element}, [{', '.join(map(literal, paths))}])"

    def carried(self, level: int) -> str:
        """Name what the levels before this one have given."""
        kept = [f"x_of_{at}" for at in range(level)] + [f"x_key_{at}" for at in range(1, level + 1)]
        return "".join(f", {one}" for one in kept)


def _hop(wanted: _Wanted, rows: str, *, at: int) -> str:
    """Write the select of the elements inside each element of a level."""
    hop = wanted.path.hops[at]
    inside = json_path(hop.keys)
    is_list = hop.each == "[]"
    values = f"json_extract(x_element, {literal(inside + ('[*]' if is_list else '.*'))})"
    keys = (
        "generate_subscripts(x_values, 1) - 1"
        if is_list
        else "unnest(json_keys(x_element, " + literal(inside) + "))"
    )
    return (
        f"select x_document, x_path || {_shown(wanted, at)} as x_path{wanted.carried(at)}, "
        f"x_of_{at}, x_key::varchar as x_key_{at + 1}, x_element from ("
        f"select x_document, x_path{wanted.carried(at)}, x_of_{at}, {keys} as x_key, "
        "unnest(x_values) as x_element from ("
        f"select *, {wanted.extracted(at, 'x_element')} as x_of_{at}, {values} as x_values "
        f"from (\n{rows}\n)))"
    )


def _large_hop(wanted: _Wanted, documents: str, place: int) -> str:
    """Write the select of the elements of one large document, which unnest would copy over."""
    hop = wanted.path.hops[0]
    inside = literal(json_path(hop.keys))
    kind = "ARRAY" if hop.each == "[]" else "OBJECT"
    one = f"({documents} and file_row_number = {place})"
    fits = f"select x_element from {one} where json_type(x_element, {inside}) = '{kind}'"
    return (
        f"select {place} as x_document, {_shown(wanted, 0)} as x_path, "
        f"(select {wanted.extracted(0, 'x_element')} from {one}) as x_of_0, "
        f"key as x_key_1, value as x_element from (select key as x_key, key, value "
        f"from json_each(({fits}), {inside}))"
    )


def _shown(wanted: _Wanted, at: int) -> str:
    """Write the text of a hop for people, around the element's place or key."""
    hop = wanted.path.hops[at]
    before = (".".join(hop.keys) if not at else "".join(f".{key}" for key in hop.keys)) + hop.each[
        0
    ]
    return f"{literal(before)} || x_key || {literal(hop.each[1])}"


def _final(
    wanted: _Wanted,
    rows: str,
    *,
    projected: Callable[[RowPath, Callable[[Cell], str]], str],
) -> str:
    path = wanted.path
    last = len(path.hops)
    row = f"json_extract(x_element, {literal(json_path(path.tail))})" if path.tail else "x_element"
    tail = ("." if last and path.tail else "") + ".".join(path.tail)
    kept = (
        f"select x_document, x_path || {literal(tail)} as x_path{wanted.carried(last)}, "
        f"{wanted.extracted(last, 'x_element')} as x_of_{last}, "
        f"{row} as x_row from (\n{rows}\n)"
    )
    kept += " where x_row is not null" if path.tail else ""
    return (
        f"select {projected(path, wanted.value)} from ("
        f"select *, {wanted.extracted(-1, 'x_row')} as x_of_row from ({kept}))"
    )
