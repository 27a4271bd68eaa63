"""`costlens serve`."""

import socket
from pathlib import Path
from typing import TYPE_CHECKING

import click

from costlens.cli.options import takes_config
from costlens.errors import CostLensError

if TYPE_CHECKING:
    from costlens.web.door import Door

_HERE = ("127.0.0.1", "localhost", "::1")


@click.command(epilog="Example: costlens serve --port 8051")
@takes_config
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="The address to listen on. Any but this machine's own needs `access` in costlens.yaml.",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8050,
    show_default=True,
    help="0 takes any free port.",
)
@click.option(
    "--threads",
    type=click.IntRange(1, 256),
    default=8,
    show_default=True,
    help="How many requests are answered at once.",
)
def serve(config: Path | None, host: str, port: int, threads: int) -> None:
    """Show the pages in a browser, at the address that is printed, until Ctrl-C.

    They follow the latest build by themselves; without one they say what to do. Files
    `dashboards/*.py` beside costlens.yaml are pages too. This machine alone may read them, without
    a password; where `access` in costlens.yaml names who else may, everybody is asked who they are.
    """
    from costlens.config import find_settings

    folder, settings = find_settings(config)
    if settings.access is None and host not in _HERE:
        raise CostLensError(
            f"refused to serve on {host}: whoever reaches that address could read every figure",
            where="--host",
            hint="name who may read them under `access` in costlens.yaml (docs/serving.md), or "
            "leave --host out and go through a tunnel: ssh -L 8050:127.0.0.1:8050 HOST",
        )
    taken = _take(host, port)
    door = None
    if settings.access is not None:
        from costlens.web.door import open_door

        door = open_door(settings.access, folder)
    _serve(folder / settings.lake, folder / "dashboards", taken, door=door, threads=threads)


def _take(host: str, port: int) -> socket.socket:
    """Take the port before anything slow happens."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    taken = socket.socket(family, socket.SOCK_STREAM)
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        taken.bind((host, port))
    except OSError as error:
        taken.close()
        raise CostLensError(
            f"cannot listen on port {port} of {host}: {error.strerror}",
            where="--port",
            hint=f"where another program uses it, try: costlens serve --port {port + 1}",
        ) from error
    return taken


def _serve(
    lake: Path, own: Path, taken: socket.socket, *, door: "Door | None", threads: int
) -> None:
    import logging

    from waitress.server import create_server

    from costlens.web.access import only_under
    from costlens.web.app import create_app

    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    folders = [own] if own.is_dir() else []
    app = create_app(lake, folders=folders, door=door, is_eager=True)
    if door is None:
        only_under(app, _HERE)
    server = create_server(
        app.server,
        sockets=[taken],
        threads=threads,
        ident="costlens",
        # Who may say who is before it is told by costlens.yaml, and looked at by us.
        clear_untrusted_proxy_headers=door is None,
    )
    name, port = taken.getsockname()[:2]
    shown = f"[{name}]" if ":" in name else name
    asked = f"everybody is asked by {door.by}" if door else "this machine alone"
    click.echo(f"http://{shown}:{port}  ({asked}; Ctrl-C stops)")
    try:
        server.run()
    finally:
        server.close()
        click.echo("stopped", err=True)
