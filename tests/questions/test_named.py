"""What a question is about may be named without its level, where that is clear."""

from company import Company


def test_a_name_that_only_one_target_has_needs_no_level(company: Company) -> None:
    company.bill(
        {"ResourceId": "orders", "cost": "4"},
        {"ResourceId": "churn", "cost": "3"},
        {"ResourceId": "sales", "cost": "2"},
    )
    company.catalogue(
        "features: [{name: orders, billed_by: [{resource_id: orders}]}]\n"
        "models: [{name: churn, billed_by: [{resource_id: churn}]}, {name: sales}]\n"
        "products: [{name: sales, billed_by: [{resource_id: sales}]}]\n"
    )
    company.refresh()
    assert company.ask("explain", "churn") == company.ask("explain", "model:churn")
    both = company.ask("avoidable", "feature:orders", "model:churn")
    assert both
    assert company.ask("avoidable", "orders", "churn") == both
    ran = company.run("value", "sales")
    assert (ran.code, ran.err) == (
        1,
        "costlens: sales is the name of a model and of a product\n"
        "    write model:sales or product:sales\n",
    )
    ran = company.run("avoidable", "ordres", "quite_other", "product:churn")
    assert ran.err == (
        'costlens: "ordres" names no target\n'
        "    did you mean feature:orders?\n"
        'costlens: "quite_other" names no target\n'
        "    names: costlens cost --by feature, --by model or --by product\n"
        "costlens: no product is called churn\n"
        "    names: costlens cost --by product\n"
    )
