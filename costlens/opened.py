"""A build that is open for questions, and its answers as pandas frames."""

from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self, Unpack

from costlens.errors import CostLensError
from costlens.given import Given, Scope, in_words, read
from costlens.lake import Build, Lake
from costlens.questions.ask import Answer, Asked
from costlens.questions.window import ALWAYS

if TYPE_CHECKING:
    from costlens.frame import Frame


class Opened:
    """One build, its lake, and the file or folder it was opened by."""

    def __init__(self, asked: Asked, lake: Lake, path: Path | None = None) -> None:
        self._asked = asked
        self._lake = lake
        self._path = path

    @property
    def build(self) -> Build:
        """The build that answers."""
        return self._asked.build

    def __repr__(self) -> str:
        at = f"{self.build.built_at:%Y-%m-%d %H:%M} UTC"
        return f"<build {self.build.number} of {self._lake.folder}, {at}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the files; frames stay."""
        self._asked.con.close()

    def _plain(self, question: str, title: str) -> "Frame":
        answer = self._asked.ask(question, **ALWAYS.given)
        return self._frame(answer, title, self._read(), "both bases")

    def _read(self, **scope: Unpack[Scope]) -> Given:
        return read(scope, basis=str(self.build.settings["basis"]))

    def _frame(self, answer: Answer, title: str, at: Given, basis: str | None = None) -> "Frame":
        try:
            from costlens.frame import frame_of
        except ModuleNotFoundError as error:
            if error.name != "pandas":
                raise
            raise CostLensError(
                "pandas is not installed", hint="pip install 'costlens[pandas]'"
            ) from error
        shown = at.basis if basis is None else basis
        words = (title, in_words(at.window), shown, f"build {self.build.number}")
        return frame_of(answer, " · ".join(word for word in words if word) if title else "")
