"""The clock of `costlens schedule`: brings the lake up to date and makes what is due, in turn.

Each piece of work is a command in a process of its own, so that none can take the clock down, and
what happened stands in the ledger, so that a new clock goes on where the last one was.
"""

import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from types import FrameType

from costlens.errors import CostLensError
from costlens.report.due import moments
from costlens.report.ledger import Event
from costlens.report.run import Desk, is_anything_due

_COMMAND = (sys.executable, "-c", "from costlens.cli import main; main()")
_TICK = 20  # seconds between two looks at the clock


def keep_time(open_desk: Callable[[], Desk], words: list[str], *, once: bool = False) -> None:
    """Do what is due, again and again, until the process is told to end; or once.

    What runs when it is told is let finish. `words` say to each command which workspace it is
    about. Settings are read anew each time, so that a change counts from the next look on.
    """
    stop = threading.Event()

    def end(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, end)
        signal.signal(signal.SIGINT, end)
    while True:
        try:
            _look(open_desk(), words)
        except CostLensError as error:  # such as costlens.yaml, while somebody writes it
            if once:
                raise
            sys.stderr.write(f"costlens: {error}\n")
        if once or stop.wait(_TICK):
            return


def _look(desk: Desk, words: list[str]) -> None:
    if _refresh_is_due(desk):
        code = _do(["refresh", *words])
        desk.ledger.note(Event(at=desk.now, what="refreshed", detail="" if code == 0 else "failed"))
    if is_anything_due(desk):
        _do(["report", "run", "--due", *words])


def _refresh_is_due(desk: Desk) -> bool:
    """Say whether a refresh should have come since the last one; at once where none ever did."""
    schedule = desk.settings.schedule
    if schedule.refresh is None:
        return False
    done = [event.at for event in desk.ledger.events() if event.what == "refreshed"]
    # A clock that stood still for a year has one refresh to make up for, not thousands.
    since = max(done[-1], desk.now - timedelta(days=366)) if done else datetime.min
    if since == datetime.min:
        return True
    return next(moments(schedule.refresh, schedule.zone, since)) <= desk.now


def _do(command: list[str]) -> int:
    """Run one command to its end, whatever it is told meanwhile but by its own name."""
    done = subprocess.run(  # noqa: S603 -- our own command
        [*_COMMAND, *command], check=False, start_new_session=True
    )
    return done.returncode
