"""`costlens password`."""

import sys

import click

from costlens.errors import CostLensError

_LEAST = 12  # letters


@click.command(
    "password",
    epilog="Example: costlens password > secrets/ada",
)
@click.option("--stdin", is_flag=True, help="Read it from stdin, without asking twice.")
def password(stdin: bool) -> None:
    """Hash a password for `access` in costlens.yaml, which says where the hash is kept.

    What is printed lets nobody in, but guesses can be tried on it: keep it as a secret.
    """
    if stdin:
        word = sys.stdin.readline().rstrip("\r\n")
    else:
        word = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    if len(word) < _LEAST:
        raise CostLensError(
            f"the password has fewer than {_LEAST} letters", hint="take several words, for instance"
        )
    from costlens.web import door

    click.echo(door.hash_password(str(word)))
