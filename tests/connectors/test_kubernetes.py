"""What a node's cost comes to by pod: weights of OpenCost, Argo and the DCGM exporter."""

import shutil
from decimal import Decimal

import pytest
from company import Company

from costlens.paths import bundled

HOUR = {
    "ChargePeriodStart": "2026-05-03T10:00:00Z",
    "ChargePeriodEnd": "2026-05-03T11:00:00Z",
    "ResourceId": "i-0fe8",
}
NODES = """
resources:
  - name: nodes
    billed_by: [{resource_id: "i-0fe8"}]
    capacity: {%s}
    runs: [{pipeline: trainer}, {pipeline: api}]
pipelines:
  - name: trainer
    runs: {match: {pipeline: [%s]}}
    produces: [{part: ".*", model: risk}]
  - name: api
    runs: {match: {pipeline: [serving/*]}}
    produces: [{part: main, model: ranker}]
models: [{name: risk}, {name: ranker}]
"""


def of(company: Company, pack: str) -> None:
    shutil.copytree(bundled("connectors") / pack / "sample", company.folder / pack)
    company.source(name=pack, type=pack, path=f"{pack}/")


def test_a_node_is_split_by_what_pods_had_of_it_and_the_rest_is_idle(company: Company) -> None:
    # 9 x 4 cores + 16 GiB + 90 x 1 GPU, for an hour: 511,200, each 10^-5 USD.
    company.bill({"cost": "5.112", **HOUR})
    company.catalogue(NODES % ("vcpu: 4, memory_gb: 16, gpu: 1", "ml/trainer"))
    of(company, "opencost")
    company.refresh()
    costs = company.cost("model")
    assert costs["risk"] == Decimal("0.936")  # 9 x 2 core hours + 8 GiB hours: 93,600
    assert costs["ranker"] == Decimal("1.737")  # 9 x 0.25 + 1 + 90 x 0.5: 173,700
    assert costs["(idle)"] == Decimal("2.439")
    assert all(row["difference"] == "0" for row in company.ask("statement"))


def test_a_try_of_a_pod_that_failed_is_waste_of_what_it_was_for(company: Company) -> None:
    night = {"ChargePeriodStart": "2026-05-03T01:00:00Z", "ChargePeriodEnd": "2026-05-03T02:00:00Z"}
    company.bill({"cost": "5.112", **HOUR, **night})
    company.catalogue(NODES % ("vcpu: 4, memory_gb: 16, gpu: 1", "features-nightly"))
    of(company, "argo")
    company.refresh()
    # Extract 9 x 600 + 300, the tries 76,200 and 152,400: what they asked for, by the second.
    assert company.cost("model")["risk"] == Decimal("2.343")
    by_class = {
        row["name"]: Decimal(row["allocated"]) for row in company.ask("cost", "--by", "class")
    }
    assert by_class == {
        "work": Decimal("1.581"),
        "waste": Decimal("0.762"),
        "(idle)": Decimal("2.769"),
    }


def test_a_gpu_that_is_held_and_not_used_is_idle(company: Company) -> None:
    last = {"ChargePeriodStart": "2026-05-03T23:00:00Z", "ChargePeriodEnd": "2026-05-04T00:00:00Z"}
    company.bill({"cost": "9.72", **HOUR, **last})  # three GPUs for an hour: 972,000
    company.catalogue(NODES % ("gpu: 3", "ml/trainer-0"))
    of(company, "dcgm")
    company.refresh()
    assert company.cost("model") == {
        "ranker": Decimal("0.0675"),  # half and three quarters of a minute each
        "risk": Decimal("0.0216"),  # 40 % of a minute
        "(idle)": Decimal("9.6309"),
    }


@pytest.mark.parametrize("pack", ["argo", "opencost", "dcgm"])
def test_an_export_that_is_delivered_twice_counts_once(company: Company, pack: str) -> None:
    of(company, pack)
    (file,) = (company.folder / pack).glob("*.json")
    shutil.copy(file, file.with_name("again.json"))
    file.write_text(file.read_text().replace("{", "{ ", 1))  # the same with other bytes
    company.bill({"cost": "1"})
    company.refresh()
    sample = bundled("connectors") / pack / "expected.csv"
    rows = company.ask("query", "select count(*) from attempts")
    assert rows == [{"count_star()": str(len(sample.read_text().splitlines()) - 1)}]
