"""Questions that people keep: `questions/NAME.sql` beside costlens.yaml, one select each."""

import re
from pathlib import Path

from costlens.errors import CostLensError
from costlens.questions.ask import Answer

_FOLDER = "questions"


def has_saved(folder: Path) -> bool:
    """Say whether a workspace keeps any question."""
    return bool(_files(folder))


def saved_sql(folder: Path, name: str) -> str:
    """Read a saved question of a workspace."""
    path = folder / _FOLDER / f"{name}.sql"
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        names = ", ".join(one.stem for one in _files(folder)) or "none yet"
        raise CostLensError(
            f'there is no saved question "{name}"',
            where=f"{_FOLDER}/",
            hint=f"saved questions: {names}; or write a select",
        ) from error


def saved_questions(folder: Path) -> Answer:
    """List the saved questions: what each says of itself, and the values it takes."""
    rows = []
    for path in _files(folder):
        text = path.read_text(encoding="utf-8", errors="replace")
        said = re.match(r"\s*--\s*(.*)", text)
        bare = re.sub(r"--[^\n]*|'(?:[^']|'')*'", "", text)
        takes = ", ".join(dict.fromkeys(re.findall(r"\$([A-Za-z_]\w*)", bare)))
        rows.append((path.stem, said[1].strip() if said else None, takes or None))
    return Answer(
        columns=("name", "answers", "takes"),
        types=("VARCHAR", "VARCHAR", "VARCHAR"),
        rows=tuple(rows),
    )


def _files(folder: Path) -> list[Path]:
    return sorted((folder / _FOLDER).glob("*.sql"))
