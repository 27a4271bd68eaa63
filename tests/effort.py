"""How much a property is tried: a little in `make test`, a lot in `make test-all`."""

from hypothesis import settings


def examples(few: int) -> int:
    """Give the number of examples: a few, or by the nightly profile a good many of the costly kind."""
    return max(few, settings().max_examples // 100)
