"""What a load notes: restated months, columns that are gone, oddities, commitments, tags."""

from company import Company

OVER = {
    "BillingPeriodStart": "2024-05-01",
    "BillingPeriodEnd": "2024-06-01",
    "ChargePeriodStart": "2024-05-03",
    "ChargePeriodEnd": "2024-05-04",
}
NEXT = {
    "BillingPeriodStart": "2024-06-01",
    "BillingPeriodEnd": "2024-07-01",
    "ChargePeriodStart": "2024-06-03",
    "ChargePeriodEnd": "2024-06-04",
}
WHOLE = {"ListCost": "1", "ContractedCost": "1"}


def found(company: Company, *codes: str) -> list[tuple[str, str, str, str]]:
    return [
        (row["severity"], row["message"], row["currency"], row["amount"])
        for row in company.ask("findings")
        if row["code"] in codes
    ]


def test_a_month_that_was_over_is_said_to_be_restated(company: Company) -> None:
    company.bill({"cost": "1000.5", **OVER})
    company.refresh()
    company.bill({"cost": "2204.61", **WHOLE, **OVER, "EffectiveCost": "1000.25"})
    told = "2024-05 was restated: billed +1204.11, effective -0.25 USD"
    assert company.refresh().err == ""
    company.bill({"cost": "7", "BillingAccountId": "2"}, name="other")
    company.refresh()
    assert found(company, "restated") == [("info", told, "USD", "-0.25")]


def test_a_month_delivered_anew_with_the_same_money_is_not_restated(company: Company) -> None:
    company.bill({"cost": "1", **OVER})
    company.refresh()
    company.bill({"cost": "1", **OVER, "ServiceName": "Other"})
    company.refresh()
    assert found(company, "restated") == []


def test_columns_that_the_month_before_had_are_missed(company: Company) -> None:
    lines = {**OVER, "ResourceId": "r", "Tags": {"team": "a"}, "x_Own": "1"}
    company.bill({"cost": "1", **lines}, file="bills/may.csv")
    company.bill({"cost": "1", **NEXT}, file="bills/june.csv")
    told = "2 columns are gone since 2024-05: ResourceId, Tags"
    assert told in company.refresh().err
    assert found(company, "columns_gone") == [("warning", told, "", "")]
    company.bill({"cost": "1", **{**lines, **NEXT}}, file="bills/june.csv")
    company.refresh()
    assert found(company, "columns_gone") == []


def test_usage_below_nothing_and_cost_without_quantity_are_told_with_their_money(
    company: Company,
) -> None:
    company.bill(
        {"cost": "-3", **WHOLE},
        {"cost": "-1.5", **WHOLE, "EffectiveCost": "-1"},
        {"cost": "-9", **WHOLE, "ChargeDescription": "Enterprise Discount"},
        {"cost": "-9", **WHOLE, "ChargeClass": "Correction"},
        {"cost": "-9", **WHOLE, "ChargeCategory": "Credit"},
        {"cost": "4", **WHOLE, "ConsumedQuantity": "0"},
        {"cost": "0", **WHOLE, "ConsumedQuantity": "0"},
        {"cost": "2", **WHOLE, "ConsumedQuantity": "1"},
    )
    company.refresh()
    less = "usage costs less than nothing and is no credit, correction or discount"
    without = "usage costs something although its quantity is 0"
    assert found(company, "negative_usage", "cost_without_quantity") == [
        ("info", f"{without} on 1 line of 2026-05", "USD", "4"),
        ("info", f"{less} on 2 lines of 2026-05", "USD", "-4"),
    ]


def test_a_commitment_that_was_not_used_up_is_told_with_what_was_used(company: Company) -> None:
    plan = {"CommitmentDiscountId": "sp-1", "PricingCategory": "Committed", **WHOLE}
    company.bill(
        {**plan, "BilledCost": "5", "EffectiveCost": "0", "ChargeCategory": "Purchase"},
        {**plan, "BilledCost": "0", "EffectiveCost": "3.75", "CommitmentDiscountStatus": "Used"},
        {**plan, "BilledCost": "0", "EffectiveCost": "1.25", "CommitmentDiscountStatus": "Unused"},
        {**plan, "cost": "1", "CommitmentDiscountId": "sp-2", "CommitmentDiscountStatus": "Used"},
    )
    assert company.refresh().err == ""
    told = "sp-1: used 3.75, unused 1.25 USD of 2026-05"
    assert found(company, "unused_commitment") == [("info", told, "USD", "1.25")]


def test_columns_that_the_last_delivery_of_a_month_had_are_missed(company: Company) -> None:
    company.bill({"cost": "1", **OVER, "ResourceId": "r", "Tags": {"team": "a"}})
    company.refresh()
    company.bill({"cost": "2", **OVER})
    company.refresh()
    told = "2 columns are gone since 2024-05 was last loaded: ResourceId, Tags"
    assert found(company, "columns_gone") == [("warning", told, "", "")]


def test_what_is_unused_of_commitments_without_an_id_is_told(company: Company) -> None:
    plan = {"PricingCategory": "Committed", "BilledCost": "0", **WHOLE}
    company.bill(
        {**plan, "EffectiveCost": "1.25", "CommitmentDiscountStatus": "Unused"},
        {**plan, "EffectiveCost": "2", "CommitmentDiscountStatus": "Used"},
    )
    company.refresh()
    told = "commitments without an id, unused 1.25 USD of 2026-05"
    assert found(company, "unused_commitment") == [("info", told, "USD", "1.25")]


def test_tags_of_people_are_never_stored(company: Company) -> None:
    tags = {"createdBy": "ann@acme.example", "Owner:Mail": "bob", "team": "a", "owner": "x"}
    company.bill({"cost": "1", "Tags": tags}, {"cost": "2", "Tags": {"CREATEDBY": "carl"}})
    company.sources[0]["drop_tags"] = ["created*", "owner:????"]
    company._source(**company.sources[0])
    company.catalogue("stages: [{name: s, billed_by: [{tags: {team: a}}]}]\n")
    company.refresh()
    (row,) = company.ask("query", "select string_agg(Tags, ';') as tags from charges")
    assert row["tags"] == '{"team":"a","owner":"x"}'
    for path in (company.folder / "lake" / "charges").rglob("*.parquet"):
        assert b"ann@acme" not in path.read_bytes()
    company.sources[0]["drop_tags"] = ["*"]
    company._source(**company.sources[0])
    ran = company.refresh()
    assert 'drop_tags takes out the tag "team", which rules name' in ran.err
    (row,) = company.ask("query", "select count(Tags) as n, sum(BilledCost) as s from charges")
    assert (row["n"], row["s"]) == ("0", "3")
