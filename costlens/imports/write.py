"""Write what a tool says to a catalogue file of its own, keeping what a person wrote there."""

import io
import json
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap

from costlens.config import load
from costlens.config.values import Catalogue, Named, Team, Workspace
from costlens.errors import CostLensError, Finding
from costlens.imports.merge import Change, Tree, merge
from costlens.imports.told import Told
from costlens.start.names import as_name, folded, is_valid, unique

_KINDS = {"feature": "features", "model": "models", "product": "products"}


@dataclass(frozen=True, kw_only=True)
class Imported:
    """A catalogue file as it is and as it would be, and what that changes."""

    path: Path
    name: str  # relative to the workspace
    before: str
    after: str
    told: Tree
    changes: tuple[Change, ...]
    findings: tuple[Finding, ...]


def bring_in(
    tool: str, workspace: Workspace, things: Sequence[Told], *, source: str, prune: bool
) -> Imported:
    """Work out the catalogue file of a tool, or of one source of several, anew; write nothing.

    What another catalogue file names stays there. What the tool said last stands in a hidden file
    beside: a value that is still so follows the tool, any other is a person's and stays.
    """
    name = f"catalog/imported_{tool}{'_' if source else ''}{source.replace('/', '_')}.yaml"
    path = workspace.folder / name
    before = path.read_text(encoding="utf-8") if path.exists() else ""
    told, elsewhere, findings = _wanted(workspace.catalogue, things, name)
    yaml = _yaml()
    here = yaml.load(before) if before else None
    top = here if isinstance(here, CommentedMap) else CommentedMap()
    last = _last_told(path) if before else {}
    changes = merge(top, told, last, prune=prune)
    after = before
    if any(one.what in ("added", "changed") or (prune and one.what == "gone") for one in changes):
        head = "" if isinstance(here, CommentedMap) else before or _head(tool)
        text = io.StringIO()
        yaml.dump(top, text)
        after = head + (text.getvalue() if top else "")
    return Imported(
        path=path,
        name=name,
        before=before,
        after=after,
        told=told if prune else _with_gone(told, last, changes),
        changes=(*changes, *elsewhere),
        findings=tuple(findings),
    )


def write(one: Imported, workspace: Workspace) -> None:
    """Put the file in place, where the whole workspace passes with it; else nothing changes."""
    if not one.after:
        return
    with tempfile.TemporaryDirectory(prefix=".costlens-import-", dir=workspace.folder) as folder:
        tried = Path(folder)
        for name in ("costlens.yaml", "fx.csv"):
            if (workspace.folder / name).exists():
                shutil.copyfile(workspace.folder / name, tried / name)
        catalogue = workspace.folder / "catalog"
        if catalogue.exists():
            shutil.copytree(catalogue, tried / "catalog")
        (tried / "catalog").mkdir(exist_ok=True)
        (tried / one.name).write_text(one.after, encoding="utf-8")
        load(tried)
        (tried / "told").write_text(json.dumps(one.told, indent=1) + "\n", encoding="utf-8")
        catalogue.mkdir(exist_ok=True)
        if one.after != one.before:
            (tried / one.name).replace(one.path)
        (tried / "told").replace(_told_path(one.path))


def _wanted(
    catalogue: Catalogue, things: Sequence[Told], file: str
) -> tuple[Tree, list[Change], list[Finding]]:
    """Lay out what the tool says as a catalogue, but for what stands in another file."""
    findings = [
        Finding(
            message=f'the {one.kind} "{one.name}" cannot stand in a catalogue',
            where=file,
            hint="a name has letters, digits and _ . : - / only",
            code="bad_name",
            severity="warning",
        )
        for one in things
        if not is_valid(one.name)
    ]
    others = {
        (kind, one.name): one.place
        for kind, field in _KINDS.items()
        for one in _named(catalogue, field)
        if not one.place.startswith(f"{file}:")
    }
    teams: Tree = {}
    told: Tree = {"teams": teams, **{field: {} for field in _KINDS.values()}}
    elsewhere: list[Change] = []
    for one in things:
        if not is_valid(one.name):
            continue
        field = _KINDS[one.kind]
        entry: Tree = {"name": one.name}
        is_other = (one.kind, one.name) in others
        if "owner" in one.values and not is_other:
            entry["owner"] = _team(one.values["owner"], catalogue.teams, teams, file)
        entry |= {key: value for key, value in one.values.items() if key != "owner"}
        uses: Tree = {_edge_name(edge): dict(edge) for edge in one.uses if _is_named(edge)}
        entry |= {"uses": uses} if uses else {}
        if is_other:
            place = others[one.kind, one.name]
            shown = ", ".join([*one.values.values(), *(f"uses {name}" for name in uses)])
            at = f"{field}: {one.name}"
            elsewhere.append(Change(what="elsewhere", at=at, key="", here=place, told=shown))
            continue
        listed = told[field]
        assert isinstance(listed, dict), "made above"
        listed[one.name] = entry
    return {key: value for key, value in told.items() if value}, elsewhere, findings


def _named(catalogue: Catalogue, field: str) -> Sequence[Named]:
    named: Sequence[Named] = getattr(catalogue, field)
    return named


def _edge_name(edge: dict[str, str]) -> str:
    kind, name = next(iter(edge.items()))
    return f"{kind}:{name}" + (f"@{edge['from']}" if "from" in edge else "")


def _is_named(edge: dict[str, str]) -> bool:
    return is_valid(next(iter(edge.values())))


def _team(owner: str, known: Sequence[Team], teams: Tree, file: str) -> str:
    """Name the team that an owner is, by its address or name; where there is none, add it."""
    bare = owner.partition("@")[0] if "@" in owner else owner
    for team in known:
        has_address = "@" in owner and (team.email or "").casefold() == owner.casefold()
        if has_address or folded(team.name) == folded(bare):
            if team.place.startswith(f"{file}:"):
                teams.setdefault(team.name, _as_team(team.name, owner))
            return team.name
    for name, entry in teams.items():
        if isinstance(entry, dict) and entry.get("email", name) == owner:
            return name
    name = unique(as_name(bare, default="team"), teams)
    teams[name] = _as_team(name, owner)
    return name


def _as_team(name: str, owner: str) -> Tree:
    return {"name": name, "email": owner} if "@" in owner else {"name": name}


def _with_gone(told: Tree, last: Tree, changes: Sequence[Change]) -> Tree:
    """Keep in mind what the tool no longer has while it stands in the file: it may be pruned."""
    if not any(one.what == "gone" for one in changes):
        return told
    kept = dict(told)
    for key, value in last.items():
        now = kept.get(key)
        if key not in kept:
            kept[key] = value
        elif isinstance(value, dict) and isinstance(now, dict):
            kept[key] = _with_gone(now, value, changes)
    return kept


def _told_path(path: Path) -> Path:
    return path.with_name(f".{path.stem}.json")


def _last_told(path: Path) -> Tree:
    """Read what the tool said last; a file that is lost makes every value a person's."""
    told = _told_path(path)
    if not told.exists():
        return {}
    try:
        read: Tree = json.loads(told.read_text(encoding="utf-8"))
    except ValueError as error:
        raise CostLensError(
            f"is no JSON: {error}",
            where=f"catalog/{told.name}",
            hint="take it out: what stands in the catalogue is then all yours and stays",
        ) from error
    return read


def _head(tool: str) -> str:
    return (
        f"# What {tool} says, as `costlens import {tool}` found it. Change what you like: that "
        "stays,\n# and the rest follows the tool at the next import.\n"
    )


def _yaml() -> YAML:
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 1_000_000
    yaml.indent(mapping=2, sequence=4, offset=2)
    return yaml
