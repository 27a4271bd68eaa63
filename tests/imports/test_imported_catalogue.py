"""`costlens import`: what feature stores and registries tell, beside what people write."""

import gzip
import json
import shutil
from pathlib import Path

import pytest
from company import Company, costlens

PACKS = Path(__file__).parents[2] / "connectors"
RUNS = Path(__file__).parents[1] / "data" / "runs"

SETTINGS = """
version: 1
sources:
  - {name: store, type: feast, path: registry.json}
  - {name: warehouse, type: dbt, path: dbt/}
  - {name: registry, type: mlflow, path: mlflow.db}
"""


@pytest.fixture
def shop(tmp_path: Path) -> Company:
    """The invented shop of the packs' samples: one registry of each tool."""
    folder = tmp_path / "shop"
    folder.mkdir()
    shutil.copy(PACKS / "feast" / "sample.json", folder / "registry.json")
    shutil.copytree(PACKS / "dbt" / "sample", folder / "dbt")
    (folder / "mlflow.db").write_bytes(gzip.decompress((RUNS / "mlflow.db.gz").read_bytes()))
    (folder / "costlens.yaml").write_text(SETTINGS)
    return Company(folder=folder)


def bring(company: Company, *words: str) -> list[tuple[str, str]]:
    """Import and give what changed, and at what."""
    ran = costlens("import", *words, "-c", str(company.folder), "--format", "csv")
    assert ran.code == 0, ran.err
    return [
        (row["change"], f"{row['thing']} {row['key']}".strip())
        for row in ran.rows
        if row["change"] != "elsewhere"
    ]


def registry(company: Company) -> dict[str, list[dict[str, dict[str, object]]]]:
    read: dict[str, list[dict[str, dict[str, object]]]]
    read = json.loads((company.folder / "registry.json").read_text())
    return read


def set_registry(company: Company, told: object) -> None:
    (company.folder / "registry.json").write_text(json.dumps(told))


def file(company: Company, tool: str = "feast") -> Path:
    return company.folder / "catalog" / f"imported_{tool}.yaml"


FEAST = """\
teams:
  - {name: retention, email: "retention@example.com"}
  - {name: platform, email: "platform@example.com"}
  - {name: payments, email: "payments@example.com"}
features:
  - {name: fv_customer_orders, owner: retention, type: feature_view}
  - {name: fv_customer_profile, owner: platform, type: feature_view}
  - {name: fv_customer_sessions, owner: retention, type: feature_view}
  - {name: fv_payment_risk, owner: payments, type: feature_view}
  - name: odfv_basket_ratio
    type: feature_view
    uses:
      - {feature: fv_customer_orders}
models:
  - {name: churn, owner: retention}
  - {name: fraud, owner: payments}
products:
  - name: checkout_guard
    uses:
      - {model: fraud}
  - name: retention_campaign
    uses:
      - {model: churn}
"""


def test_a_registry_becomes_owners_features_models_and_products(shop: Company) -> None:
    bring(shop, "feast")
    head, _, body = file(shop).read_text().partition("teams:")
    assert "teams:" + body == FEAST
    assert head.startswith("# What feast says")
    checked = costlens("check", "-c", str(shop.folder))
    assert checked.code == 0
    assert "5 features, 2 models, 2 products: no errors" in checked.out


def test_without_mlflow_a_model_uses_what_its_services_hand_out(shop: Company) -> None:
    only = [line for line in SETTINGS.splitlines() if "mlflow" not in line]
    (shop.folder / "costlens.yaml").write_text("\n".join(only))
    bring(shop, "feast")
    assert """
  - name: fraud
    owner: payments
    uses:
      - {feature: fv_customer_orders}
      - {feature: fv_payment_risk}
      - {feature: odfv_basket_ratio}
""" in file(shop).read_text()


def test_mlflow_tells_what_versions_were_trained_on(shop: Company) -> None:
    bring(shop, "mlflow")
    assert """
models:
  - name: churn
    uses:
      - {feature: fv_customer_orders}
      - {feature: fv_customer_profile}
      - {feature: fv_customer_sessions}
""" in file(shop, "mlflow").read_text()


def test_exposures_of_dbt_use_the_features_that_their_tables_are_made_of(shop: Company) -> None:
    bring(shop, "dbt")
    assert """
models:
  - name: churn
    owner: retention
    uses:
      - {feature: fv_customer_orders}
      - {feature: fv_customer_profile}
      - {feature: fv_customer_sessions}
  - name: fraud
    owner: payments
    uses:
      - {feature: fv_customer_orders}
      - {feature: fv_payment_risk}
products:
  - name: retention_campaign
    owner: crm
    uses:
      - {feature: fv_customer_orders}
      - {feature: fv_customer_sessions}
""" in file(shop, "dbt").read_text()


@pytest.mark.slow
def test_the_feature_views_that_tecton_fills_are_features(shop: Company) -> None:
    shutil.copy(PACKS / "tecton" / "sample.json", shop.folder / "jobs.json")
    (shop.folder / "costlens.yaml").write_text(
        SETTINGS + "  - {name: jobs, type: tecton, path: jobs.json}\n"
    )
    assert bring(shop, "tecton") == [
        ("added", "features: fv_orders"),
        ("added", "features: fv_sessions"),
    ]
    assert bring(shop, "tecton") == []


@pytest.mark.few(1)
@pytest.mark.parametrize("tool", ["feast", "dbt", "mlflow"])
def test_a_second_import_changes_nothing(shop: Company, tool: str) -> None:
    bring(shop, tool)
    before = file(shop, tool).read_bytes()
    assert bring(shop, tool) == []
    assert file(shop, tool).read_bytes() == before


def test_what_a_person_wrote_stays_and_the_rest_follows_the_tool(shop: Company) -> None:
    bring(shop, "feast")
    text = file(shop).read_text()
    text = text.replace(
        "  - {name: fv_payment_risk, owner: payments, type: feature_view}\n",
        "  # the one with the cards\n"
        "  - name: fv_payment_risk  # risky\n"
        "    owner: 'retention'\n"
        "    description: by hand\n",
    )
    text = text.replace("  - {name: fraud, owner: payments}\n", "")
    text = text.replace("models:\n", "\n# models, of two teams\nmodels:\n")
    file(shop).write_text(text)
    told = registry(shop)
    profile = next(
        one["spec"] for one in told["featureViews"] if one["spec"]["name"] == "fv_customer_profile"
    )
    profile["owner"] = "payments@example.com"
    view = json.loads(json.dumps(told["featureViews"][0]))
    view["spec"] |= {"name": "fv_new", "owner": "new@example.com"}
    told["featureViews"].append(view)
    set_registry(shop, told)
    products = "products:\n  - name: checkout_guard\n    uses:\n      - {model: fraud}\n"
    text = text.replace(products, "products:\n")
    file(shop).write_text(text)
    assert bring(shop, "feast") == [
        ("added", "features: fv_new"),
        ("added", "teams: new"),
        ("changed", "features: fv_customer_profile owner"),
        ("gone", "teams: platform"),
        ("kept", "features: fv_payment_risk owner"),
        ("kept", "features: fv_payment_risk type"),
        ("kept", "models: fraud"),
        ("kept", "products: checkout_guard"),
    ]
    wanted = text.replace(
        "fv_customer_profile, owner: platform", "fv_customer_profile, owner: payments"
    )
    wanted = wanted.replace("\nfeatures:", '\n  - {name: new, email: "new@example.com"}\nfeatures:')
    wanted = wanted.replace(
        "\n\n# models, of", "\n  - {name: fv_new, owner: new, type: feature_view}\n\n# models, of"
    )
    assert file(shop).read_text() == wanted


def test_what_the_tool_no_longer_has_goes_only_when_asked(shop: Company) -> None:
    bring(shop, "feast")
    told = registry(shop)
    told["featureServices"] = [
        one for one in told["featureServices"] if one["spec"]["name"] == "churn_v1"
    ]
    set_registry(shop, told)
    before = file(shop).read_text()
    gone = [("gone", "models: fraud"), ("gone", "products: checkout_guard")]
    assert bring(shop, "feast") == gone
    assert bring(shop, "feast") == gone
    assert file(shop).read_text() == before
    assert bring(shop, "feast", "--prune") == gone
    assert "checkout_guard" not in file(shop).read_text()
    assert bring(shop, "feast", "--prune") == []


def test_a_value_that_a_person_gave_is_not_pruned(shop: Company) -> None:
    bring(shop, "feast")
    text = file(shop).read_text()
    text = text.replace("name: checkout_guard\n", "name: checkout_guard\n    weight: 2\n")
    file(shop).write_text(text)
    told = registry(shop)
    told["featureServices"][-1]["spec"]["tags"] = {"model": "fraud"}
    set_registry(shop, told)
    assert bring(shop, "feast", "--prune") == [("kept", "products: checkout_guard")]
    assert file(shop).read_text() == text


def test_what_another_file_names_is_not_named_again(shop: Company) -> None:
    (shop.folder / "catalog").mkdir()
    mine = """
teams:
  - {name: cards, email: Payments@example.com}
features:
  - {name: fv_customer_orders}
"""
    (shop.folder / "catalog" / "mine.yaml").write_text(mine)
    bring(shop, "feast")
    text = file(shop).read_text()
    assert "name: fv_customer_orders" not in text
    assert "name: cards" not in text
    assert "{name: fv_payment_risk, owner: cards, type: feature_view}" in text
    assert costlens("check", "-c", str(shop.folder)).code == 0


def test_a_dry_run_prints_the_diff_and_writes_nothing(shop: Company) -> None:
    ran = costlens("import", "feast", "--dry-run", "-c", str(shop.folder))
    assert ran.code == 0
    assert "+  - {name: fraud, owner: payments}\n" in ran.out
    assert not (shop.folder / "catalog").exists()


def test_a_file_that_would_not_pass_check_is_not_written(shop: Company) -> None:
    bring(shop, "feast")
    (shop.folder / "catalog" / "mine.yaml").write_text(
        "products:\n  - {name: mine, uses: [{model: fraud}]}\n"
    )
    told = registry(shop)
    told["featureServices"] = []
    set_registry(shop, told)
    only = [line for line in SETTINGS.splitlines() if "mlflow" not in line and "dbt" not in line]
    (shop.folder / "costlens.yaml").write_text("\n".join(only))
    before = file(shop).read_text()
    ran = costlens("import", "feast", "--prune", "-c", str(shop.folder))
    assert ran.code == 1
    assert 'no model "fraud"' in ran.err
    assert file(shop).read_text() == before


def test_a_name_that_no_catalogue_takes_is_told(shop: Company) -> None:
    told = registry(shop)
    told["featureViews"][0]["spec"]["name"] = "orders of customers"
    set_registry(shop, told)
    ran = costlens("import", "feast", "-c", str(shop.folder))
    assert ran.code == 0
    assert 'the feature "orders of customers" cannot stand in a catalogue' in ran.err


def test_a_source_that_is_not_there_is_told(shop: Company) -> None:
    ran = costlens("import", "feast", "--source", "stor", "-c", str(shop.folder))
    assert (ran.code, ran.out) == (1, "")
    assert 'no source "stor"' in ran.err
    assert 'did you mean "store"?' in ran.err
    ran = costlens("import", "feast", "--source", "warehouse", "-c", str(shop.folder))
    assert 'the source "warehouse" is of type dbt, not feast' in ran.err
