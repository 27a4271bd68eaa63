"""One feature (or model, or product): what it costs, why, who uses it, what dropping it saves."""

from collections.abc import Mapping
from functools import partial

from dash import Dash, html

from costlens.web.asking import button, lay_out, result, wire, wire_later
from costlens.web.data import Builds, Data
from costlens.web.parts import Section, guarded, page
from costlens.web.rows import records
from costlens.web.success import success
from costlens.web.tables import Part, aria
from costlens.web.target import asked, charts, story, tables
from costlens.web.target.choose import choose
from costlens.web.view import LEVELS, View, read_view

PATH, TITLE, ORDER = "/feature", "Detail", 0

_LATER = ("flow", "explained")

TABLES = {
    "costs": asked.costs,
    "trend": asked.trend,
    "way": asked.way,
    "flow": asked.flow,
    "users": asked.users,
    "units": asked.units,
    "measures": asked.measures,
    "explained": asked.explained,
}


def view(data: Data, query: Mapping[str, str]) -> View:
    """Read the link: this page is about one target of a level."""
    return read_view(data, query, key="level")


def under(query: Mapping[str, str]) -> str:
    """Name the list that the target is in."""
    level = query.get("level", "feature")
    return f"/{level if level in LEVELS else 'feature'}s"


def layout(data: Data, **query: str) -> Part:
    """Lay the page out for the target in its link; without one, to choose from."""
    shown = view(data, query)
    known = {row["name"]: row for row in records(data.ask("targets", level=shown.level))}
    if shown.name not in known:
        return choose(data, shown, list(known))
    return page(
        data,
        shown,
        title=guarded("feature-title", lambda: story.title(data, shown)),
        stem="feature",
        grouped=False,
        about=story.owner(shown, known[shown.name]),
        body=[
            guarded("feature-cards", lambda: story.figures(data, shown)),
            guarded("feature-worth", lambda: story.worth(data, shown)),
            guarded("feature-success", lambda: success(data, shown, story.row_of(data, shown))),
            guarded("feature-drop", lambda: story.dropped(data, shown)),
            *lay_out(data, shown, _sections(shown), late=_LATER),
            _offer(shown),
        ],
    )


def callbacks(app: Dash, builds: Builds) -> None:
    """Work all measures out when asked to."""
    wire(app, builds, stem="feature", name="measures", view=view, section_of=_measures)
    wire_later(app, builds, stem="feature", names=_LATER, view=view, sections=_all)


def _all(_data: Data, view: View) -> list[Section]:
    return _sections(view)


def _offer(view: View) -> Part:
    said = "Return in full, over its plan and with its chance: every measure with its cost base in "
    said += "its name, as costlens value has them."
    return html.Section(
        [
            html.H2(f"What is {view.name} worth?", id="feature-value"),
            html.P(said, className="lead"),
            button("feature", "measures", "Work it out"),
            result("feature", "measures"),
        ],
        **aria(labelledby="feature-value"),
    )


def _measures(view: View) -> Section:
    return Section(
        page="feature",
        name="measures",
        title=f"{view.name} in {view.months_said}",
        rows=asked.measures,
        draw=tables.draw_measures,
        empty=f"{view.name} has no cost in {view.months_said}.",
        has_table=True,
    )


def _sections(view: View) -> list[Section]:
    name = view.name
    part = partial(Section, page="feature")
    return [
        part(
            name="trend",
            title=f"What did {name} cost each month?",
            lead="The months of the window stand out; a striped month is not over.",
            rows=asked.trend,
            draw=charts.draw_trend,
            empty=f"No bill has a line for {name} so far.",
        ),
        part(
            name="way",
            title=f"How does the whole bill come down to {name}?",
            lead=f"From the bill of {view.months_said}, each step takes away what is not its cost.",
            rows=asked.way,
            draw=charts.draw_way,
            empty=f"No bill covers {view.months_said}.",
        ),
        part(
            name="flow",
            title=f"Where does the cost of {name} come from{_onwards(view)}?",
            lead=_FLOW_ENDS if view.level == "product" else _FLOW,
            rows=asked.flow,
            draw=charts.draw_flow,
            empty=f"{name} has no cost in {view.months_said}.",
        ),
        part(
            name="users",
            title=f"Who uses {name}?",
            lead="Everything that needs it, directly or by way of another, and what each costs.",
            rows=asked.users,
            draw=tables.draw_users,
            empty="Its customers: a product is where the way of the costs ends."
            if view.level == "product"
            else f"Nothing that CostLens knows of uses {name}.",
            has_table=True,
        ),
        part(
            name="units",
            title=f"What does one use of {name} cost?",
            lead="Its fair share of the bill, over what was counted of its use.",
            rows=asked.units,
            draw=tables.draw_units,
            empty=f"No use of {name} is counted, so what one costs is not known.",
            has_table=True,
        ),
        part(
            name="explained",
            title=f"Why does {name} cost that?",
            rows=asked.explained,
            draw=tables.draw_explained,
            empty=f"{name} has no cost in {view.months_said}.",
            has_table=True,
        ),
    ]


_FLOW_ENDS = "From what was bought, by way of the stages that it needs."
_FLOW = (
    "From what was bought, by way of stages, to it; and on to the products that bear what nothing "
    "else needs. Which product its part of a shared stage serves, nobody can say."
)


def _onwards(view: View) -> str:
    return "" if view.level == "product" else ", and where does it go"
