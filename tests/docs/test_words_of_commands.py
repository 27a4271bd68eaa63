"""Commands in the help and on the pages are ones that there are: each verb, and each of its options."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from costlens.cli.main import VERBS, root

ROOT = Path(__file__).parents[2]
PAGES = [
    ROOT / "README.md",
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted((ROOT / "deploy").rglob("*")),
]
COMMAND = re.compile(r"costlens ((?:[a-z][a-z-]*)(?: +[^\n`#;|&>)]*)?)")


def written() -> Iterator[tuple[str, str]]:
    for page in PAGES:
        if page.is_file():
            for found in COMMAND.finditer(page.read_text(encoding="utf-8").replace("\\\n", " ")):
                yield page.relative_to(ROOT).as_posix(), found[1]
    for name in VERBS:
        command = root.get_command(click.Context(root), name)
        assert command is not None
        for found in COMMAND.finditer(command.epilog or ""):
            yield f"help of {name}", found[1]


def test_options_that_are_written_are_there() -> None:
    seen = 0
    for where, text in written():
        try:
            verb, *words = shlex.split(text.rstrip(".,:;\"' "))
        except ValueError:  # a quotation goes on behind the end of the command
            verb, *words = text.split()
        command = root.get_command(click.Context(root), verb)
        if command is None:  # prose
            assert not any(word.startswith("--") for word in words), f"{where}: costlens {text}"
            continue
        if isinstance(command, click.Group) and words and words[0] in command.commands:
            command = command.commands[words[0]]
        known = {name for one in command.params for name in (*one.opts, *one.secondary_opts)}
        known |= {"--help", "-h"}
        for word in words:
            if re.fullmatch(r"--?[a-z][a-z-]*(=.*)?", word):
                assert word.partition("=")[0] in known, f"{where}: costlens {text}"
                seen += 1
    assert seen > 100


@pytest.mark.parametrize("wrong", ["refresh -q", "cost --of feature"])
def test_an_option_that_is_not_there_would_be_found(
    wrong: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(globals(), "written", lambda: iter([("here", wrong)]))
    with pytest.raises(AssertionError, match="here: costlens"):
        test_options_that_are_written_are_there()
