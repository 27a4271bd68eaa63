"""Under which names the services, tags and models of an AWS report land, in every form of it."""

import json
import re
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from aws_report import charges, line, rows_of, write_csv, write_parquet
from company import Company, write


@pytest.mark.parametrize(
    "tags",
    [
        {"resource_tags": {"user_team": "risk", "aws_created_by": "me"}},
        {"tags": {"resourceTags/user:team": "risk", "resourceTags/aws:createdBy": "me"}},
        {"resourceTags/user:team": "risk", "resourceTags/aws:createdBy": "me"},
        {"resource_tags_user_team": "risk", "resource_tags_aws_created_by": "me"},
    ],
    ids=["2.0", "2.0, all tags", "legacy CSV", "legacy Parquet"],
)
def test_tags_have_one_name_in_every_form_of_the_report(
    company: Company, tags: dict[str, object]
) -> None:
    write_csv(company.folder / "cur.csv", [{**line("Usage", "2"), **tags}, line("Usage", "1")])
    company.source(name="bill", type="aws_cur", path="cur.csv")
    company.catalogue("models: [{name: m, billed_by: [{tags: {team: risk}}]}]\n")
    company.refresh()
    assert company.cost("model")["m"] == Decimal(2)
    tagged = json.loads(charges(company, "Tags")[0]["Tags"])
    assert tagged == {"team": "risk", "aws:createdBy": "me"}


def test_parts_with_other_tag_columns_are_one_bill(tmp_path: Path) -> None:
    parts = [
        {"resourceTags/user:team": "risk", "resourceTags/user:env": "prod"},
        {},
        {"resourceTags/user:env": "test", "resourceTags/aws:createdBy": "me"},
        {"resource_tags_user_team": "fraud", "cost_category_unit": "ML"},
    ]
    paths = [
        write_csv(
            tmp_path / f"{number}.csv",
            [{**line("Usage", "1"), **tags}, line("Usage", "2"), {**line("Usage", "4"), **tags}],
        )
        for number, tags in enumerate(parts)
    ]
    made = [row["Tags"] and json.loads(row["Tags"]) for row in rows_of(*paths)]
    wanted: list[dict[str, str] | None] = [
        {"team": "risk", "env": "prod"},
        None,
        {"env": "test", "aws:createdBy": "me"},
        {"team": "fraud", "cost_category:unit": "ML"},
    ]
    assert made == [tags for one in wanted for tags in (one, None, one)]


NOTHINGS = ["", "NULL", "null", "(null)", "None", "NaN", "nan"]


@pytest.mark.parametrize(("least", "greatest"), [("a", "b"), ("A", "z"), ("NULLS", "named")])
@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_what_spells_nothing_is_nothing_wherever_it_stands(
    tmp_path: Path, form: str, least: str, greatest: str
) -> None:
    write = write_csv if form == "csv" else write_parquet
    # Text is staged in pieces of 30,720 lines: what is in the second one is seen, too.
    many = 31_000 if form == "csv" else 3
    lines = [line("Usage", "1", resource_id=least, usage_type=greatest)] * many
    lines += [line("Usage", "1", resource_id=text, usage_type=least) for text in NOTHINGS]
    rows = rows_of(write(tmp_path / f"cur.{form}", lines))
    assert [row["ResourceId"] for row in rows] == [least] * many + [None] * len(NOTHINGS)
    assert [row["x_usage_type"] for row in rows] == [greatest] * many + [least] * len(NOTHINGS)


@pytest.mark.parametrize("nothing", ["'nan'::double", "'nan'::float", "''::blob", "null::integer"])
def test_columns_of_parquet_that_hold_nothing_may_have_any_type(
    tmp_path: Path, nothing: str
) -> None:
    kinds = [("Usage", "1"), ("Fee", "100"), ("Refund", "-3"), ("Usage", "0"), ("Tax", "2")]
    plain = write_parquet(tmp_path / "plain.parquet", [line(kind, cost) for kind, cost in kinds])
    columns = [
        "line_item_operation",
        "line_item_resource_id",
        "line_item_line_item_description",
        "line_item_tax_type",
        "product_region_code",
        "reservation_reservation_a_r_n",
        "savings_plan_savings_plan_a_r_n",
        "split_line_item_parent_resource_id",
    ]
    filled = tmp_path / "filled.parquet"
    with duckdb.connect() as con:
        made = ", ".join(f"{nothing} as {column}" for column in columns)
        con.execute(f"copy (select *, {made} from '{plain}') to '{filled}' (format parquet)")
    assert rows_of(filled) == rows_of(plain)


def test_of_a_tags_key_the_first_prefix_goes_and_no_other(tmp_path: Path) -> None:
    both = {"user_team": "a", "user:env": 'b,"user_x', "user_user:y": "c", "aws_z": "d"}
    path = write_parquet(
        tmp_path / "cur.parquet",
        [
            line("Usage", "1", resource_tags=both),
            line("Usage", "1", resource_tags={"user:user:a": "1", "user:user_b": "2"}),
            line("Usage", "1", resource_tags={"user_user_a": "1", "aws_aws_b": '{"user_'}),
            line("Usage", "1", resource_tags={"superuser_a": "1", "user": "2"}),
        ],
    )
    assert [json.loads(row["Tags"]) for row in rows_of(path)] == [
        {"team": "a", "env": 'b,"user_x', "user:y": "c", "aws:z": "d"},
        {"user:a": "1", "user_b": "2"},
        {"user_a": "1", "aws:aws_b": '{"user_'},
        {"superuser_a": "1", "user": "2"},
    ]


SET_BY_AWS = {
    "aws:createdBy": "me",
    "aws:eks:cluster-name": "ml",
    "aws:ecs:clusterName": "ml",
    "aws:batch:compute-environment": "spot",
    "aws:elasticmapreduce:job-flow-id": "j-1",
    "aws:elasticmapreduce:instance-group-role": "CORE",
    "aws:autoscaling:groupName": "workers",
    "aws:cloudformation:stack-name": 'a,{"aws_eks_b_c":1',
    "aws:other_thing": "x",
}


def test_tags_that_aws_sets_have_their_own_spelling_where_the_report_has_them_flat(
    tmp_path: Path,
) -> None:
    flat = {
        re.sub("[^a-z0-9]+", "_", re.sub("(?=[A-Z])", "_", key).lower()): value
        for key, value in SET_BY_AWS.items()
    }
    (row,) = rows_of(
        write_parquet(tmp_path / "2.parquet", [line("Usage", "1", resource_tags=flat)])
    )
    assert json.loads(row["Tags"]) == SET_BY_AWS


def test_tags_that_are_one_in_flat_forms_of_the_report_are_told(company: Company) -> None:
    tags = {
        "resourceTags/user:Cost Center": "a",
        "resourceTags/user:cost_center": "b",
        "resourceTags/user:CostCenter": "c",
        "resourceTags/user:Team": "d",
        "resourceTags/user:team": "d",  # rules fold case
    }
    for number in (1, 2):
        write_csv(
            company.folder / f"cur/acme-0000{number}.csv",
            [{**line("Usage", "1"), **tags}, line("Usage", str(number))],
        )
    company.source(name="bill", type="aws_cur", path="cur/")
    told = (
        "warning: cur/acme-00001.csv: the tags user:Cost Center, user:cost_center, "
        "user:CostCenter are one tag in flat forms of this file, as in Parquet\n"
        "    a rule finds the spelling that it names: name each of them, or use one"
    )
    err = company.refresh().err
    assert told in err, err
    assert err.count("are one tag in flat forms") == 1


def test_the_column_of_all_tags_tells_whose_they_are(company: Company) -> None:
    tags = {
        "resourceTags/department": "A",
        "resourceTags/appName": "shop",
        "userAttribute/Department": "B",
        "accountTag/department": "C",
        "costCategory/department": "D",
    }
    (row,) = rows_of(write_parquet(company.folder / "cur.parquet", [line("Usage", "1", tags=tags)]))
    assert json.loads(row["Tags"]) == {
        "department": "A",
        "appName": "shop",
        "userAttribute/Department": "B",
        "accountTag/department": "C",
        "cost_category:department": "D",
    }


# A line's product code, the long name of its product, and what people say.
SERVICES = [
    ("AmazonEC2", "Amazon Elastic Compute Cloud", "Amazon EC2"),
    ("AmazonS3", "Amazon Simple Storage Service", "Amazon S3"),
    ("AmazonKinesis", "Amazon Kinesis", "Amazon Kinesis"),
    ("AmazonKinesisFirehose", "Amazon Kinesis Firehose", "Amazon Data Firehose"),
    (
        "AmazonKinesisAnalytics",
        "Amazon Kinesis Analytics",
        "Amazon Managed Service for Apache Flink",
    ),
    ("AmazonMSK", "Amazon Managed Streaming for Apache Kafka", "Amazon MSK"),
    ("ElasticMapReduce", "Amazon Elastic MapReduce", "Amazon EMR"),
    ("AWSGlue", "AWS Glue", "AWS Glue"),
    ("AmazonAthena", "Amazon Athena", "Amazon Athena"),
    ("AmazonRedshift", "Amazon Redshift", "Amazon Redshift"),
    ("AmazonMWAA", "Amazon Managed Workflows for Apache Airflow", "Amazon MWAA"),
    ("AmazonStates", "AWS Step Functions", "AWS Step Functions"),
    ("AmazonSageMaker", "Amazon SageMaker", "Amazon SageMaker"),
    ("AmazonBedrock", "Amazon Bedrock", "Amazon Bedrock"),
    ("4zvdbsd3y3dl", "Claude 3 Haiku (Amazon Bedrock Edition)", "Amazon Bedrock"),
    ("AmazonEKS", "Amazon Elastic Container Service for Kubernetes", "Amazon EKS"),
    ("AmazonECR", "Amazon EC2 Container Registry (ECR)", "Amazon ECR"),
    ("AmazonES", "Amazon OpenSearch Service", "Amazon OpenSearch Service"),
    ("AmazonCloudWatch", "AmazonCloudWatch", "Amazon CloudWatch"),
    ("AmazonFSx", "Amazon FSx", "Amazon FSx"),
    ("AWSQueueService", "Amazon Simple Queue Service", "Amazon SQS"),
    ("AmazonMachineThing", "", "Amazon MachineThing"),  # what is not in the list
    ("8ut2xyz", "Labeling Tool", "Labeling Tool"),
]
FOCUS = {
    "BilledCost": "1",
    "BillingCurrency": "USD",
    "BillingPeriodStart": "2026-05-01",
    "ChargePeriodStart": "2026-05-04",
    "ChargeCategory": "Usage",
    "ProviderName": "AWS",
}
NAMES = [name for _, _, name in SERVICES]


def test_services_have_the_names_that_people_use_in_every_form_of_the_bill(tmp_path: Path) -> None:
    def services(path: Path, type: str = "aws_cur") -> list[str]:
        return [row["ServiceName"] for row in rows_of(path, type=type)]

    legacy = [
        {**line("Usage", "1", product_code=code), "product/ProductName": title}
        for code, title, _ in SERVICES
    ]
    assert services(write_csv(tmp_path / "legacy.csv", legacy)) == NAMES
    new = [
        line("Usage", "1", product_code=code, product={"product_name": title})
        for code, title, _ in SERVICES
    ]
    assert services(write_parquet(tmp_path / "2.parquet", new)) == NAMES
    focus = [{**FOCUS, "x_ServiceCode": code, "ServiceName": title} for code, title, _ in SERVICES]
    write(tmp_path / "focus.csv", focus)
    assert services(tmp_path / "focus.csv", "focus") == NAMES
    # Without codes, and with codes in place of names, as tools write them.
    write(tmp_path / "long.csv", [{**FOCUS, "ServiceName": title} for _, title, _ in SERVICES[:20]])
    assert services(tmp_path / "long.csv", "focus") == NAMES[:20]
    write(tmp_path / "codes.csv", [{**FOCUS, "ServiceName": code} for code, _, _ in SERVICES[:14]])
    assert services(tmp_path / "codes.csv", "focus") == NAMES[:14]


def test_services_of_others_keep_the_names_of_their_bill(tmp_path: Path) -> None:
    lines = [
        {**FOCUS, "ProviderName": "Microsoft", "ServiceName": "AWSGlue"},
        {**FOCUS, "ProviderName": "Amazon Web Services", "ServiceName": "AWSGlue"},
    ]
    write(tmp_path / "focus.csv", lines)
    rows = rows_of(tmp_path / "focus.csv", type="focus")
    assert [row["ServiceName"] for row in rows] == ["AWSGlue", "AWS Glue"]


# A line's usage type, the long name of its product; the model, the meter, and what FOCUS adds to it.
EDITION = "Claude 3 Haiku (Amazon Bedrock Edition)"
INPUT = {"TokenDirection": "Input", "TokenCacheAction": "Uncached"}
READ = {"TokenDirection": "Input", "TokenCacheAction": "Read"}
WRITE = {"TokenDirection": "Input", "TokenCacheAction": "Write"}
OUTPUT = {"TokenDirection": "Output"}
TOKENS = [
    ("USE1-NovaPro-input-tokens", "", "NovaPro", "Input Tokens", INPUT),
    ("USE1-Claude4.6Sonnet-output-tokens-cross-region-global", "", "Claude4.6Sonnet", "Output Tokens", OUTPUT),
    ("EU-Nova2.0Lite-input-tokens-flex", "", "Nova2.0Lite", "Input Tokens", INPUT),
    ("USE1-NovaPro-cache-read-input-token-count", "", "NovaPro", "Cache Read Input Tokens", READ),
    ("APN1-NovaPro-cache-write-input-token-count-custom-model", "", "NovaPro", "Cache Write Input Tokens", WRITE),
    ("USW2-openai.gpt-oss-120b-mantle-input-tokens-standard", "", "openai.gpt-oss-120b", "Input Tokens", INPUT),
    ("USE1-xai.grok-4.3-mantle-cache-read-tokens-flex", "", "xai.grok-4.3", "Cache Read Input Tokens", READ),
    ("gpt-oss-20b-output-tokens-batch", "", "gpt-oss-20b", "Output Tokens", OUTPUT),
    ("USW2-MP:USW2_InputTokenCount-Units", EDITION, "Claude 3 Haiku", "Input Tokens", INPUT),
    ("USW2-MP:USW2_OutputTokenCount_Global-Units", EDITION, "Claude 3 Haiku", "Output Tokens", OUTPUT),
    ("USE1-MP:USE1_CacheWriteInputTokenCount-Units", EDITION, "Claude 3 Haiku", "Cache Write Input Tokens", WRITE),
    ("USE1-MP:USE1_cache_read_tokens_standard-Units", EDITION, "Claude 3 Haiku", "Cache Read Input Tokens", READ),
    ("USE1-MP:USE1_output_tokens_standard-Units", EDITION, "Claude 3 Haiku", "Output Tokens", OUTPUT),
    ("USE1-MP:USE1_Reserved_1Month_InputTPM-Units", EDITION, "Claude 3 Haiku", None, {}),
    ("USE1-Guardrail-ContentPolicyUnitsConsumed", "", None, None, None),
]  # fmt: skip


def test_lines_of_bedrock_tell_their_model_and_which_tokens_they_meter(tmp_path: Path) -> None:
    def told(path: Path, type: str = "aws_cur") -> list[tuple[object, ...]]:
        rows = rows_of(path, type=type)
        assert {row["ServiceName"] for row in rows} == {"Amazon Bedrock"}
        details = [json.loads(row["SkuPriceDetails"] or "null") for row in rows]
        return [(row["SkuMeter"], one) for row, one in zip(rows, details, strict=True)]

    expected = [
        (meter, None if more is None else {"ModelId": model, **more})
        for _, _, model, meter, more in TOKENS
    ]
    lines = [
        line(
            "Usage",
            "1",
            product_code="4zvdbsd3y3dl" if title else "AmazonBedrock",
            usage_type=usage,
            product={"product_name": title} if title else {},
        )
        for usage, title, *_ in TOKENS
    ]
    assert told(write_parquet(tmp_path / "2.parquet", lines)) == expected
    focus = [
        {**FOCUS, "ServiceName": title or "Amazon Bedrock", "x_UsageType": usage}
        for usage, title, *_ in TOKENS
    ]
    write(tmp_path / "focus.csv", focus)
    assert told(tmp_path / "focus.csv", "focus") == expected


def test_what_the_bill_says_of_a_model_goes_before_what_its_usage_type_says(tmp_path: Path) -> None:
    named = line(
        "Usage",
        "1",
        product_code="AmazonBedrock",
        usage_type="USE1-NovaPro-input-tokens",
        product={"model": "Nova Pro"},
    )
    (row,) = rows_of(write_parquet(tmp_path / "2.parquet", [named]))
    assert json.loads(row["SkuPriceDetails"])["ModelId"] == "Nova Pro"
    details = {"ModelId": "nova-pro-v1", "x_Tier": "flex"}
    told = {
        **FOCUS,
        "ServiceName": "Amazon Bedrock",
        "x_UsageType": "USE1-NovaPro-input-tokens",
        "SkuMeter": "Tokens",
        "SkuPriceDetails": json.dumps(details),
    }
    write(tmp_path / "focus.csv", [told, {**told, "SkuPriceDetails": "{no JSON"}])
    first, second = rows_of(tmp_path / "focus.csv", type="focus")
    assert first["SkuMeter"] == "Tokens"
    assert json.loads(first["SkuPriceDetails"]) == {**INPUT, **details}
    assert second["SkuPriceDetails"] == "{no JSON"


def test_who_called_a_model_is_a_tag_of_the_line(tmp_path: Path) -> None:
    lines = [
        line("Usage", "1", iam_principal="arn:aws:iam::1:role/churn", cost_category={"Unit": "ML"}),
        line("Usage", "1", iam_principal='arn:aws:iam::1:user/"a"'),
        line("Usage", "1"),
    ]
    rows = rows_of(write_parquet(tmp_path / "2.parquet", lines))
    assert [json.loads(row["Tags"] or "{}") for row in rows] == [
        {"cost_category:Unit": "ML", "aws:iam-principal": "arn:aws:iam::1:role/churn"},
        {"aws:iam-principal": 'arn:aws:iam::1:user/"a"'},
        {},
    ]


def test_a_rule_names_a_model_and_its_tokens_by_the_details_of_their_price(
    company: Company,
) -> None:
    bedrock = {"product_code": "AmazonBedrock"}
    lines = [
        line("Usage", "8", usage_type="USE1-NovaPro-input-tokens", **bedrock),
        line("Usage", "4", usage_type="USE1-NovaPro-output-tokens", **bedrock),
        line(
            "Usage",
            "2",
            usage_type="USE1-NovaLite-input-tokens",
            resource_tags={"user_team": "risk", "user_Team": "Risk"},
            **bedrock,
        ),
        line("Usage", "1"),
    ]
    write_parquet(company.folder / "cur.parquet", lines)
    company.source(name="bill", type="aws_cur", path="cur.parquet", drop_tags=["s*"])
    told = company.refresh().err
    assert "drop_tags" not in told
    company.catalogue(
        "models:\n"
        '  - {name: writer, billed_by: [{tags: {"sku:ModelId": NovaPro, "sku:TokenDirection": Output}}]}\n'
        '  - {name: reader, billed_by: [{tags: {"sku:modelid": "nova*", "sku:TokenDirection": input}}]}\n'
        "  - {name: risk, billed_by: [{tags: {team: risk}, priority: 1}]}\n"
    )
    company.refresh()
    costs = company.cost("model")
    assert (costs["writer"], costs["reader"], costs["risk"]) == (4, 8, 2)
    assert costs["(unmatched)"] == 1
