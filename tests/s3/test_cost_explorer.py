"""The bills of AWS are held against Cost Explorer, over HTTP: what agrees, differs, breaks, costs."""

import configparser
import csv
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from aws_report import line, write_csv
from company import Company, Ran, costlens
from object_store import KEY, SECRET, Store, month, require_rights

from costlens.questions import against as against_provider

ACCOUNTS = ("022233334444", "055566667777")
JUNE = {
    "bill_billing_period_start_date": "2026-06-01 00:00:00",
    "usage_start_date": "2026-06-04 05:00:00",
    "usage_end_date": "2026-06-04 06:00:00",
}
PLAN = {"savings_plan_savings_plan_arn": "arn:aws:savingsplans::011122223333:savingsplan/p"}
S3 = {"product_code": "AmazonS3"}
MODEL = {"product_code": "1hx9bs2exo9tl9zwtm1pkcxyv", "product": {"product_name": "Claude"}}
OF = {"usage_account_id": ACCOUNTS[1]}

Group = tuple[str, str, str, str]  # account, service, the two amounts


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Company:
    """Publish two months of a cost and usage report beside another provider's bill."""
    company = Company(folder=tmp_path_factory.mktemp("books"))
    write_csv(
        company.folder / "cur" / "may.csv",
        [
            line("Usage", "1.2"),
            line("Usage", "0.3", usage_type="EBS:VolumeUsage"),
            line("Usage", "5.0000000001", **S3),
            line("Usage", "7", **S3, **OF),
            line("Tax", "0.9", **S3, **OF),
            line(
                "SavingsPlanCoveredUsage", "3", savings_plan_savings_plan_effective_cost="2", **PLAN
            ),
            line("SavingsPlanNegation", "-3", **PLAN),
            line(
                "SavingsPlanRecurringFee",
                "2.5",
                product_code="ComputeSavingsPlans",
                savings_plan_total_commitment_to_date="2.5",
                savings_plan_used_commitment="2",
                **PLAN,
            ),
            line("Usage", "4", **MODEL),
        ],
    )
    write_csv(company.folder / "cur" / "june.csv", [line("Usage", "8", **S3, **JUNE)])
    company.source(name="aws", type="aws_cur", path="cur/")
    company.bill({"cost": "99", "ProviderName": "Snowflake"}, name="saas")
    company.refresh()
    return company


MAY: list[Group] = [
    (ACCOUNTS[0], "Amazon Elastic Compute Cloud - Compute", "1.2", "3.2"),
    (ACCOUNTS[0], "EC2 - Other", "0.3", "0.3"),
    (ACCOUNTS[0], "Amazon Simple Storage Service", "5.0000000001", "5.0000000001"),
    (ACCOUNTS[0], "Savings Plans for AWS Compute usage", "2.5", "0.5"),
    (ACCOUNTS[0], "Claude 3 Sonnet (Amazon Bedrock Edition)", "4", "4"),
    (ACCOUNTS[1], "Amazon Simple Storage Service", "7", "7"),
    (ACCOUNTS[1], "Tax", "0.9", "0.9"),
]
JUNES: list[Group] = [(ACCOUNTS[0], "Amazon Simple Storage Service", "8", "8")]


def said(
    groups: Iterable[Group],
    start: str = "2026-05",
    *,
    net: bool = False,
    estimated: bool = False,
    unit: str = "USD",
) -> dict[str, Any]:
    """Say what services cost accounts in a month, as Cost Explorer does."""
    names = ("NetUnblendedCost", "NetAmortizedCost") if net else ("UnblendedCost", "AmortizedCost")
    return {
        "TimePeriod": {"Start": f"{start}-01", "End": f"{start[:5]}{int(start[5:]) + 1:02}-01"},
        "Total": {},
        "Estimated": estimated,
        "Groups": [
            {
                "Keys": [account, service],
                "Metrics": {
                    name: {"Amount": amount, "Unit": unit}
                    for name, amount in zip(names, amounts, strict=True)
                },
            }
            for account, service, *amounts in groups
        ],
    }


def page(*results: dict[str, Any], token: str = "") -> dict[str, Any]:
    return {
        "ResultsByTime": list(results),
        "DimensionValueAttributes": [],
        **({"NextPageToken": token} if token else {}),
    }


def against(company: Company, store: Store, *words: str) -> Ran:
    ran = company.run(
        "check", "--against", "cost-explorer", "--endpoint", store.url, *words, "--format", "csv"
    )
    for secret in (KEY, SECRET):
        assert secret not in ran.out + ran.err
    return ran


def shown(ran: Ran) -> list[tuple[str, ...]]:
    columns = ("month", "account", "service", "basis", "ours", "theirs", "difference", "state")
    return [tuple(row[column] for column in columns) for row in ran.rows]


def test_bills_that_agree_are_counted_and_the_exit_is_0(books: Company, store: Store) -> None:
    store.answer(page(said(MAY), said(JUNES, "2026-06", estimated=True)))
    ran = against(books, store)
    assert (ran.code, ran.rows) == (0, [])
    assert ran.err == (
        "rows that agree within 0.01: 14; requests to Cost Explorer: 1, 0.01 USD\n"
        "info: Cost Explorer calls 2026-06 estimated\n"
        "warning: compared as one, by account, since no names pair: "
        "in the bill: Claude; in Cost Explorer: Claude 3 Sonnet (Amazon Bedrock Edition)\n"
        "    they are the service (other names) above; --all shows it where it agrees\n"
    )
    assert store.posted == [
        {
            "TimePeriod": {"Start": "2026-05-01", "End": "2026-07-01"},
            "Granularity": "MONTHLY",
            "Metrics": ["UnblendedCost", "AmortizedCost"],
            "GroupBy": [
                {"Type": "DIMENSION", "Key": "LINKED_ACCOUNT"},
                {"Type": "DIMENSION", "Key": "SERVICE"},
            ],
        }
    ]


def test_all_rows_are_listed_when_asked_for_in_every_format(
    books: Company, store: Store, tmp_path: Path
) -> None:
    store.answer(page(said(MAY), said(JUNES, "2026-06", estimated=True)))
    ran = against(books, store, "--all")
    assert ran.code == 0
    first, *_, last = ran.rows
    assert shown(ran)[0] == (
        *("2026-05", ACCOUNTS[0], "(other names)", "billed", "4", "4", "0", "equal"),
    )
    assert first["names"] == (
        "in the bill: Claude; in Cost Explorer: Claude 3 Sonnet (Amazon Bedrock Edition)"
    )
    assert (first["estimated"], last["estimated"], last["names"]) == ("False", "True", "")
    listed = {row[:5] for row in shown(ran)}
    assert ("2026-05", ACCOUNTS[0], "Amazon EC2", "effective", "3.5") in listed
    assert ("2026-05", ACCOUNTS[0], "AWS Savings Plans", "effective", "0.5") in listed
    assert ("2026-05", ACCOUNTS[1], "Tax", "billed", "0.9") in listed
    store.answer(page(said(MAY), said(JUNES, "2026-06", estimated=True)))
    out = tmp_path / "all.parquet"
    words = ("check", "--against", "cost-explorer", "--endpoint", store.url)
    assert books.run(*words, "--all", "-o", str(out), "--format", "parquet").code == 0
    assert out.stat().st_size > 0
    ran = books.run(*words, "--all", "--format", "json")
    assert json.loads(ran.out)[0]["service"] == "(other names)"


def test_what_differs_is_listed_with_the_difference_and_the_exit_is_1(
    books: Company, store: Store
) -> None:
    changed: list[Group] = [
        (ACCOUNTS[0], "Amazon Elastic Compute Cloud - Compute", "1.19", "3.1899999999"),
        *MAY[1:5],
        ("099900001111", "AWS Glue", "1.5", "1.5"),
    ]
    store.answer(page(said(changed, estimated=True), said(JUNES, "2026-06")))
    ran = against(books, store)
    assert ran.code == 1
    assert shown(ran) == [
        *(("2026-05", ACCOUNTS[0], "Amazon EC2", "effective", "3.5", "3.4899999999", "0.0100000001", "differs"),),
        *(("2026-05", ACCOUNTS[1], "Amazon S3", basis, "7", "", "7", "only in the bill") for basis in ("billed", "effective")),
        *(("2026-05", ACCOUNTS[1], "Tax", basis, "0.9", "", "0.9", "only in the bill") for basis in ("billed", "effective")),
        *(("2026-05", "099900001111", "(other names)", basis, "", "1.5", "-1.5", "only in Cost Explorer") for basis in ("billed", "effective")),
    ]  # fmt: skip
    assert {row["estimated"] for row in ran.rows} == {"True"}
    assert ran.err.startswith("rows that agree within 0.01: 9; ")
    assert "\ncostlens: --against cost-explorer: 7 rows differ\n    what Cost" in ran.err
    store.answer(page(said(changed, estimated=True), said(JUNES, "2026-06")))
    assert against(books, store, "--tolerance", "0.02").err.startswith(
        "rows that agree within 0.02: 10;"
    )
    assert against(books, store, "--tolerance", "0").err.startswith("rows that agree within 0: 8;")


def test_pages_are_asked_for_until_there_are_no_more(books: Company, store: Store) -> None:
    store.answer(
        page(said(MAY[:3]), token="second"),
        page(said(MAY[3:]), token="third"),
        page(said(JUNES, "2026-06")),
    )
    ran = against(books, store)
    assert (ran.code, ran.rows) == (0, []), ran.out
    assert "requests to Cost Explorer: 3, 0.03 USD" in ran.err
    assert [body.get("NextPageToken") for body in store.posted] == [None, "second", "third"]


def test_a_token_that_comes_again_ends_it(books: Company, store: Store) -> None:
    store.answer(*(page(said(MAY), token="same") for _ in range(2)))
    ran = against(books, store)
    assert ran.code == 1
    assert ran.err.startswith("costlens: costlens.yaml:4: Cost Explorer lost its place between two")
    assert len(store.posted) == 2


def test_only_the_months_named_are_asked_for(books: Company, store: Store) -> None:
    store.answer(page(said(JUNES, "2026-06")))
    ran = against(books, store, "--month", "2026-06")
    assert (ran.code, ran.rows) == (0, [])
    assert store.posted[0]["TimePeriod"] == {"Start": "2026-06-01", "End": "2026-07-01"}
    ran = against(books, store, "--month", "2027-01")
    assert ran.code == 1
    assert "build 1 holds no bill of AWS in these months" in ran.err


def test_currencies_are_never_held_against_each_other(books: Company, store: Store) -> None:
    store.answer(page(said(JUNES, "2026-06", unit="CNY")))
    ran = against(books, store, "--month", "2026-06")
    assert ran.code == 1
    assert [(row["currency"], row["difference"]) for row in ran.rows] == [
        *(("CNY", "-8"), ("USD", "8")),
        *(("CNY", "-8"), ("USD", "8")),
    ]


def test_cost_before_and_after_private_discounts_is_asked_for_as_the_bill_has_it(
    tmp_path: Path, store: Store
) -> None:
    company = Company(folder=tmp_path / "net")
    company.folder.mkdir()
    lines = [line("Usage", "10", net_unblended_cost="9", **S3), line("EdpDiscount", "-1", **S3)]
    write_csv(company.folder / "may.csv", lines)
    company.source(name="aws", type="aws_cur", path="may.csv")
    focus = {"ProviderName": "Amazon Web Services", "ServiceName": "AmazonSNS"}
    company.bill({"cost": "2", "SubAccountId": "2", **focus}, {"cost": "1"}, name="focus")
    company.refresh()
    account = str(lines[0]["line_item_usage_account_id"])
    groups: list[Group] = [
        (account, "Amazon Simple Storage Service", "9", "9"),
        ("2", "Amazon Simple Notification Service", "2", "2"),
    ]
    store.answer(page(said(groups, net=True)))
    ran = against(company, store)
    assert (ran.code, ran.out.count("\n"), len(store.posted)) == (0, 1, 1), ran.out
    assert store.posted[0]["Metrics"] == ["NetUnblendedCost", "NetAmortizedCost"]
    store.answer(page(said([(account, "Amazon S3", "10", "10"), *groups[1:]])))
    ran = against(company, store, "--no-net")
    assert store.posted[1]["Metrics"] == ["UnblendedCost", "AmortizedCost"]
    assert (ran.code, [row["difference"] for row in ran.rows]) == (1, ["-1", "-1"])


def test_a_refusal_is_told_in_our_words_alone(
    books: Company, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    for code, told in (
        (
            "AccessDeniedException",
            "access denied to ask Cost Explorer\n    allow ce:GetCostAndUsage",
        ),
        ("UnrecognizedClientException", "AWS does not know the access key\n    log in again"),
        ("InvalidSignatureException", "the secret key is not that of the access key\n"),
        ("ExpiredTokenException", "the AWS credentials have expired\n"),
        ("DataUnavailableException", "Cost Explorer has no data yet\n"),
        ("ValidationException", "Cost Explorer does not take the question\n    it keeps 14 months"),
        ("LimitExceededException", "Cost Explorer asks to slow down\n"),
        ("TeapotException", "Cost Explorer refuses: TeapotException\n"),
    ):
        store.refusals.append((400, code))
        ran = against(books, store)
        assert (ran.code, ran.out) == (1, "")
        assert ran.err.startswith(f"costlens: costlens.yaml:4: {told}"), ran.err


def test_requests_are_repeated_and_counted(
    books: Company, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "3")
    store.refusals += [(400, "LimitExceededException"), (500, "InternalFailure")]
    store.answer(page(said(JUNES, "2026-06")))
    ran = against(books, store, "--month", "2026-06")
    assert ran.code == 0, ran.err
    assert ran.err == ("rows that agree within 0.01: 2; requests to Cost Explorer: 3, 0.03 USD\n")


def test_no_rights_to_ask(books: Company, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    _, secret = require_rights(store, monkeypatch, allow=[])
    ran = against(books, store)
    assert ran.code == 1
    assert "access denied to ask Cost Explorer" in ran.err
    assert secret not in ran.err


def test_no_credentials_no_profile_no_network(
    books: Company, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = against(books, store, "--profile", "finance")
    assert 'costlens.yaml:4: there is no AWS profile "finance"\n' in ran.err
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    store.url = "http://127.0.0.1:9"
    assert "cannot reach http://127.0.0.1:9 to read Cost Explorer\n" in against(books, store).err
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    ran = against(books, store)
    assert (ran.code, store.posted) == (1, [])
    assert "no AWS credentials to read Cost Explorer with\n" in ran.err


def test_access_is_that_of_the_source_but_for_the_endpoint_of_its_store(
    company: Company, store: Store, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    store.put("bills/may.csv", month(5, "1"))
    rights = ["s3:ListBucket", "s3:GetObject", "ce:GetCostAndUsage", "sts:AssumeRole"]
    role = store.role(rights)
    key, secret = require_rights(store, monkeypatch, allow=["sts:AssumeRole"])
    profiles = configparser.ConfigParser()
    profiles["finance"] = {"aws_access_key_id": key, "aws_secret_access_key": secret}
    with (tmp_path / "profiles").open("w") as file:
        profiles.write(file)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "profiles"))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)  # nobody's
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", store.direct)
    access = {"endpoint": store.url, "profile": "finance", "role_arn": role}
    company.source(name="bill", type="focus", path="s3://acme/bills", s3=access)
    company.refresh()
    store.url, there = "http://127.0.0.1:9", store.url  # no Cost Explorer is where the store is
    monkeypatch.setenv("AWS_ENDPOINT_URL_COST_EXPLORER", there)
    store.answer(page(said([("1", "Amazon Elastic Compute Cloud - Compute", "1", "1")], net=True)))
    ran = company.run("check", "--against", "cost-explorer", "--all", "--format", "csv")
    assert ran.code == 0, ran.err
    assert {row["difference"] for row in ran.rows} == {"0"}
    ran = company.run("check", "--against", "cost-explorer", "--profile", "none")
    assert 'there is no AWS profile "none"' in ran.err


def test_every_cost_explorer_is_asked_by_its_own_access(
    company: Company, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_COST_EXPLORER", store.url)
    for number, name in enumerate(("one", "two"), start=5):
        store.put(
            f"{name}/bill.csv", month(number, "1").replace(b",USD,1,", f",USD,{number},".encode())
        )
        access = {"endpoint": store.url, "region": f"eu-west-{number - 4}"}
        company.source(name=name, type="focus", path=f"s3://acme/{name}", s3=access)
    company.refresh()
    for number in (5, 6):  # each of them knows of nothing else
        groups = [(str(number), "EC2 - Other", "1", "1")]
        store.answer(page(said(groups, f"2026-0{number}", net=True)))
    ran = company.run("check", "--against", "cost-explorer", "--format", "csv")
    assert (ran.code, ran.rows) == (0, []), ran.out + ran.err
    assert [body["TimePeriod"]["Start"] for body in store.posted] == ["2026-05-01", "2026-06-01"]
    store.refusals += [(400, "AccessDeniedException")] * 2
    ran = company.run("check", "--against", "cost-explorer")
    assert ran.err.count("access denied to ask Cost Explorer") == 2


def test_without_a_bill_of_aws_there_is_nothing_to_ask(company: Company, store: Store) -> None:
    ran = against(company, store)
    assert ran.code == 1
    company.bill({"cost": "1"})
    ran = against(company, store)
    assert "nothing is built yet" in ran.err
    company.refresh()
    ran = against(company, store)
    assert (ran.code, ran.out, store.posted) == (1, "", [])
    assert ran.err == (
        "costlens: --against cost-explorer: build 1 holds no bill of AWS\n"
        "    they come from sources of type aws_cur, and of type focus where ProviderName is AWS; "
        "costlens sources lists what there is\n"
    )


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--profile", "x"], "--profile goes with --against cost-explorer"),
        (["--no-net"], "--net goes with --against cost-explorer"),
        (["--all"], "--all goes with --against cost-explorer"),
        (["--format", "csv"], "--format and --out go with --against cost-explorer"),
        (["--against", "cost-explorer", "--tolerance", "-1"], '"-1" is no amount: write 0.01'),
        (["--against", "cost-explorer", "--tolerance", "nan"], '"nan" is no amount: write 0.01'),
        (["--against", "cost-explorer", "--endpoint", f"https://{KEY}:{SECRET}@h"], "no URL of a"),
    ],
)
def test_words_that_cannot_be(books: Company, words: list[str], told: str) -> None:
    ran = books.run("check", *words)
    assert ran.code == 2
    assert told in ran.err
    assert SECRET not in ran.err


def test_the_help_says_what_it_costs() -> None:
    assert "0.01 USD for every request" in " ".join(costlens("check", "--help").out.split())


def test_a_name_of_a_service_stands_for_one_service() -> None:
    file = Path(against_provider.__file__).with_name("cost_explorer_services.csv")
    rows = list(csv.DictReader(file.open(encoding="utf-8")))
    folded = ["".join(c for c in row["called"].lower() if c.isalnum()) for row in rows]
    assert len(set(folded)) == len(folded) > 40
    assert {row["service"] for row in rows} <= {row["called"] for row in rows}
