"""Write the first catalogue: what was found, and what is left to do."""

from collections.abc import Iterator
from decimal import Decimal

from costlens.start.draft import Drafted, Endpoint, Made, Rest, Rule, Thing
from costlens.start.names import as_name, unique
from costlens.start.produces import escaped
from costlens.start.text import amount, behind, mapping, remark, scalar

_SERVICES = 12  # of what is left, these are written down


def found_yaml(drafted: Drafted) -> str:
    """Write teams, resources, pipelines, features and models."""
    blocks = [
        "# What was found in the run logs and bills. It is yours now: correct it, add to it.\n"
        "# Nothing here has to stand in this one file: every catalog/*.yaml counts.\n",
        _teams(drafted),
        _resources(drafted),
        _pipelines(drafted),
        _targets(drafted, "feature"),
        _targets(drafted, "model"),
    ]
    return "\n".join(block for block in blocks if block)


def todo_yaml(drafted: Drafted) -> str:
    """Write what no rule picks, and what only people know, as comments ready to be used."""
    lines = [
        "# What is left to do. Take the first # off a line to use it.",
        "",
        *_rest(drafted),
        *_unclear(drafted),
        *_product(drafted),
    ]
    return "\n".join(lines) + "\n"


def _teams(drafted: Drafted) -> str:
    if not drafted.teams and not drafted.more_teams:
        return ""
    lines = ["teams:"] if drafted.teams else []
    for team in drafted.teams:
        told = "" if team.raw == team.name else f'"{team.raw}" in the tag {team.key}'
        email = scalar(team.raw) if "@" in team.raw else ""
        line = mapping(name=scalar(team.name), email=email)
        lines.append(behind(f"  - {line}", told))
    more = drafted.more_teams
    if more:
        told = ", ".join(more[:10]) + (f" and {len(more) - 10} more" if len(more) > 10 else "")
        lines.append(f"# Tags of the bill name other teams too: {remark(told)}")
    return "\n".join(lines) + "\n"


def _resources(drafted: Drafted) -> str:
    things = drafted.of("resource")
    if not things:
        return ""
    lines = [
        "# What runs ran on. With its capacity, time that nobody used shows as idle:",
        "# capacity: {slots: 4}, or {vcpu: 64, memory_gb: 256}.",
        "resources:",
    ]
    for thing in things:
        lines.append(behind(f"  - name: {scalar(thing.name)}", thing.note))
        lines += _owner(thing)
        lines += _billed_by(thing.rules, drafted.currency)
    return "\n".join(lines) + "\n"


def _pipelines(drafted: Drafted) -> str:
    things = drafted.of("pipeline")
    if not things:
        return ""
    lines = ["pipelines:"]
    for thing in things:
        lines.append(behind(f"  - name: {scalar(thing.name)}", thing.note))
        lines += _owner(thing)
        if thing.name != thing.raw:
            lines.append(f"    runs: {{match: {{pipeline: {_exactly(thing.raw)}}}}}")
        lines += _billed_by(thing.rules, drafted.currency)
        if thing.produces:
            lines.append("    produces:")
            lines += [behind(f"      - {_made(made)}", made.note) for made in thing.produces]
    return "\n".join(lines) + "\n"


def _made(made: Made) -> str:
    if made.kind == "shared":
        return mapping(part=_quoted(made.part), shared="true")
    target = f'"{made.target}"' if "{" in made.target else scalar(made.target)
    return mapping(part=_quoted(made.part), **{made.kind: target})


def _targets(drafted: Drafted, kind: str) -> str:
    things = drafted.of(kind)
    if not things:
        return ""
    lines = [f"{kind}s:"]
    if not any(thing.owner for thing in things):
        lines.insert(0, "# Nothing tells who owns these: add owner: NAME, and NAME to teams.")
    for thing in things:
        if not thing.rules and not thing.endpoints:
            line = mapping(
                name=scalar(thing.name),
                owner=scalar(thing.owner) if thing.owner else "",
                pipeline=scalar(thing.pipeline) if thing.pipeline else "",
            )
            lines.append(behind(f"  - {line}", thing.note))
            continue
        lines.append(behind(f"  - name: {scalar(thing.name)}", thing.note))
        lines += _owner(thing)
        lines += [f"    pipeline: {scalar(thing.pipeline)}"] if thing.pipeline else []
        lines += _billed_by(thing.rules, drafted.currency)
        if thing.endpoints:
            lines.append("    endpoints:")
            lines += [_endpoint(one, drafted.currency) for one in thing.endpoints]
    return "\n".join(lines) + "\n"


def _endpoint(one: Endpoint, currency: str) -> str:
    requests = mapping(source=scalar(one.requests)) if one.requests else ""
    line = mapping(name=scalar(one.name), billed_by=f"[{_rule(one.rule)}]", requests=requests)
    return behind(f"      - {line}", amount(one.rule.cost, currency))


def _owner(thing: Thing) -> list[str]:
    return [f"    owner: {scalar(thing.owner)}"] if thing.owner else []


def _billed_by(rules: list[Rule], currency: str) -> Iterator[str]:
    if len(rules) == 1:
        yield behind(f"    billed_by: [{_rule(rules[0])}]", amount(rules[0].cost, currency))
    elif rules:
        yield "    billed_by:"
        for rule in rules:
            yield behind(f"      - {_rule(rule)}", amount(rule.cost, currency))


def _rule(rule: Rule) -> str:
    if not rule.key:
        return mapping(resource_id=_quoted(rule.value))
    return mapping(tags=mapping(**{scalar(rule.key): scalar(rule.value)}))


def _rest(drafted: Drafted) -> Iterator[str]:
    """Write the services that no rule picks, the largest first, as stages to be named."""
    if not drafted.rest or drafted.total is None:
        return
    left = sum((one.cost for one in drafted.rest), Decimal(0))
    yield (
        f"# No rule picks {amount(left, drafted.currency)} of "
        f"{amount(drafted.total, drafted.currency)}; that stays (unmatched)."
    )
    yield "# A rule may stand under anything that has a name. What is no run, such as a"
    yield "# warehouse or a table, is a stage: say whom it feeds, such as feeds: [{model: NAME}]."
    yield "# stages:"
    names: set[str] = set()
    for one in drafted.rest[:_SERVICES]:
        name = unique(as_name(one.service.lower(), default="service"), names)
        names.add(name)
        yield from _stage(one, name, drafted.currency)
    more = drafted.rest[_SERVICES:]
    if more:
        cost = amount(sum((one.cost for one in more), Decimal(0)), drafted.currency)
        yield f"#   # and {len(more)} more services: {cost}"
    yield ""


def _stage(one: Rest, name: str, currency: str) -> Iterator[str]:
    yield behind(f"#   - name: {scalar(name)}", amount(one.cost, currency))
    service = "" if one.service == "(none)" else mapping(service=_quoted(_glob(one.service)))
    largest = mapping(resource_id=_quoted(_glob(one.resources[0][0]))) if one.resources else ""
    rule = service or largest or mapping(category="Usage")
    yield f"#     billed_by: [{rule}]"
    for resource, cost in one.resources:
        inside = mapping(resource_id=_quoted(_glob(resource)))
        yield f"#     # of it {remark(inside)}: {amount(cost, currency)}"
    if one.more_resources:
        yield f"#     # and {one.more_resources:,} more resources"
    for key, value, cost in one.tags:
        inside = mapping(tags=mapping(**{scalar(key): scalar(value)}))
        yield f"#     # of it {remark(inside)}: {amount(cost, currency)}"


def _unclear(drafted: Drafted) -> Iterator[str]:
    """Write the pipelines of which nothing says what they make."""
    things = [thing for thing in drafted.of("pipeline") if thing.unclear]
    if not things:
        return
    yield "# Nothing says what these pipelines make. Write it under the pipeline:"
    for thing in things:
        yield f"#   {thing.name}:"
        for part in thing.unclear[:8]:
            line = f"produces: [{{part: {_quoted(escaped(part))}, feature: NAME}}]"
            yield f"#     {line}  # or model: NAME"
        if len(thing.unclear) > 8:
            yield f"#     # and {len(thing.unclear) - 8} more parts"
    yield ""


def _product(drafted: Drafted) -> Iterator[str]:
    """Write a product with a benefit, which no log tells."""
    models = drafted.of("model")
    features = drafted.of("feature")
    kind = "model" if models or not features else "feature"
    used = scalar((models or features)[0].name) if models or features else "NAME"
    yield "# What is it all for? A product, what it uses, and what it brings in."
    yield "# products:"
    yield "#   - name: my_product"
    yield f"#     uses: [{{{kind}: {used}}}]"
    yield "#     benefits:"
    yield "#       - name: what improves"
    yield "#         kind: revenue  # or cost_reduction, cost_avoidance, risk, time_saved, quality"
    yield "#         amount: {low: 1000, likely: 2000, high: 3000}"
    yield "#         per: month"
    yield '#         evidence: "where the proof is"'
    yield "#         evidence_level: 1  # declared; 5 is a randomised test"


def _exactly(raw: str) -> str:
    return _quoted(_glob(raw))


def _glob(text: str) -> str:
    for mark in "*?[]":
        text = text.replace(mark, "?")
    return text


def _quoted(text: str) -> str:
    """Write a pattern or glob, always in quotes."""
    plain = scalar(text)
    return plain if plain.startswith('"') else f'"{plain}"'
