"""What reading gathers on its way: findings, names, and the references to check against them."""

import difflib
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from costlens.errors import CostLensError, Finding


@dataclass(frozen=True, kw_only=True)
class Mention:
    """A text that must hold elsewhere: a name of a kind, or a pattern."""

    text: str
    place: str
    kind: str = ""


@dataclass
class Notes:
    """Gathers over all files; `finish` raises everything there is to put right."""

    findings: list[Finding] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    names: dict[str, dict[str, str]] = field(default_factory=dict)
    references: list[Mention] = field(default_factory=list)
    patterns: list[Mention] = field(default_factory=list)
    unread: set[str] = field(default_factory=set)

    def add(self, message: str, *, where: str, hint: str, code: str = "bad_value") -> None:
        """Note one finding."""
        self.findings.append(Finding(message=message, where=where, hint=hint, code=code))

    def finish(self) -> None:
        """Raise all findings at once, by file in reading order, then by line."""
        if self.findings:
            raise CostLensError(findings=sorted(self.findings, key=self._order))

    def _order(self, finding: Finding) -> tuple[int, str, int]:
        file, _, line = finding.where.rpartition(":")
        if not line.isdigit():
            file, line = finding.where, "0"
        read = self.files.index(file) if file in self.files else len(self.files)
        return read, file, int(line)


def did_you_mean(word: str, known: Collection[str]) -> str | None:
    """Find the known word that was probably meant, its parts in whatever order."""
    for spelled in (str.casefold, _parts):
        folded = {spelled(each): each for each in known}
        near = difflib.get_close_matches(spelled(word), folded, n=1, cutoff=0.7)
        if near:
            return folded[near[0]]
    return None


def _parts(word: str) -> str:
    return "_".join(sorted(re.findall(r"[^\W_]+", word.casefold())))


def listed(words: Sequence[str], *, most: int = 30) -> str:
    """Write words as a list for people, cut where it would run on."""
    more = len(words) - most
    return ", ".join(words[:most]) + (f" and {more} more" if more > 0 else "")
