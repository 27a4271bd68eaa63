"""YAML as people write it: one value, one mapping a line, comments behind."""

import json
import re
from decimal import Decimal

from costlens.config.marks import Leaf, Map, parse
from costlens.errors import CostLensError

_PLAIN = re.compile(r"[A-Za-z0-9_./][A-Za-z0-9_./ -]*(?:[:][A-Za-z0-9_./-]+)*")
# What our reader takes for no text, even escaped: in a glob, `?` stands for it.
UNPRINTED = re.compile(r"[^\t -~\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def scalar(text: str) -> str:
    """Write a text as a YAML value, in quotes only where it needs them.

    Characters that are no text, which the reader refuses, become `?`.
    """
    if _PLAIN.fullmatch(text) and text.strip() == text and _means_itself(text):
        return text
    return json.dumps(UNPRINTED.sub("?", text), ensure_ascii=False).replace("\x85", "\\x85")


def _means_itself(text: str) -> bool:
    """Say whether our own reader takes a bare text for that text, and not for a number or day."""
    try:
        node, findings = parse(f"{{a: {text}}}", file="")
    except CostLensError:
        return False
    leaf = node.entries["a"][1] if isinstance(node, Map) and "a" in node.entries else None
    return not findings and isinstance(leaf, Leaf) and leaf.value == text


def mapping(**values: str) -> str:
    """Write a mapping on one line; the values are written as they stand."""
    return "{" + ", ".join(f"{key}: {value}" for key, value in values.items() if value) + "}"


def remark(text: str) -> str:
    """Make a text safe to stand in a comment: one line, nothing that cannot be printed."""
    return UNPRINTED.sub("?", " ".join(text.split()))


def behind(line: str, *remarks: str) -> str:
    """Put a comment behind a line."""
    told = "; ".join(remark(one) for one in remarks if one)
    return f"{line}  # {told}" if told else line


def amount(money: Decimal | None, currency: str) -> str:
    """Write an amount for a comment, to the cent."""
    return f"{money:,.2f} {currency}" if money is not None else ""
