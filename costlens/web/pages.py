"""Find the pages: one file each, in the bundled `dashboards` and in a workspace's own."""

import inspect
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

from costlens.errors import CostLensError, Finding
from costlens.questions.ask import Answer
from costlens.web.data import Builds, Data
from costlens.web.view import View, read_view

_HINT = "see CONTRIBUTING.md, Add a page"

Layout = Callable[..., Any]  # Any: whatever Dash can show


@dataclass(frozen=True, kw_only=True)
class Page:
    """One page: where it is, what it is called, and how it is made.

    One of ORDER 0 is reached by links alone; `under` names its page of the navigation.
    """

    stem: str
    file: Path
    path: str
    title: str
    order: int
    layout: Layout
    view: Callable[[Data, Mapping[str, str]], View]
    tables: Mapping[str, Callable[[Data, View], Answer]]
    callbacks: Callable[[Any, Builds], None] | None
    under: Callable[[Mapping[str, str]], str]


def find_pages(folders: Iterable[Path]) -> tuple[Page, ...]:
    """Load every page of some folders, by their ORDER; raise every finding as one error."""
    files = [file for folder in folders for file in sorted(folder.glob("*.py"))]
    pages: list[Page] = []
    findings: list[Finding] = []
    for file in files:
        try:
            page = _read(_load(file), file)
        except CostLensError as error:
            findings += error.findings
            continue
        taken = next((one for one in pages if one.path == page.path), None)
        if taken is not None:
            message = f'two pages at "{page.path}": {taken.stem} and {page.stem}'
            findings.append(Finding(message=message, where=str(file), hint="change its PATH"))
        pages.append(page)
    if findings:
        raise CostLensError(findings=findings)
    return tuple(sorted(pages, key=lambda page: (page.order, page.path)))


def _load(file: Path) -> ModuleType:
    name = f"costlens_page_{file.stem}"
    spec = spec_from_file_location(name, file)
    assert spec is not None, "a .py file has a loader"
    assert spec.loader is not None, "a .py file has a loader"
    module = module_from_spec(spec)
    sys.modules[name] = module  # where dataclasses look for it; the next app's takes its place
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        line = _line_in(file, error)
        raise CostLensError(
            f"the page cannot be loaded: {type(error).__name__}: {error}",
            where=f"{file}:{line}" if line else str(file),
            hint=_HINT,
        ) from error
    return module


def _line_in(file: Path, error: BaseException) -> int | None:
    if isinstance(error, SyntaxError):
        return error.lineno
    trace, line = error.__traceback__, None
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == str(file):
            line = trace.tb_lineno
        trace = trace.tb_next
    return line


def _read(module: ModuleType, file: Path) -> Page:
    """Hold a page against its contract."""
    wanted = {"PATH": str, "TITLE": str, "ORDER": int}
    missing = [
        name for name, kind in wanted.items() if not isinstance(vars(module).get(name), kind)
    ]
    layout = vars(module).get("layout")
    if not callable(layout):
        missing.append("layout(data, **query)")
    elif not any(
        one.kind is inspect.Parameter.VAR_KEYWORD
        for one in inspect.signature(layout).parameters.values()
    ):
        missing.append("**_ in layout: a link may have any key")
    if missing:
        raise CostLensError(
            findings=[
                Finding(
                    message=f"the page lacks {name}",
                    where=str(file),
                    hint=_HINT,
                )
                for name in missing
            ]
        )
    return Page(
        stem=file.stem,
        file=file,
        path=module.PATH,
        title=module.TITLE,
        order=module.ORDER,
        layout=module.layout,
        view=vars(module).get("view", read_view),
        tables=vars(module).get("TABLES", {}),
        callbacks=vars(module).get("callbacks"),
        under=vars(module).get("under", lambda _query: module.PATH),
    )
