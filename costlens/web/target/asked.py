"""What a target's page asks."""

from costlens.errors import CostLensError
from costlens.questions.ask import Answer
from costlens.questions.explaining import Why
from costlens.web.answers import flow_of, measures_of
from costlens.web.data import Data
from costlens.web.view import View, last_year


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
    answer = data.explain(_why(view))
    known = {row[0] for row in data.ask("targets", level=view.level).rows}
    if not answer.rows and view.name not in known:
        raise CostLensError(
            f"no {view.level} is called {view.name}", hint="choose one from the list of its level"
        )
    return answer


def flow(data: Data, view: View) -> Answer:
    """Ask how its cost flows in and on."""
    return flow_of(data, _why(view))


def units(data: Data, view: View) -> Answer:
    """Ask what a thousand uses of it cost."""
    return data.ask("unit_cost", **view.given)


def measures(data: Data, view: View) -> Answer:
    """Ask what it costs in full and is worth, measure by measure. Takes a while."""
    return measures_of(data, _why(view))


def _why(view: View) -> Why:
    return Why(level=view.level, target=view.name, basis=view.basis, window=view.window)
