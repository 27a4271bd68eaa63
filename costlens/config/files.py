"""Read a file that a user wrote: its text, or the YAML mapping that it is."""

import codecs
from pathlib import Path

from costlens.config.marks import List, Map, parse
from costlens.config.notes import Notes
from costlens.errors import CostLensError


def read_mapping(path: Path, name: str, notes: Notes) -> Map | None:
    """Read the mapping at the top of a file, empty where the file is; None where there is none."""
    text = read_text(path, name, notes)
    return None if text is None else mapping_of(text, name, notes)


def mapping_of(text: str, name: str, notes: Notes) -> Map | None:
    """Read the mapping that a text is; None, and a finding, where it is none."""
    try:
        root, findings = parse(text, file=name)
    except CostLensError as error:
        notes.findings.extend(error.findings)
        return None
    notes.findings.extend(findings)
    if root is None:
        return Map(f"{name}:1", {})
    if isinstance(root, Map):
        return root
    notes.add(
        f"{'a list' if isinstance(root, List) else 'a single value'} stands at the top",
        where=root.place,
        hint="start with keys, one a line, each with a colon after it",
        code="wrong_type",
    )
    return None


def read_text(path: Path, name: str, notes: Notes, *, mark: bool = False) -> str | None:
    """Read a file's text; `mark` allows the byte order mark that spreadsheets write."""
    notes.files.append(name)
    hint = "save it as UTF-8 without a byte order mark"
    try:
        data = path.read_bytes()
        if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            notes.add("the file is UTF-16", where=name, hint=hint, code="bad_file")
        elif data.startswith(codecs.BOM_UTF8) and not mark:
            notes.add("a byte order mark stands first", where=name, hint=hint, code="bad_file")
        else:
            return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        notes.add("the file is not UTF-8", where=f"{name}:{line}", hint=hint, code="bad_file")
    except OSError as error:
        note_unreadable(name, error, notes)
    return None


def note_unreadable(name: str, error: OSError, notes: Notes) -> None:
    """Note a file or folder that the system does not let us read."""
    notes.add(
        f"this cannot be read: {error.strerror}",
        where=name,
        hint="allow yourself to read it, or take it away",
        code="bad_file",
    )
