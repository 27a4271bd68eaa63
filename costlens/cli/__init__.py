"""The command."""

from costlens.cli.main import main

__all__ = ["main"]
