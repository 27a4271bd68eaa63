"""`costlens serve`."""

import socket
from pathlib import Path

import click

from costlens.cli.options import takes_config
from costlens.errors import CostLensError

_THREADS = 8
_HERE = ("127.0.0.1", "localhost", "::1")


@click.command(epilog="Example: costlens serve --port 8051")
@takes_config
@click.option("--host", default="127.0.0.1", show_default=True, help="This machine only, for now.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8050,
    show_default=True,
    help="0 takes any free port.",
)
def serve(config: Path | None, host: str, port: int) -> None:
    """Show the pages in a browser, at the address that is printed, until Ctrl-C.

    They follow the latest build by themselves; without one they say what to do. Files
    `dashboards/*.py` beside costlens.yaml are pages too.
    """
    from costlens.config import find_folder, find_lake

    if host not in _HERE:
        raise CostLensError(
            f"refused to serve on {host}: whoever reaches that address could read every figure",
            where="--host",
            hint="leave --host out and go through a tunnel: ssh -L 8050:127.0.0.1:8050 HOST",
        )
    own = find_folder(config) / "dashboards"
    lake = find_lake(config)
    taken = _take(host, port)
    _serve(lake, own, taken)


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
            f"cannot listen on port {port}: {error.strerror}",
            where="--port",
            hint=f"another program uses it; try: costlens serve --port {port + 1}",
        ) from error
    return taken


def _serve(lake: Path, own: Path, taken: socket.socket) -> None:
    import logging

    from waitress.server import create_server

    from costlens.web.access import only_under
    from costlens.web.app import create_app

    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    app = create_app(lake, folders=[own] if own.is_dir() else [])
    only_under(app, _HERE)
    server = create_server(app.server, sockets=[taken], threads=_THREADS, ident="costlens")
    name, port = taken.getsockname()[:2]
    shown = f"[{name}]" if ":" in name else name
    click.echo(f"http://{shown}:{port}  (Ctrl-C stops)")
    try:
        server.run()
    finally:
        server.close()
        click.echo("stopped", err=True)
