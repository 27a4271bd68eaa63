"""Read how people name what a question is about."""

from costlens.errors import CostLensError


def read_target(text: str) -> tuple[str, str]:
    """Read `feature:NAME`, `model:NAME` or `product:NAME`."""
    level, _, name = text.partition(":")
    if level not in ("feature", "model", "product") or not name:
        raise CostLensError(
            f'"{text}" names no target',
            hint="write feature:NAME, model:NAME or product:NAME",
        )
    return level, name


def read_amount(text: str) -> tuple[str, str]:
    """Read a target, or `stage:`, `pipeline:`, `service:` or `class:` and a name."""
    level, _, name = text.partition(":")
    if level == "stage":  # as explain prints it, `stage:scan` or `pipeline:p/part`
        return level, name if ":" in name else text
    if level in ("pipeline", "service", "class") and name:
        return ("stage", text) if level == "pipeline" and "/" in name else (level, name)
    return read_target(text)
