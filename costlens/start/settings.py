"""Write the first costlens.yaml."""

from collections.abc import Sequence

from costlens.start.read import Found
from costlens.start.text import amount, behind, mapping, remark, scalar


def settings_yaml(found: Sequence[Found], *, currency: str) -> str:
    """Write the sources that were found; what counts already stands as a comment."""
    lines = [
        "# The bills and run logs that were found. Further months go where the first ones are.",
        "version: 1",
        f"currency: {currency}  # reports are made in it",
        "sources:",
    ]
    for one in found:
        source = one.source
        line = mapping(name=scalar(source.name), type=scalar(source.type), path=scalar(one.path))
        if one.doubles:
            lines.append(f"  # {remark(one.doubles)}: left out, as it would count twice")
            lines.append(f"  # - {line}")
            continue
        told = [one.candidate.version and f"version {one.candidate.version}"]
        told += [
            f"{amount(total.cost, total.currency or '')} in {months(total.months)}"
            if total.cost is not None
            else f"{total.lines:,} lines in {months(total.months)}"
            for total in one.totals
        ]
        lines.append(behind(f"  - {line}", ", ".join(filter(None, told))))
    return "\n".join(lines) + "\n"


def months(found: Sequence[str]) -> str:
    """Write the months there are."""
    if len(found) < 2:
        return "".join(found)
    return f"{found[0]} to {found[-1]}"
