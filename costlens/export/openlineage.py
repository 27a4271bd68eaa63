"""What runs cost, as OpenLineage events with a facet for it: one JSON object a line."""

from pathlib import Path

from costlens.errors import CostLensError
from costlens.questions.ask import Asked
from costlens.questions.window import Window

PRODUCER = "https://github.com/costlens/costlens"


def export_openlineage(asked: Asked, window: Window, out: Path) -> int:
    """Write an event a run to a file at once; give how many there are.

    The amounts are those that came to the run itself, not what was handed on to it by stages.
    """
    events = asked.ask(
        "run_costs", build=asked.build.number, producer=PRODUCER, **window.given
    ).rows
    aside = out.with_name(f".{out.name}.writing")
    try:
        aside.write_text("".join(f"{row[0]}\n" for row in events), encoding="utf-8")
        aside.replace(out)
    except OSError as error:
        raise CostLensError(f"cannot write: {error.strerror}", where=str(out)) from error
    finally:
        aside.unlink(missing_ok=True)
    return len(events)
