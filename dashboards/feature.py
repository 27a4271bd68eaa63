"""One feature (or model, or product): what it costs, why, who uses it, what dropping it saves."""

from collections.abc import Mapping
from difflib import get_close_matches

from dash import dcc, html

from costlens.questions.ask import Answer
from costlens.questions.explaining import Why
from costlens.web.charts import Series, Step, by_month, steps_down
from costlens.web.data import Data
from costlens.web.formats import UNKNOWN, count, exact, percent, short
from costlens.web.parts import (
    Card,
    Section,
    cards,
    chart,
    guarded,
    key,
    moved,
    page,
    section,
    ticks,
)
from costlens.web.rows import Row, first_row, records
from costlens.web.success import success
from costlens.web.tables import Part, aria, laid_out
from costlens.web.theme import BLUE, PINK, VIOLET
from costlens.web.view import View, last_year, read_view
from costlens.web.words import CLASSES, GRADES, TIERS, need, residual

PATH, TITLE, ORDER = "/feature", "Features", 2

_NEAR = 5
_BENEFIT = ("benefit_low", "benefit", "benefit_high")


def view(data: Data, query: Mapping[str, str]) -> View:
    """Read the link: this page is about one target of a level."""
    return read_view(data, query, key="level")


def costs(data: Data, view: View) -> Answer:
    """Ask what everything of the level costs."""
    return data.ask("cost_by_target", **view.given)


def trend(data: Data, view: View) -> Answer:
    """Ask what it cost each month, a year back."""
    return data.ask("target_by_month", **{**view.given, **last_year(data).given})


def way(data: Data, view: View) -> Answer:
    """Ask how the whole bill comes down to it."""
    return data.ask("bill_to_target", **view.given)


def users(data: Data, view: View) -> Answer:
    """Ask who uses it."""
    return data.ask("used_by", **view.given)


def explained(data: Data, view: View) -> Answer:
    """Ask which stages it pays for, and why."""
    why = Why(level=view.level, target=view.name, basis=view.basis, window=view.window)
    return data.explain(why)


TABLES = {"costs": costs, "trend": trend, "way": way, "users": users, "explained": explained}


def layout(data: Data, **query: str) -> Part:
    """Lay the page out for the target in its link; without one, to choose from."""
    shown = view(data, query)
    known = {row["name"]: row for row in records(data.ask("targets", level=shown.level))}
    if shown.name not in known:
        return _choose(data, shown, list(known))
    return page(
        data,
        shown,
        title=guarded("feature-title", lambda: _title(data, shown)),
        stem="feature",
        grouped=False,
        about=_owner(shown, known[shown.name]),
        body=[
            guarded("feature-cards", lambda: _cards(data, shown)),
            guarded("feature-worth", lambda: _worth(data, shown)),
            guarded("feature-success", lambda: success(data, shown, _row(data, shown))),
            guarded("feature-drop", lambda: _dropped(data, shown)),
            *[section(data, shown, one) for one in _sections(shown)],
        ],
    )


def _sections(view: View) -> list[Section]:
    name = view.name
    return [
        Section(
            page="feature",
            name="trend",
            title=f"What did {name} cost each month?",
            lead="The months of the window stand out; a striped month is not over.",
            rows=trend,
            draw=_trend,
            empty=f"No bill has a line for {name} so far.",
        ),
        Section(
            page="feature",
            name="way",
            title=f"How does the whole bill come down to {name}?",
            lead=f"From the bill of {view.months_said}, each step takes away what is not its cost.",
            rows=way,
            draw=_way,
            empty=f"No bill covers {view.months_said}.",
        ),
        Section(
            page="feature",
            name="users",
            title=f"Who uses {name}?",
            lead="Everything that needs it, directly or by way of another, and what each costs.",
            rows=users,
            draw=_users,
            empty="Its customers: a product is where the way of the costs ends."
            if view.level == "product"
            else f"Nothing that CostLens knows of uses {name}.",
            has_table=True,
        ),
        Section(
            page="feature",
            name="explained",
            title=f"Why does {name} cost that?",
            rows=explained,
            draw=_explained,
            empty=f"{name} has no cost in {view.months_said}.",
            has_table=True,
        ),
    ]


def _row(data: Data, view: View) -> Row:
    """Find its figures; a target without cost has no row."""
    return first_row(costs(data, view), name=view.name) or {}


def _title(data: Data, view: View) -> str:
    row = _row(data, view)
    if not row:
        return f"{view.name} has no cost in {view.months_said}."
    said = f"{view.name} cost {exact(row['allocated'], data.currency)} in {view.months_said}"
    move = first_row(data.ask("change_by_target", **view.given), name=view.name) or {}
    if move.get("change_share") is not None:
        more = "more" if move["change"] >= 0 else "less"
        said += f", {percent(abs(move['change_share']))} {more} than in {view.before_said}"
    return f"{said}. Dropping it alone would save {exact(row['avoidable'], data.currency)}."


def _owner(view: View, row: Row) -> str:
    said = [view.level.capitalize()]
    said += [f"owner: {row['owner']}"] if row["owner"] else ["no owner is named"]
    said += [f"made by {row['pipeline']}"] if row["pipeline"] else []
    said += [str(row["read_from"])] if row["read_from"] else []
    return " · ".join(said)


def _cards(data: Data, view: View) -> Part:
    row = _row(data, view)
    if not row:
        return html.P("Choose other months above.", className="empty")
    move = first_row(data.ask("change_by_target", **view.given), name=view.name) or {}
    past = [one["allocated"] for one in records(trend(data, view))]
    currency = data.currency
    waste = percent(row["waste_share"], 1) if row["waste_share"] else "nothing"
    return cards(
        [
            Card(
                label="Cost",
                figure=short(row["allocated"], currency),
                exactly=exact(row["allocated"], currency),
                moved=moved(
                    move.get("change"), move.get("change_share"), view=view, currency=currency
                ),
                hint="its fair share of the bill",
                history=past,
            ),
            Card(
                label="Saved if dropped",
                figure=short(row["avoidable"], currency),
                exactly=exact(row["avoidable"], currency),
                hint="spent for this one alone; gone if capacity shrinks with use",
            ),
            Card(
                label="Cost if it stood alone",
                figure=short(row["stand_alone"], currency),
                exactly=exact(row["stand_alone"], currency),
                hint="all stages it needs, with nobody to share them",
            ),
            Card(
                label="Idle beside it",
                figure=percent(row["idle_share"]),
                hint=f"is its part of idle machines, on top of its cost; {waste} of its cost was "
                "failed or repeated work",
            ),
        ]
    )


def _worth(data: Data, view: View) -> Part:
    """Say what it was declared to bring in; without a declaration, that only its cost is known."""
    rows = data.roi(level=view.level, basis=view.basis, window=view.window)
    row = first_row(rows, name=view.name)
    if row is None:
        return None
    said = f"No benefit is declared for this {view.level}: only its cost is known."
    if row["benefit"] is not None:
        money = {name: exact(row[name], data.currency) for name in (*_BENEFIT, "net")}
        said = (
            f"For {view.months_said} its owner declared {money['benefit']}, between "
            f"{money['benefit_low']} and {money['benefit_high']}. Less its cost that is "
            f"{money['net']}, {percent(row['roi'])} of the cost. "
            f"Evidence, from 0 to 6: {row['evidence_level']}. "
            f"Evidenced: {exact(row['evidenced'], data.currency)}. "
        )
        said += (
            f"Realised: {exact(row['realised'], data.currency)}."
            if row["realised"] is not None
            else "What was realised is not known."
        )
    title = html.H2(f"What does {view.name} bring in?", id="feature-worth")
    return html.Section([title, html.P(said, className="said")], **aria(labelledby="feature-worth"))


def _dropped(data: Data, view: View) -> Part:
    """Say what dropping it would save, and whom it would hurt."""
    row = _row(data, view)
    if not row:
        return None
    direct = [one["name"] for one in records(users(data, view)) if one["is_direct"]]
    said = [
        f"Of its {exact(row['allocated'], data.currency)}, "
        f"{exact(row['avoidable'], data.currency)} pays for work that nothing else needs: "
        "that much would go if capacity shrinks with use."
    ]
    if row["avoidable"] != row["allocated"]:
        said.append("The rest pays for work that others need too, and would fall to them.")
    if direct:
        names = ", ".join(dict.fromkeys(direct))
        said.append(f"{names} would have to do without it.")
    elif view.level != "product":
        said.append("Nothing that CostLens knows of uses it.")
    title = html.H2(f"What if {view.name} were dropped?", id="feature-dropped")
    return html.Section(
        [title, html.P(" ".join(said), className="said")], **aria(labelledby="feature-dropped")
    )


def _trend(data: Data, view: View, answer: Answer) -> Part:
    rows = {row["month"]: row for row in records(answer)}
    axis = [one for one in data.months if one.month in rows]
    axis_ticks = ticks(axis, view)
    parts = (
        ("own", "Work for it alone", BLUE),
        ("shared", "Its part of shared work", VIOLET),
        ("waste", "Failed or repeated work", PINK),
    )
    series = [
        Series(label=words, color=color, amounts=tuple(rows[one.month][part] for one in axis))
        for part, words, color in parts
    ]
    says = f"Cost of {view.name} by month: " + "; ".join(
        f"{tick.label.replace('<br>', ' ')} {exact(rows[one.month]['allocated'], data.currency)}"
        for tick, one in zip(axis_ticks, axis, strict=True)
    )
    return html.Div(
        [
            key([(words, color, "") for _, words, color in parts]),
            chart(by_month(axis_ticks, series, data.currency), says=says),
        ]
    )


def _way(data: Data, view: View, answer: Answer) -> Part:
    said = {
        "bill": "The whole bill",
        "elsewhere": f"Work for other {view.level}s alone",
        "others": "Shared work that others bear",
        "target": view.name,
    }
    steps = [
        Step(
            label=said.get(row["step"]) or residual(row["name"]),
            amount=row["amount"],
            is_total=row["step"] in ("bill", "target"),
        )
        for row in records(answer)
        if row["amount"] or row["step"] == "target"
    ]
    says = "; ".join(f"{one.label} {exact(one.amount, data.currency)}" for one in steps)
    return chart(steps_down(steps, data.currency), says=says)


def _users(data: Data, view: View, answer: Answer) -> Part:
    rows = []
    for row in records(answer):
        link = view.link("/feature", level=row["kind"], name=row["name"])
        how = "directly" if row["is_direct"] else "by way of another"
        rows.append(
            html.Tr(
                [
                    html.Td(dcc.Link(row["name"], href=link)),
                    html.Td(row["kind"]),
                    html.Td(row["owner"] or UNKNOWN),
                    html.Td(how),
                    html.Td(count(row["reads"]), className="number"),
                    html.Td(
                        exact(row["cost"], row["currency"] or data.currency), className="number"
                    ),
                ]
            )
        )
    heads = ["Name", "Kind", "Owner", "Uses it", "Reads measured", "Its own cost"]
    return laid_out(heads, rows, says=f"Who uses {view.name}", numbers=(4, 5))


def _explained(data: Data, view: View, answer: Answer) -> Part:
    cost = _row(data, view)
    together = exact(cost.get("allocated"), data.currency)
    lead = (
        f"The stages it pays for; their amounts add up to {together}. "
        f"{percent(cost.get('measured_share'))} of it rests on direct or measured use, the rest on "
        "models, declarations or even splits, as each row says."
    )
    known = first_row(data.ask("coverage", **view.given), name=view.name) or {}
    if known.get("convention_share") is not None:
        lead += (
            f" Of its cost, {percent(known['convention_share'])} is convention: others need it "
            "too, and a rule shares it out."
        )
    rows = [
        html.Tr(
            [
                html.Td([html.Strong(row["stage"]), html.Br(), _bought(row)], className="stage"),
                html.Td(exact(row["amount"], row["currency"]), className="number"),
                html.Td(exact(row["stage_cost"], row["currency"]), className="number"),
                html.Td(need(row["need"]) if row["need"] else UNKNOWN),
                html.Td(_rule(row)),
                html.Td(GRADES.get(row["grade"], UNKNOWN)),
            ]
        )
        for row in records(answer)
    ]
    sums = [html.Td("Together"), html.Td(together, className="number")]
    heads = ["Stage", "Its amount", "Whole stage", "How it is shared", "Claimed by", "Evidence"]
    says = f"Why {view.name} costs that"
    foot = html.Tr([*sums, *[html.Td() for _ in heads[2:]]])
    shown = laid_out(heads, rows, says=says, numbers=(1, 2), foot=foot)
    return html.Div([html.P(lead, className="lead"), shown])


def _bought(row: Row) -> str:
    if row["service"] is None:  # what converting each amount once leaves of the whole
        return "of converting each amount once"
    said = CLASSES.get(row["class"], row["class"])
    return f"{row['service']} · {said}" if said else row["service"]


def _rule(row: Row) -> list[Part]:
    tier = TIERS.get(row["tier"], UNKNOWN)
    return [tier, html.Br(), html.Span(row["rule"], className="place")] if row["rule"] else [tier]


def _choose(data: Data, view: View, names: list[str]) -> Part:
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
                        dcc.Link(name, href=view.link("/feature", level=view.level, name=name)),
                        html.Span(
                            exact(asked[name]["allocated"], data.currency)
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
