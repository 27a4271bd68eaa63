"""Which runs there were, and whose each second of them is."""

from difflib import get_close_matches

from costlens.allocate import steps
from costlens.errors import CostLensError
from costlens.questions.ask import Answer, Asked
from costlens.questions.window import Window


def list_runs(asked: Asked, window: Window, *, pipeline: str | None = None) -> Answer:
    """List the runs that began in a window, with their own time beside all of it."""
    steps.prepare(asked.con, asked.book(), of=steps.TIME_STEPS)
    if pipeline is not None:
        _refuse_unknown(asked, pipeline)
    return asked.ask("runs", pipeline=pipeline, **window.given)


def explain_run(asked: Asked, name: str) -> Answer:
    """List the attempts of a run, of all that it is in and of all that is in it.

    `name` is the run's id, or with its pipeline and source as far as it takes to tell it apart:
    `pipeline/run` or `source:pipeline/run`.
    """
    steps.prepare(asked.con, asked.book(), of=steps.TIME_STEPS)
    found = asked.con.execute(
        "select distinct source, execution from logged where $name in "
        "(run, execution, source || ':' || execution) order by all",
        {"name": name},
    ).fetchall()
    if not found:
        raise CostLensError(f"no run is called {name}", hint=_near(asked, name))
    if len(found) > 1:
        names = ", ".join(f"{source}:{execution}" for source, execution in found[:5])
        more = ", …" if len(found) > 5 else ""
        raise CostLensError(f"{len(found)} runs are called {name}", hint=f"one of {names}{more}")
    ((source, execution),) = found
    return asked.ask("run_explained", source=source, execution=execution)


def _refuse_unknown(asked: Asked, pipeline: str) -> None:
    rows = asked.con.execute("select distinct substr(pipeline_node, 10) from logged").fetchall()
    names = sorted(name for (name,) in rows)
    if pipeline not in names:
        near = get_close_matches(pipeline, names, n=1)
        known = f"pipelines: {', '.join(names[:8])}" if names else "this build has no runs"
        hint = f"did you mean {near[0]}?" if near else known
        raise CostLensError(f"no run is of the pipeline {pipeline}", hint=hint)


def _near(asked: Asked, name: str) -> str:
    rows = asked.con.execute("select distinct run from logged order by run").fetchall()
    near = get_close_matches(name, [run for (run,) in rows], n=1)
    return f"did you mean {near[0]}?" if near else "runs: costlens runs"
