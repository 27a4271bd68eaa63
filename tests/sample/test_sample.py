"""The sample company tells its story: every figure in its README is what the command says."""

import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage

import duckdb
import pytest
from company import SAMPLE, Company

from costlens.config import load

TEMPLATE = Path(__file__).with_name("README.template.md")
NONE = "–"  # noqa: RUF001 -- the sign that stands for an unknown figure
# What each product is in the sample for: benefit against allocated and avoidable cost.
VERDICTS = {
    "checkout_protection": "clearly worth it",
    "retention_campaign": "clearly worth it",
    "shop_search": "worth it, if the likely case comes true",
    "home_page_picks": "not even its avoidable cost",
    "customer_360": "cost only: no benefit is declared",
}


def dollars(amount: Decimal) -> str:
    return f"{amount:,.0f}"


def share(part: Decimal, whole: Decimal) -> str:
    return f"{100 * part / whole:.0f} %"


class Story:
    """What the command says of the sample company."""

    def __init__(self, company: Company) -> None:
        self.company = company
        self.catalogue = load(company.folder).catalogue

    def one(self, sql: str) -> Decimal:
        ((value,),) = (row.values() for row in self.company.ask("query", sql))
        return Decimal(value)

    def word(self, sql: str) -> str:
        ((value,),) = (row.values() for row in self.company.ask("query", sql))
        return value

    def lines(self, place: str) -> Decimal:
        return self.one(f"select sum(effective) from placements where {place}")

    @cached_property
    def costs(self) -> Mapping[str, Mapping[str, dict[str, str]]]:
        levels = ("feature", "model", "product")
        return {
            level: {row["name"]: row for row in self.company.ask("cost", "--by", level)}
            for level in levels
        }

    def cost(self, level: str, name: str, column: str) -> Decimal:
        return Decimal(self.costs[level][name][column])

    @cached_property
    def stated(self) -> dict[str, dict[str, Decimal]]:
        """Add up the statement, for each source and in all."""
        sums: dict[str, dict[str, Decimal]] = {"": {}}
        for row in self.company.ask("statement"):
            if row["basis"] == "effective":
                for column, value in list(row.items())[4:-2]:  # then whether it is closed
                    for source in ("", row["source"]):
                        into = sums.setdefault(source, {})
                        into[column] = into.get(column, Decimal(0)) + Decimal(value)
        return sums

    @cached_property
    def returns(self) -> Mapping[str, dict[str, str]]:
        return {
            row["name"]: row
            for level in ("product", "model")
            for row in self.company.ask("roi", "--by", level)
        }

    def benefit(self, name: str) -> Decimal:
        return Decimal(self.returns[name]["benefit"] or 0)

    def worth(self, name: str) -> tuple[str, str]:
        row = self.returns[name]
        if not row["benefit"]:
            return NONE, NONE
        return dollars(Decimal(row["benefit"])), f"{100 * Decimal(row['roi']):+.0f} %"

    def rows(self, level: str, figures: Callable[[str], tuple[str, ...]]) -> str:
        names = [name for name in self.costs[level] if not name.startswith("(")]
        return "\n".join(
            "| "
            + " | ".join(
                (
                    f"`{name}`",
                    dollars(self.cost(level, name, "allocated")),
                    dollars(self.cost(level, name, "avoidable")),
                    *figures(name),
                )
            )
            + " |"
            for name in names
        )

    def sizes(self) -> dict[str, str]:
        count = "select count(*) from "
        return {
            "features": str(len(self.catalogue.features)),
            "models": str(len(self.catalogue.models)),
            "products": str(len(self.catalogue.products)),
            "first_month": self.word("select min(billing_period) from charges"),
            "last_month": self.word("select max(billing_period) from charges"),
            "aws_lines": f"{self.one(lines_of_export()):,.0f}",
            "snowflake_lines": str(self.one(count + "charges where source = 'snowflake'")),
            "dags": str(
                self.one("select count(distinct pipeline) from attempts where source = 'airflow'")
            ),
            "dag_runs": str(
                self.one(
                    "select count(distinct (pipeline, run)) from attempts where source = 'airflow'"
                )
            ),
            "tries": f"{self.one(count + 'attempts where source = $$airflow$$'):,.0f}",
            "trainings": str(self.one(count + "attempts where source = 'mlflow'")),
            "versions": str(self.one("select count(distinct (to_node, version)) from links")),
        }

    def money(self) -> dict[str, str]:
        emr, gpu = "owner = 'resource:emr_features'", "owner = 'resource:ray_gpu'"
        unmatched = "outcome = 'unmatched' and "
        plan = self.lines(unmatched + "class = 'commitment_unused'")
        used = self.one(
            "select sum(EffectiveCost) from charges where CommitmentDiscountStatus = 'Used'"
        )
        network = "service in ('Amazon EC2', 'AWS Data Transfer')"
        small = "service in ('Amazon CloudWatch', 'AWS KMS')"
        figures = {
            "aws": self.stated["aws"]["source_total"],
            "snowflake": self.stated["snowflake"]["source_total"],
            "total": self.stated[""]["source_total"],
            "allocated": self.stated[""]["allocated"],
            "waste": self.lines("class = 'waste'"),
            "idle": self.stated[""]["idle"],
            "tax": self.stated[""]["excluded"],
            "unmatched": self.stated[""]["unmatched"],
            "emr_idle": self.lines(f"{emr} and outcome = 'idle'"),
            "gpu_idle": self.lines(f"{gpu} and outcome = 'idle'"),
            "plan_unused": plan,
            "typo": self.lines(unmatched + "service = 'AWS Glue'"),
            "network": self.lines(unmatched + network),
            "small": self.lines(unmatched + small),
            "credits": self.lines(unmatched + "class = 'credit'"),
        }
        parts = ("plan_unused", "typo", "network", "small", "credits")
        assert sum(figures[part] for part in parts) == figures["unmatched"]
        bears = ("allocated", "idle", "tax", "unmatched")
        assert sum(figures[part] for part in bears) == figures["total"]
        return {name: dollars(amount) for name, amount in figures.items()} | {
            "emr_used": share(self.lines(f"{emr} and outcome <> 'idle'"), self.lines(emr)),
            "gpu_used": share(self.lines(f"{gpu} and outcome <> 'idle'"), self.lines(gpu)),
            "plan_used": share(used, used + plan),
        }

    def events(self) -> dict[str, str]:
        refund = "from charges where ChargeClass = 'Correction'"
        worst = """
            select data_start::date as day, count(*) as tries
            from attempts
            where part = 'features.fv_customer_sessions' and state = 'failed'
            group by all order by tries desc limit 1
        """
        typo = "from charges where json_exists(Tags, '$.pipleine')"
        return {
            "typo_day": self.word(f"select min(ChargePeriodStart)::date {typo}"),
            "refund": f"{-self.one(f'select sum(EffectiveCost) {refund}'):,.2f}",
            "refund_month": self.word(f"select billing_period {refund}"),
            "refund_day": self.word(f"select ChargePeriodStart::date {refund}"),
            "failed_tries": str(
                self.one(
                    "select count(*) from attempts where state in ('failed', 'killed') and source = 'airflow'"
                )
                + self.one(
                    "select count(*) from attempts where state in ('failed', 'killed') and resource_id is not null"
                )
            ),
            "failed_day": self.word(f"select day from ({worst})"),
            "failed_shards": str(self.one(f"select tries from ({worst})")),
        }

    def answers(self) -> dict[str, str]:
        same = ("fv_customer_orders_30d", "fv_orders_last_month")
        cheap, dear = sorted(self.cost("feature", name, "avoidable") for name in same)
        readers = "select count(distinct to_node) from graph where from_node = 'feature:fv_customer_sessions' and to_node like 'model:%'"
        offer = "next_best_offer"
        reads = "select sum(quantity) from activity where measure = 'reads' and consumer"
        assert self.one(f"{reads} = 'model:{offer}'") > self.one(
            f"{reads} like 'model:%' and consumer <> 'model:{offer}' and target like 'feature:%'"
        )
        return {
            "tickets_avoidable": dollars(self.cost("feature", "fv_support_tickets", "avoidable")),
            "duplicate_cheap": dollars(cheap),
            "duplicate_dear": dollars(dear),
            "session_models": str(self.one(readers)),
            "offer_shared": dollars(
                self.cost("model", offer, "allocated") - self.cost("model", offer, "avoidable")
            ),
            "offer_allocated": dollars(self.cost("model", offer, "allocated")),
            "offer_avoidable": dollars(self.cost("model", offer, "avoidable")),
            "offer_benefit": dollars(self.benefit(offer)),
            "feature_rows": self.rows("feature", lambda name: ()),
            "model_rows": self.rows("model", self.worth),
            "product_rows": self.rows("product", lambda name: (*self.worth(name), VERDICTS[name])),
        }


def lines_of_export() -> str:
    """Count the lines of the export itself: folded and split ones are rows of their own or none."""
    files = SAMPLE.glob("billing/aws/acme-cur/data/*/*.parquet")
    with duckdb.connect() as con:
        counts = [con.sql(f"select count(*) from '{file}'").fetchall()[0][0] for file in files]
    return f"select {sum(counts)}"


@pytest.fixture(scope="module")
def story(sample: Company) -> Story:
    return Story(sample)


def test_every_figure_of_the_readme_is_what_the_command_says(
    story: Story, golden: Callable[[Path, str], None]
) -> None:
    figures = story.sizes() | story.money() | story.events() | story.answers()
    template = TEMPLATE.read_text(encoding="utf-8")
    golden(SAMPLE / "README.md", template.format(**figures))


def test_the_template_of_the_readme_has_no_figure_of_its_own() -> None:
    text = re.sub(r"`[^`]*`", "", TEMPLATE.read_text(encoding="utf-8"))
    text = text.replace("Usage Report 2.0", "").replace("CC0", "")
    assert re.findall(r"\d+", text) == []


def test_benefits_and_costs_are_what_each_product_is_in_the_sample_for(story: Story) -> None:
    for name, verdict in VERDICTS.items():
        benefit = story.benefit(name)
        allocated, avoidable = (story.cost("product", name, c) for c in ("allocated", "avoidable"))
        if verdict == "clearly worth it":
            assert benefit > 2 * allocated
        elif verdict.startswith("worth it"):
            assert avoidable < allocated < benefit < 2 * allocated
        elif verdict.startswith("not even"):
            assert 0 < benefit < avoidable
        else:
            assert benefit == 0
    offer = story.benefit("next_best_offer")
    assert story.cost("model", "next_best_offer", "avoidable") < offer
    assert offer < story.cost("model", "next_best_offer", "allocated")


def test_only_what_belongs_to_the_story_is_found(story: Story) -> None:
    found = story.company.ask("findings")
    assert {(row["severity"], row["code"]) for row in found} == {
        ("info", "excluded"),
        ("info", "unmatched"),
        ("info", "unused_commitment"),
    }


def test_nothing_of_the_sample_is_wrong(sample: Company) -> None:
    ran = sample.run("check")
    assert ran.code == 0
    assert [line[:5] for line in ran.err.splitlines()] == ["info:", "    i"]  # the mistyped tag
    assert "the tag pipleine=shop_features" in ran.err
    assert ran.out.endswith("no errors\n")


def test_one_rule_mends_the_mistyped_tag(sample: Company, tmp_path: Path) -> None:
    mended = Company(folder=Path(shutil.copytree(sample.folder, tmp_path / "acme")))
    path = mended.folder / "catalog" / "platform.yaml"
    text = path.read_text(encoding="utf-8")
    rule = "{tags: {pipeline: shop_features}}"
    assert rule in text
    path.write_text(text.replace(rule, f"{rule}, {{tags: {{pipleine: shop_features}}}}"))
    mended.refresh()
    was = sample.cost()["(unmatched)"]
    lost = Story(sample).lines("outcome = 'unmatched' and service = 'AWS Glue'")
    assert lost > 0
    assert mended.cost()["(unmatched)"] == was - lost


MADE = ("billing", "meta")


def files(folder: Path) -> list[Path]:
    return sorted(path for part in MADE for path in (folder / part).rglob("*") if path.is_file())


def content(folder: Path) -> dict[str, object]:
    """Read all that was made: headers of its files may name the library that wrote them."""
    found: dict[str, object] = {}
    for path in files(folder):
        name = str(path.relative_to(folder))
        if path.suffix == ".parquet":
            with duckdb.connect() as con:
                rows = con.sql(f"from '{path}'")
                found[name] = (list(rows.types), rows.fetchall())
        elif path.suffix == ".db":
            with sqlite3.connect(path) as db:
                found[name] = list(db.iterdump())
        else:
            found[name] = path.read_text(encoding="utf-8")
    return found


@pytest.mark.slow
def test_making_the_sample_again_gives_the_same_rows(tmp_path: Path) -> None:
    shutil.copy(SAMPLE / "make_sample.py", tmp_path)
    shutil.copytree(SAMPLE / "making", tmp_path / "making")
    subprocess.run([sys.executable, "make_sample.py"], cwd=tmp_path, check=True)
    made, kept = content(tmp_path), content(SAMPLE)
    assert made.keys() == kept.keys()
    for name, rows in kept.items():
        assert made[name] == rows, f"{name}: run sample_data/make_sample.py"


def test_the_sample_stays_small() -> None:
    assert sum(path.stat().st_size for path in files(SAMPLE)) < 4_000_000


def test_the_first_answer_takes_less_than_a_second_of_a_processor(sample: Company) -> None:
    """From a new process to the printed table: what others on the machine do does not count."""
    before = getrusage(RUSAGE_CHILDREN)
    command = [sys.executable, "-c", "from costlens.cli import main; main()", "cost"]
    done = subprocess.run(
        [*command, "--config", str(sample.folder)], capture_output=True, text=True, check=True
    )
    after = getrusage(RUSAGE_CHILDREN)
    took = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    assert done.stdout.startswith("name ")
    assert 0 < took < 1
