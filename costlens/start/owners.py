"""Teams by the tags of the bill and the runs, and what each alone is named on."""

from typing import TYPE_CHECKING, Any

from costlens.start.draft import Drafted, Team
from costlens.start.names import NOBODY, as_name, folded, is_valid

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_KEYS = ("team", "owner", "squad", "department")  # the first that the bill has
_SEEN = """
select value from tag_values where bare_key = $key group by value order by count(*) desc, value
"""
_TOLD = """
select node, value from hits as h inner join tag_values as v on h.kind = v.kind
where v.bare_key = $key
union
select 'pipeline:' || pipeline, team from seen_attempts where team is not null
"""


def find_owners(con: "DuckDBPyConnection", drafted: Drafted) -> None:
    """Give a thing the team that all its charges, or all its runs, carry; list those teams."""
    has = {row[0] for row in _rows(con, "select distinct bare_key from tag_values")}
    key = next((key for key in _KEYS if key in has), "")
    seen = _rows(con, _SEEN, key=key)
    seen += _rows(con, "select distinct team from seen_attempts where team is not null order by 1")
    teams: dict[str, Team] = {}
    for (value,) in seen:
        team = _team(value, key)
        if team is not None:
            first = next((one for one in teams.values() if one.name == team.name), team)
            teams.setdefault(folded(value), first)
    told = _rows(con, _TOLD, key=key)
    for thing in drafted.things:
        nodes = (thing.node, f"{thing.kind}:{thing.raw}")
        owners = {folded(value) for node, value in told if node in nodes}
        owner = teams.get(owners.pop()) if len(owners) == 1 else None
        if owner is not None:
            thing.owner = owner.name
    owning = {thing.owner for thing in drafted.things}
    every = list({team.name: team for team in teams.values()}.values())
    drafted.teams = sorted((t for t in every if t.name in owning), key=lambda team: team.name)
    drafted.more_teams = [team.name for team in every if team.name not in owning]


def _team(value: str, key: str) -> Team | None:
    name = as_name(value.partition("@")[0] if "@" in value else value, default="")
    if not is_valid(name) or folded(value) in NOBODY:
        return None
    return Team(name=name, raw=value, key=key)


def _rows(
    con: "DuckDBPyConnection", sql: str, **given: object
) -> list[tuple[Any, ...]]:  # any: what DuckDB gives
    return con.cursor().execute(sql, given or None).fetchall()
