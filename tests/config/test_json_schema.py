import copy
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from costlens.config import schema
from costlens.config.keys import keys_of
from costlens.config.value import Value
from costlens.config.values import Catalogue, Settings

EXAMPLE = Path(__file__).parent / "example"


def document(path: Path) -> dict[str, Any]:
    """Read YAML as an editor does: days are text."""
    return json.loads(json.dumps(yaml.safe_load(path.read_text()), default=str))


SETTINGS = document(EXAMPLE / "costlens.yaml")
SHOP = document(EXAMPLE / "catalog" / "shop.yaml")


def accepts(value: object, kind: dict[str, Any]) -> bool:
    return jsonschema.Draft202012Validator(kind).is_valid(value)


@pytest.mark.parametrize("made", [schema(), schema("settings"), schema("catalogue")])
def test_it_is_a_schema_and_plain_json(made: dict[str, Any]) -> None:
    jsonschema.Draft202012Validator.check_schema(made)
    assert json.loads(json.dumps(made)) == made


def test_it_accepts_the_example_of_the_design() -> None:
    jsonschema.Draft202012Validator(schema("settings")).validate(SETTINGS)
    jsonschema.Draft202012Validator(schema("catalogue")).validate(SHOP)
    assert accepts(SETTINGS, schema())
    assert accepts(SHOP, schema())
    assert not accepts(SETTINGS, schema("catalogue"))


@pytest.mark.parametrize(
    ("path", "wrong"),
    [
        (["models", 0, "onwer"], "retention"),
        (["features", 0, "name"], "(unmatched)"),
        (["stages", 0, "split"], "usage"),
        (["stages", 0, "feeds", 0, "weight"], -1),
        (["stages", 0, "feeds", 0], {"weight": 1}),
        (["stages", 0, "feeds", 0], {"feature": "a", "model": "b"}),
        (["stages", 0, "billed_by", 0], {"priority": 1}),
        (["models", 0, "uses", 0], {"product": "retention_campaign"}),
        (["resources", 0, "capacity"], {"slots": 3, "vcpu": 4}),
        (["pipelines", 0, "produces", 0], {"part": "a", "feature": "b", "shared": True}),
        (["products", 0, "benefits", 0, "claim_share"], 1.5),
        (["products", 0, "benefits", 0, "amount"], "12 EUR"),
    ],
)
def test_it_refuses_what_the_reader_refuses(path: list[Any], wrong: object) -> None:
    changed = copy.deepcopy(SHOP)
    at = changed
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = wrong
    assert not accepts(changed, schema("catalogue"))


@pytest.mark.parametrize("settings", [{**SETTINGS, "curency": "EUR"}, {"version": 1}, {}])
def test_it_refuses_settings_with_unknown_or_missing_keys(settings: object) -> None:
    assert not accepts(settings, schema("settings"))


@pytest.mark.parametrize("amount", [18000, {"likely": 18000}])
def test_it_accepts_an_amount_in_short_and_in_full(amount: object) -> None:
    changed = copy.deepcopy(SHOP)
    changed["products"][0]["benefits"][0]["amount"] = amount
    assert accepts(changed, schema("catalogue"))


def test_every_definition_and_key_is_described() -> None:
    made = schema()["$defs"]
    waiting: list[type[Value]] = [Settings, Catalogue]
    for kind in waiting:
        assert made[kind.__name__]["description"]
        for name, key in keys_of(kind).items():
            assert made[kind.__name__]["properties"][name]["description"] == key.doc != ""
            if key.kind and key.kind not in waiting:
                waiting.append(key.kind)
    assert {kind.__name__ for kind in waiting} == set(made)
