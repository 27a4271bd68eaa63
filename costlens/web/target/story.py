"""What a target's page says first: its cost, what it brings in, and what dropping it would do."""

from dash import dcc, html

from costlens.web.data import Data
from costlens.web.formats import exact, percent, short
from costlens.web.links import to_change, to_net, to_rows
from costlens.web.parts import Card, cards, moved
from costlens.web.rows import Row, first_row, records
from costlens.web.tables import Part, aria
from costlens.web.target.asked import costs, trend, users
from costlens.web.view import View

_BENEFIT = ("benefit_low", "benefit", "benefit_high")


def row_of(data: Data, view: View) -> Row:
    """Find its figures; a target without cost has no row."""
    return first_row(costs(data, view), name=view.name) or {}


def title(data: Data, view: View) -> str:
    """Say in one sentence what it cost, and what dropping it would save."""
    row = row_of(data, view)
    if not row:
        return f"{view.name} has no cost in {view.months_said}."
    said = f"{view.name} cost {exact(row['allocated'], data.currency)} in {view.months_said}"
    move = first_row(data.ask("change_by_target", **view.given), name=view.name) or {}
    if move.get("change_share") is not None:
        more = "more" if move["change"] >= 0 else "less"
        said += f", {percent(abs(move['change_share']))} {more} than in {view.before_said}"
    return f"{said}. Dropping it alone would save {exact(row['avoidable'], data.currency)}."


def owner(view: View, row: Row) -> str:
    """Say what it is, who owns it and where it is declared."""
    said = [view.level.capitalize()]
    said += [f"owner: {row['owner']}"] if row["owner"] else ["no owner is named"]
    said += [f"made by {row['pipeline']}"] if row["pipeline"] else []
    said += [str(row["read_from"])] if row["read_from"] else []
    return " · ".join(said)


def figures(data: Data, view: View) -> Part:
    """Lay its figures out: cost, what goes with it, what it would cost alone, idle beside it."""
    row = row_of(data, view)
    if not row:
        return html.P("Choose other months above.", className="empty")
    move = first_row(data.ask("change_by_target", **view.given), name=view.name) or {}
    past = [one["allocated"] for one in records(trend(data, view))]
    currency, of = data.currency, f"{view.level}:{view.name}"
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
                link=to_rows(view, of),
                moved_link=to_change(view, of) if move.get("change") is not None else "",
            ),
            Card(
                label="Saved if dropped",
                figure=short(row["avoidable"], currency),
                exactly=exact(row["avoidable"], currency),
                hint="spent for this one alone; gone if capacity shrinks with use",
                link=to_rows(view, of, figure="avoidable"),
            ),
            Card(
                label="Cost if it stood alone",
                figure=short(row["stand_alone"], currency),
                exactly=exact(row["stand_alone"], currency),
                hint="all stages it needs, with nobody to share them",
                link=to_rows(view, of, figure="stand_alone"),
            ),
            Card(
                label="Idle beside it",
                figure=percent(row["idle_share"]),
                hint=f"is its part of idle machines, on top of its cost; {waste} of its cost was "
                "failed or repeated work",
            ),
        ]
    )


def worth(data: Data, view: View) -> Part:
    """Say what it was declared to bring in; without a declaration, that only its cost is known."""
    rows = data.roi(level=view.level, basis=view.basis, window=view.window)
    row = first_row(rows, name=view.name)
    if row is None:
        return None
    said = f"No benefit is declared for this {view.level}: only its cost is known."
    rows_behind = None
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
        net = to_net(view, view.level, view.name)
        rows_behind = html.P(dcc.Link("The claims and the costs behind these", href=net))
    title = html.H2(f"What does {view.name} bring in?", id="feature-worth")
    parts = [title, html.P(said, className="said"), rows_behind]
    return html.Section(parts, **aria(labelledby="feature-worth"))


def dropped(data: Data, view: View) -> Part:
    """Say what dropping it would save, and whom it would hurt."""
    row = row_of(data, view)
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
