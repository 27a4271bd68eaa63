"""What init writes, our own strict reader takes for what was meant, whatever names there are."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from costlens.config import load
from costlens.config.marks import Leaf, Map, parse
from costlens.start.catalogue import found_yaml, todo_yaml
from costlens.start.draft import Drafted, Endpoint, Made, Rest, Rule, Team, Thing
from costlens.start.names import as_name, core, is_partition, is_valid, series, source_name
from costlens.start.produces import escaped, model_of, read_parts
from costlens.start.text import UNPRINTED, scalar

texts = st.text(min_size=1, max_size=20).filter(lambda text: "\0" not in text)
names = st.from_regex(r"[A-Za-z0-9_.:/-]{1,12}", fullmatch=True)


@given(texts | names)
def test_a_text_is_read_back_as_it_was(text: str) -> None:
    node, findings = parse(f"{{a: {scalar(text)}, b: 1}}", file="x")
    assert not findings
    assert isinstance(node, Map)
    leaf = node.entries["a"][1]
    assert isinstance(leaf, Leaf)
    assert leaf.value == UNPRINTED.sub("?", text)


@settings(max_examples=20)
@given(st.data())
def test_a_catalogue_of_any_names_is_read_back(data: st.DataObject) -> None:
    drafted = Drafted(currency="USD")
    called = data.draw(st.lists(names, min_size=5, max_size=5, unique=True))
    raw = data.draw(texts)
    team, pipeline, feature, model, resource = called
    drafted.teams = [Team(name=team, raw=data.draw(texts), key="team")]
    drafted.things = [
        Thing(kind="resource", name=resource, raw=raw, rules=[Rule(value="*:x")], owner=team),
        Thing(
            kind="pipeline",
            name=pipeline,
            raw=raw,
            note=data.draw(texts),
            rules=[Rule(key=data.draw(texts), value=data.draw(texts))],
            produces=[
                Made(part=f"{escaped(raw)}(?P<feature>.+)", kind="feature", target="{feature}"),
                Made(part=escaped(raw), kind="shared", note=data.draw(texts)),
            ],
            unclear=[raw],
        ),
        Thing(kind="feature", name=feature, raw=feature, pipeline=pipeline, note=raw),
        Thing(
            kind="model",
            name=model,
            raw=model,
            owner=team,
            endpoints=[Endpoint(name=model, rule=Rule(value="e?"), requests="bill")],
        ),
    ]
    drafted.rest = [
        Rest(
            service=raw,
            cost=data.draw(st.decimals(-1000, 1000, places=2)),
            resources=((raw, data.draw(st.decimals(0, 10, places=2))),),
            more_resources=3,
            tags=((raw, raw, data.draw(st.decimals(0, 10, places=2))),),
        )
    ]
    drafted.total = drafted.rest[0].cost
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "catalog").mkdir()
        (Path(folder) / "catalog/found.yaml").write_text(found_yaml(drafted), encoding="utf-8")
        todo = todo_yaml(drafted)
        stages = todo[todo.index("# stages:") : todo.index("\n\n", todo.index("# stages:"))]
        used = "\n".join(line[1:] for line in stages.splitlines())
        (Path(folder) / "catalog/todo.yaml").write_text(used, encoding="utf-8")
        (Path(folder) / "costlens.yaml").write_text(
            "version: 1\nsources:\n  - {name: bill, type: focus, path: bill.csv}\n"
        )
        read = load(Path(folder)).catalogue
    assert [one.name for one in read.teams] == [team]
    assert [one.name for one in read.resources] == [resource]
    (got,) = read.pipelines
    assert got.name == pipeline
    assert len(got.produces) == 2
    assert (got.runs is None) == (pipeline == raw)
    assert [one.pipeline for one in read.features] == [pipeline]
    assert read.models[0].endpoints[0].name == model
    assert len(read.stages) == 1


@given(texts)
def test_a_name_made_of_any_text_is_one(text: str) -> None:
    assert is_valid(as_name(text))
    assert is_valid(source_name(text.replace("/", "") + "/x.csv"))


@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("focus-2026-05.csv", "focus-#.csv"),
        ("Bill_May2026.csv", "Bill_#.csv"),
        ("part-00001-0e0267b9-6600-4e89-939f-8afb8fe235ec.parquet", "part-#.parquet"),
        ("maybe.csv", "maybe.csv"),
    ],
)
def test_names_of_one_row_are_alike(name: str, row: str) -> None:
    assert series(name) == row


def test_folders_of_months_and_deliveries_are_known() -> None:
    for folder in ("2026-05", "20260501-20260601", "BILLING_PERIOD=2026-05", "may", "2026"):
        assert is_partition(folder), folder
    for folder in ("billing", "aws", "march_project", "team-1"):
        assert not is_partition(folder), folder


def test_endings_that_tell_a_schedule_do_not_count() -> None:
    assert core("Shop-Features_Daily") == core("shop_features") == "shop_features"


def test_parts_tell_what_they_make_by_their_names() -> None:
    parts = ["extract", "features.fv_a", "features.fv_b", "load-cards", "publish+send"]
    made, found, rest = read_parts(parts, told=(), features=["cards"])
    assert [(one.part, one.kind) for one in made] == [
        ("features[.](?P<feature>.+)", "feature"),
        ("load-(?P<feature>cards)", "feature"),
        ("extract|publish[+]send", "shared"),
    ]
    assert found == ["fv_a", "fv_b", "cards"]
    assert rest == []


def test_parts_that_tell_nothing_are_left() -> None:
    assert read_parts(["a", "b"], told=(), features=()) == ([], [], ["a", "b"])


def test_a_pipeline_called_after_one_model_makes_it() -> None:
    assert model_of("train_churn_weekly", ["churn", "fraud"]) == "churn"
    assert model_of("churn-retraining", ["churn"]) == "churn"
    assert model_of("train_all", ["churn"]) == ""
