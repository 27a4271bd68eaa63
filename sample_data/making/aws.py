"""The AWS bill of the sample company, line by line."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random

from making.company import (
    ACCOUNT,
    ACCOUNT_NAME,
    CLUSTER,
    CLUSTER_ARN,
    CORE_NODES,
    DAY,
    ENDPOINTS,
    GPU_HOURS,
    GPU_NODES,
    HOUR,
    PAYER,
    PAYER_NAME,
    PLAN,
    PRIMARY_NODE,
    REGION,
    TRAINING_RATES,
    between,
    days,
    drawn,
    next_month,
)
from making.runs import Training

Line = dict[str, str]
NAMES = {
    "AmazonEC2": "Amazon Elastic Compute Cloud",
    "ElasticMapReduce": "Amazon Elastic MapReduce",
    "AmazonSageMaker": "Amazon SageMaker",
    "AmazonS3": "Amazon Simple Storage Service",
    "AmazonDynamoDB": "Amazon DynamoDB",
    "AmazonKinesis": "Amazon Kinesis",
    "AmazonCloudWatch": "Amazon CloudWatch",
    "AmazonMWAA": "Amazon Managed Workflows for Apache Airflow",
    "AmazonQuickSight": "Amazon QuickSight",
    "AWSGlue": "AWS Glue",
    "AWSDataTransfer": "AWS Data Transfer",
    "awskms": "AWS Key Management Service",
    "AWSSupportBusiness": "AWS Support (Business)",
    "ComputeSavingsPlans": "Savings Plans for AWS Compute usage",
}
NODE_RATE, NODE_PLAN_RATE, NODE_FEE = Decimal("4.512"), Decimal("3.178"), Decimal("0.27")
COMMITMENT = Decimal("11.000")
TYPO_FROM = datetime(2026, 9, 10)
CREDIT = {8: "-1500", 9: "-1500", 10: "-1000"}
VAT = Decimal("0.081")

# Daily lines: code, usage type, operation, unit, rate, amounts a day, resource, tags.
STORES: tuple[tuple[str, str, str, str, str, str, str, str, dict[str, str]], ...] = (
    ("AmazonS3", "EU-TimedStorage-ByteHrs", "StandardStorage", "GB-Mo", "0.023", "1180", "1320",
     "acme-orders", {}),
    ("AmazonS3", "EU-TimedStorage-ByteHrs", "StandardStorage", "GB-Mo", "0.023", "1950", "2250",
     "acme-clickstream", {}),
    ("AmazonS3", "EU-TimedStorage-ByteHrs", "StandardStorage", "GB-Mo", "0.023", "690", "780",
     "acme-feature-store", {"component": "feature-store"}),
    ("AmazonS3", "EU-Requests-Tier1", "PutObject", "Requests", "0.000005", "900000", "1200000",
     "acme-feature-store", {"component": "feature-store"}),
    ("AmazonDynamoDB", "EU-WriteRequestUnits", "PutItem", "WriteRequestUnits", "0.00000125",
     "26000000", "31000000", f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/feature-online",
     {"component": "online-store"}),
    ("AmazonDynamoDB", "EU-ReadRequestUnits", "GetItem", "ReadRequestUnits", "0.00000025",
     "60000000", "76000000", f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/feature-online",
     {"component": "online-store"}),
    ("AmazonKinesis", "EU-OnDemand-BilledIncomingBytes", "PutRecords", "GB", "0.088", "270", "330",
     f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/clickstream", {}),
    ("AmazonCloudWatch", "EU-DataProcessing-Bytes", "PutLogEvents", "GB", "0.57", "8", "11",
     f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:shop-features", {"pipeline": "shop_features"}),
    ("AmazonCloudWatch", "EU-DataProcessing-Bytes", "PutLogEvents", "GB", "0.57", "4", "6",
     f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:risk-features", {"pipeline": "risk_features"}),
    ("AmazonCloudWatch", "EU-CW:MetricMonitorUsage", "MetricStorage", "Metrics", "0.30", "21", "27",
     "", {}),
    ("AmazonEC2", "EU-NatGateway-Hours", "NatGateway", "Hrs", "0.048", "72", "72",
     f"arn:aws:ec2:{REGION}:{ACCOUNT}:natgateway/nat-04f1c2a9be7730d15", {}),
    ("AmazonEC2", "EU-NatGateway-Bytes", "NatGateway", "GB", "0.048", "330", "520",
     f"arn:aws:ec2:{REGION}:{ACCOUNT}:natgateway/nat-04f1c2a9be7730d15", {}),
    ("AWSDataTransfer", "EU-DataTransfer-Regional-Bytes", "InterZone-Out", "GB", "0.01", "700",
     "1100", "", {}),
    ("AmazonMWAA", "EU-Airflow-LargeEnvironment", "", "Hrs", "0.99", "24", "24",
     f"arn:aws:airflow:{REGION}:{ACCOUNT}:environment/acme-airflow", {"component": "airflow"}),
    ("AmazonEC2", "EU-BoxUsage:m5.xlarge", "RunInstances", "Hrs", "0.214", "24", "24",
     "i-0c55d1e0a7f2b9931", {"component": "mlflow"}),
    ("AmazonEC2", "EU-EBS:VolumeUsage.gp3", "CreateVolume-Gp3", "GB-Mo", "0.088", "98", "98",
     "vol-0b1d7e5a94c2f3801", {"job_flow": CLUSTER}),
    ("AmazonQuickSight", "EU-QS-Enterprise-Users", "", "Users", "0.79", "24", "26",
     f"arn:aws:quicksight:{REGION}:{ACCOUNT}:dashboard/customer-360", {"product": "customer_360"}),
    ("awskms", "EU-KMS-Requests", "Decrypt", "Requests", "0.000003", "140000", "190000", "", {}),
)  # fmt: skip


def tags_json(tags: dict[str, str]) -> str:
    """Write tags under the keys that CUR gives them."""
    keyed = {f"user_{key}": value for key, value in tags.items() if key != "job_flow"}
    if "job_flow" in tags:
        keyed["aws_elasticmapreduce_job_flow_id"] = tags["job_flow"]
    return json.dumps(keyed)


class Bill:
    """The lines of one billing month, numbered as they are made."""

    def __init__(self, month: datetime) -> None:
        self.month, self.after = month, next_month(month)
        self.count = 0
        self.taxed: dict[str, Decimal] = defaultdict(Decimal)

    def line(self, start: datetime, stop: datetime, code: str, cost: Decimal, **more: str) -> Line:
        """Make one line at a cost; `more` is what differs from plain usage."""
        self.count += 1
        cost = cost.quantize(Decimal("0.0000000001"))
        if more.get("line_item_line_item_type", "Usage") != "Credit":
            self.taxed[code] += cost
        return {
            "identity_line_item_id": f"acme{self.month:%y%m}{self.count:07}",
            "identity_time_interval": f"{start:%Y-%m-%dT%H:%M:%SZ}/{stop:%Y-%m-%dT%H:%M:%SZ}",
            "bill_bill_type": "Anniversary",
            "bill_billing_entity": "AWS",
            "bill_invoice_id": f"EUINCH26-{self.month:%m}4471",
            "bill_invoicing_entity": "Amazon Web Services EMEA SARL, Switzerland Branch",
            "bill_payer_account_id": PAYER,
            "bill_payer_account_name": PAYER_NAME,
            "bill_billing_period_start_date": f"{self.month:%Y-%m-%d %H:%M:%S}",
            "bill_billing_period_end_date": f"{self.after:%Y-%m-%d %H:%M:%S}",
            "line_item_usage_account_id": ACCOUNT,
            "line_item_usage_account_name": ACCOUNT_NAME,
            "line_item_line_item_type": "Usage",
            "line_item_usage_start_date": f"{start:%Y-%m-%d %H:%M:%S}",
            "line_item_usage_end_date": f"{stop:%Y-%m-%d %H:%M:%S}",
            "line_item_product_code": code,
            "line_item_currency_code": "USD",
            "line_item_legal_entity": "Amazon Web Services EMEA SARL, Switzerland Branch",
            "line_item_unblended_cost": f"{cost:f}",
            "line_item_blended_cost": f"{cost:f}",
            "pricing_currency": "USD",
            "product": json.dumps({"product_name": NAMES[code]}),
            "product_servicecode": code,
            "product_region_code": REGION,
        } | more

    def usage(
        self,
        start: datetime,
        code: str,
        kind: str,
        rate: Decimal,
        amount: Decimal,
        *,
        span: timedelta = HOUR,
        unit: str = "Hrs",
        **more: str,
    ) -> Line:
        """Make one line of metered usage."""
        priced = {
            "line_item_usage_type": kind,
            "line_item_usage_amount": f"{amount:f}",
            "line_item_unblended_rate": f"{rate:f}",
            "line_item_line_item_description": f"${rate:f} per {unit} of {kind}",
            "pricing_unit": unit,
            "pricing_term": "OnDemand",
            "pricing_public_on_demand_cost": f"{rate * amount:f}",
            "pricing_public_on_demand_rate": f"{rate:f}",
        }
        return self.line(start, start + span, code, rate * amount, **priced | more)


SAVINGS_PLAN = {
    "savings_plan_savings_plan_a_r_n": PLAN,
    "savings_plan_offering_type": "EC2InstanceSavingsPlans",
    "savings_plan_payment_option": "No Upfront",
    "savings_plan_purchase_term": "1yr",
}
NODE = "EU-BoxUsage:r5.16xlarge"


def cluster(bill: Bill, hour: datetime) -> Iterator[Line]:
    """Bill the EMR cluster: its nodes under the Savings Plan, its primary, and Amazon's fee."""
    tags = tags_json({"team": "platform", "job_flow": CLUSTER})
    run = {"line_item_operation": "RunInstances:0000", "resource_tags": tags}
    for node in CORE_NODES:
        yield bill.usage(
            hour,
            "AmazonEC2",
            NODE,
            NODE_RATE,
            Decimal(1),
            line_item_line_item_type="SavingsPlanCoveredUsage",
            line_item_resource_id=node,
            product_instance_type="r5.16xlarge",
            savings_plan_savings_plan_rate=f"{NODE_PLAN_RATE}",
            savings_plan_savings_plan_effective_cost=f"{NODE_PLAN_RATE}",
            **run | SAVINGS_PLAN,
        )
    run |= {"line_item_resource_id": PRIMARY_NODE, "product_instance_type": "m5.2xlarge"}
    kind, rate = "EU-BoxUsage:m5.2xlarge", Decimal("0.428")
    yield bill.usage(hour, "AmazonEC2", kind, rate, Decimal(1), **run)
    fee = {"line_item_resource_id": CLUSTER_ARN, "line_item_operation": "RunInstances"}
    yield bill.usage(hour, "ElasticMapReduce", NODE, NODE_FEE, Decimal(len(CORE_NODES)), **fee)


def savings_plan(bill: Bill, hour: datetime) -> Iterator[Line]:
    """Take back the covered use's price, and bill the commitment, of which not all is used."""
    nodes = len(CORE_NODES)
    yield bill.line(
        hour,
        hour + HOUR,
        "AmazonEC2",
        -NODE_RATE * nodes,
        line_item_line_item_type="SavingsPlanNegation",
        line_item_usage_type=NODE,
        line_item_operation="RunInstances:0000",
        line_item_line_item_description="SavingsPlanNegation",
        **SAVINGS_PLAN,
    )
    yield bill.line(
        hour,
        hour + HOUR,
        "ComputeSavingsPlans",
        COMMITMENT,
        line_item_usage_account_id=PAYER,
        line_item_usage_account_name=PAYER_NAME,
        line_item_line_item_type="SavingsPlanRecurringFee",
        line_item_usage_type="EU-EC2SP:r5.1yrNoUpfront",
        line_item_line_item_description="1 year No Upfront r5 EC2 Instance Savings Plan",
        savings_plan_total_commitment_to_date=f"{COMMITMENT}",
        savings_plan_used_commitment=f"{NODE_PLAN_RATE * nodes}",
        savings_plan_recurring_commitment_for_billing_period=f"{COMMITMENT}",
        **SAVINGS_PLAN,
    )


def machines(bill: Bill, hour: datetime) -> Iterator[Line]:
    """Bill the GPU machines at night, and the endpoints all day."""
    if hour.hour in GPU_HOURS:
        for node in GPU_NODES:
            yield bill.usage(
                hour,
                "AmazonEC2",
                "EU-BoxUsage:g5.12xlarge",
                Decimal("6.317"),
                Decimal(1),
                line_item_operation="RunInstances",
                line_item_resource_id=node,
                product_instance_type="g5.12xlarge",
                resource_tags=tags_json({"cluster": "ray-gpu", "team": "platform"}),
            )
    for name, (machine, count, rate) in ENDPOINTS.items():
        yield bill.usage(
            hour,
            "AmazonSageMaker",
            f"EU-Host:{machine}",
            rate,
            Decimal(count),
            line_item_operation="RunInstance",
            line_item_resource_id=f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:endpoint/{name}",
            product_instance_type=machine,
        )


def jobs(bill: Bill, trainings: Iterable[Training]) -> Iterator[Line]:
    """Bill the SageMaker jobs, hour by hour as long as they ran."""
    for one in trainings:
        hour = one.start.replace(minute=0, second=0, microsecond=0)
        while one.arn and hour < one.stop:
            seconds = (min(one.stop, hour + HOUR) - max(one.start, hour)).total_seconds()
            if bill.month <= hour < bill.after:
                yield bill.usage(
                    hour,
                    "AmazonSageMaker",
                    f"EU-Train:{one.instance}",
                    TRAINING_RATES[one.instance],
                    (Decimal(int(seconds)) / 3600).quantize(Decimal("0.0000000001")),
                    line_item_operation="RunInstance",
                    line_item_resource_id=one.arn,
                    product_instance_type=one.instance,
                )
            hour += HOUR


def stores(bill: Bill, random: Random, day: datetime) -> Iterator[Line]:
    """Bill by the day: storage, streams, logs, networks and small things."""
    for code, kind, operation, unit, rate, low, high, resource, tags in STORES:
        yield bill.usage(
            day,
            code,
            kind,
            Decimal(rate),
            between(random, low, high),
            span=DAY,
            unit=unit,
            line_item_operation=operation,
            line_item_resource_id=resource,
            resource_tags=tags_json(tags),
        )
    # From 10 September on, whoever moved the job into another template mistyped its tag.
    tag = "pipeline" if day < TYPO_FROM else "pipleine"
    yield bill.usage(
        day,
        "AWSGlue",
        "EU-ETL-DPU-Hour",
        Decimal("0.44"),
        between(random, "96", "110"),
        span=DAY,
        unit="DPU-Hour",
        line_item_operation="Jobrun",
        line_item_resource_id=f"arn:aws:glue:{REGION}:{ACCOUNT}:job/shop-features-compaction",
        resource_tags=tags_json({tag: "shop_features"}),
    )


def monthly(bill: Bill) -> Iterator[Line]:
    """Bill once a month: support, a late refund, tax on all of it, a credit."""
    whole = (bill.month, bill.after)
    yield bill.line(
        *whole,
        "AWSSupportBusiness",
        (sum(bill.taxed.values(), Decimal()) * Decimal("0.07")).quantize(Decimal("0.01")),
        line_item_usage_type="Dollar",
        line_item_line_item_description="AWS Support (Business)",
    )
    if bill.month.month == 10:
        yield bill.line(
            datetime(2026, 9, 21, 6),
            datetime(2026, 9, 21, 22),
            "AmazonSageMaker",
            Decimal("-412.50"),
            bill_bill_type="Refund",
            line_item_line_item_type="Refund",
            line_item_usage_type="EU-Host:ml.m5.4xlarge",
            line_item_resource_id=f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:endpoint/fraud-prod",
            line_item_line_item_description="Refund for service interruption of fraud-prod",
        )
    yield from taxes(bill)
    yield bill.line(
        *whole,
        "AmazonSageMaker",
        Decimal(CREDIT[bill.month.month]),
        line_item_line_item_type="Credit",
        line_item_line_item_description="Migration Acceleration Program credit",
    )


def taxes(bill: Bill) -> Iterator[Line]:
    """Bill the tax on each service."""
    for code, cost in sorted(dict(bill.taxed).items()):
        tax = (cost * VAT).quantize(Decimal("0.01"))
        if tax:
            yield bill.line(
                bill.month,
                bill.after,
                code,
                tax,
                line_item_line_item_type="Tax",
                line_item_tax_type="VAT",
                line_item_usage_type="",
                line_item_line_item_description=f"Tax for product code {code}",
            )


def lines_of(month: datetime, trainings: list[Training]) -> Iterator[Line]:
    """Make all lines of a billing month."""
    bill, random = Bill(month), drawn(f"aws {month:%Y-%m}")
    for day in days(month, bill.after):
        for number in range(24):
            hour = day + number * HOUR
            yield from cluster(bill, hour)
            yield from savings_plan(bill, hour)
            yield from machines(bill, hour)
        yield from stores(bill, random, day)
    yield from jobs(bill, trainings)
    yield from monthly(bill)
