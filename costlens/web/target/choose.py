"""Choose a target, where the link names none, or one that is not there."""

from difflib import get_close_matches

from dash import dcc, html

from costlens.web.data import Data
from costlens.web.formats import UNKNOWN, exact
from costlens.web.links import linked, to_rows, to_target
from costlens.web.parts import page
from costlens.web.rows import Row, records
from costlens.web.tables import Part
from costlens.web.target.asked import costs
from costlens.web.view import View

_NEAR = 5


def choose(data: Data, view: View, names: list[str]) -> Part:
    """Name what there is to look at; a name that nothing has gets those that look like it."""
    near = get_close_matches(view.name, names, n=_NEAR, cutoff=0.4) if view.name else []
    title = f"No {view.level} is called {view.name}" if view.name else f"Choose a {view.level}"
    asked = {row["name"]: row for row in records(costs(data, view))}
    dear = sorted(names, key=lambda name: _rank(asked.get(name)))

    def listed(several: list[str]) -> Part:
        return html.Ul(
            [
                html.Li(
                    [
                        dcc.Link(name, href=to_target(view, view.level, name)),
                        html.Span(
                            linked(
                                exact(asked[name]["allocated"], data.currency),
                                to_rows(view, f"{view.level}:{name}"),
                            )
                            if name in asked
                            else UNKNOWN,
                            className="figure",
                        ),
                    ]
                )
                for name in several
            ],
            className="choices",
        )

    said = [html.H2("Did you mean"), listed(near)] if near else []
    body = html.Section([*said, html.H2(f"All {view.level}s, dearest first"), listed(dear)])
    return page(data, view, title=title, stem="feature", grouped=False, body=[body])


def _rank(row: Row | None) -> tuple[bool, object]:
    return (row is None, -row["allocated"] if row else 0)
