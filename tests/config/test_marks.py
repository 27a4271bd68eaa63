from datetime import date
from decimal import Decimal

import pytest

from costlens.config.marks import Leaf, List, Map, Node, parse
from costlens.errors import CostLensError


def top(text: str) -> Map:
    node, findings = parse(text, file="a.yaml")
    assert isinstance(node, Map)
    assert findings == []
    return node


def under(text: str) -> Node:
    return top(text).entries["a"][1]


@pytest.mark.parametrize(
    ("spelled", "meant"),
    [
        ("true", True),
        ("false", False),
        ("yes", "yes"),
        ("no", "no"),
        ("on", "on"),
        ("True", "True"),
        ("12", 12),
        ("-3", -3),
        ("0", 0),
        ("012", "012"),
        ("0x10", "0x10"),
        ("1_000", "1_000"),
        ("12:30", "12:30"),
        ("1.10", Decimal("1.10")),
        (".5", Decimal("0.5")),
        ("1e3", Decimal(1000)),
        (".inf", ".inf"),
        (".nan", ".nan"),
        ("2026-01-31", date(2026, 1, 31)),
        ("2026-02-31", "2026-02-31"),
        ("2026-01-31T00:00:00Z", "2026-01-31T00:00:00Z"),
        ("~", None),
        ("null", None),
        ("", None),
        ('"12"', "12"),
        ("'true'", "true"),
        ("١٢", "١٢"),
        ("9" * 5000, "9" * 5000),
    ],
    ids=lambda value: str(value)[:20],
)
def test_a_word_means_what_yaml_1_2_says_with_exact_numbers(spelled: str, meant: object) -> None:
    leaf = under(f"a: {spelled}\n")
    assert isinstance(leaf, Leaf)
    assert leaf.value == meant
    assert type(leaf.value) is type(meant)


def test_a_leaf_keeps_its_spelling() -> None:
    leaf = under("a: 1.10\n")
    assert isinstance(leaf, Leaf)
    assert leaf.text == "1.10"


def test_every_node_and_key_knows_its_line() -> None:
    node = top("# a comment\na:\n  - b: 1\n\n    c:\n      2\n")
    listing = node.entries["a"][1]
    assert isinstance(listing, List)
    inner = listing.items[0]
    assert isinstance(inner, Map)
    assert node.entries["a"][0] == "a.yaml:2"
    assert inner.place == "a.yaml:3"
    assert inner.entries["c"][0] == "a.yaml:5"
    assert inner.entries["c"][1].place == "a.yaml:6"


def test_an_alias_stands_for_what_it_names() -> None:
    node = top("a: &one {b: 1}\nc: *one\n")
    assert node.entries["c"][1] == node.entries["a"][1]


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n", "~\n"])
def test_an_empty_document_is_none(text: str) -> None:
    assert parse(text, file="a.yaml") == (None, [])


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a: 1\na: 2\n", 'a.yaml:2: "a" is written twice'),
        ("a: !!python/name:os.system x\n", 'a.yaml:1: the tag "!!python/name:os.system"'),
        ("a: !secret x\n", 'a.yaml:1: the tag "!secret" is not read'),
        ("? [a]\n: 1\n", "a.yaml:1: a list or a mapping cannot be a key"),
        ("a: &b {c: 1}\nd:\n  <<: *b\n", 'a.yaml:3: "<<" does not merge here'),
        ('a: "\\0"\n', "a.yaml:1: a control character (U+0000) is not text"),
    ],
)
def test_what_can_be_read_on_is_a_finding(text: str, says: str) -> None:
    node, findings = parse(text, file="a.yaml")
    assert node is not None
    assert str(findings[0]).startswith(says)


BOMB = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{new}: &{new} [{', '.join([f'*{old}'] * 10)}]\n"
    for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a: [1\n", "a.yaml:2: not YAML"),
        ("a:\n\t- b\n", "a.yaml:2: not YAML"),
        ("a: b: c\n", "a.yaml:1: not YAML: mapping values are not allowed here"),
        ("a: 1\n---\nb: 2\n", "a.yaml:2: a second document starts here"),
        ("a: *b\n", 'a.yaml:1: nothing is named "&b" above'),
        ("a: &a [*a]\n", 'a.yaml:1: "*a" stands inside "&a" itself'),
        ("a: " + "[" * 100_000, "a.yaml:1: nested more than 50 deep"),
        ("- " * 5000, "a.yaml:1: nested more than 50 deep"),
        ("".join(f"k{i}: &k{i} [*k{i - 1}]\n" if i else "k0: &k0 []\n" for i in range(99)), "deep"),
        ("a: 1\nb: \x07\n", "a.yaml:2: a control character (U+0007) is not text"),
        (BOMB, "unfolds to more than 1,000,000 values"),
    ],
    ids=lambda value: value[:20],
)
def test_what_cannot_be_read_says_where_and_stops(text: str, says: str) -> None:
    with pytest.raises(CostLensError) as error:
        parse(text, file="a.yaml")
    assert says in str(error.value)
    assert error.value.findings[0].hint
