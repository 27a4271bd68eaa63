"""What types cannot say: checks of one value, and of names across files.

Ownership cannot turn in a circle: a thing's owner is a team, a feature's pipeline is a pipeline,
and neither of those is owned by what it owns. Edges between stages may: the cascade solves them.
"""

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import date

from costlens.config.access import Account
from costlens.config.address import address_of
from costlens.config.benefits import Amount, Benefit, check_amount, check_benefit
from costlens.config.budgets import Budget, check_budget
from costlens.config.edge_checks import (
    once_a_day,
    one_at_a_time,
    slices_of_all,
    unsliced,
    weights_of_all,
)
from costlens.config.keys import Key, choices_of, keys_of
from costlens.config.notes import Notes, did_you_mean, listed
from costlens.config.pools import Pool, check_pool
from costlens.config.readers import Readers, check_readers
from costlens.config.reports import (
    Delivery,
    Mail,
    Report,
    Schedule,
    check_delivery,
    check_mail,
    check_report,
    check_schedule,
)
from costlens.config.value import Value, mistake
from costlens.config.values import (
    Capacity,
    Produce,
    Source,
    Stage,
)
from costlens.errors import Finding


def check(value: Value, only: Collection[str] = ()) -> Iterator[Finding]:
    """Check one value that was read; what stands under it was checked before.

    `only` names the choices that mean something where the value stands; without it all do.
    """
    yield from _choice(value, only)
    for kind, checks in _CHECKS.items():
        if isinstance(value, kind):
            for one in checks:
                yield from one(value)


def _given(value: Value, key: Key) -> bool:
    """Say whether a key was written to mean something."""
    got: object = getattr(value, key.field)
    return got is not False and got not in (None, "", (), {})


def _choice(value: Value, only: Collection[str]) -> Iterator[Finding]:
    """Of keys that exclude each other, write those of exactly one choice."""
    groups = [
        [key for key in keys if not only or key.name in only]
        for keys in choices_of(type(value)).values()
    ]
    if not any(groups):
        return
    ways = ", ".join("/".join(key.name for key in keys) for keys in groups if keys)
    out = [
        key.name
        for keys in choices_of(type(value)).values()
        for key in keys
        if only and key.name not in only and _given(value, key)
    ]
    made = [names for keys in groups if (names := [k.name for k in keys if _given(value, k)])]
    if out:
        yield mistake(value, f'"{out[0]}" has no meaning here', f"write one of: {ways}")
    elif not made:
        yield mistake(value, "nothing is named here", f"write one of: {ways}")
    elif len(made) > 1:
        both = " and ".join(f'"{names[0]}"' for names in made)
        yield mistake(value, f"{both} exclude each other", f"keep one of: {ways}")


def _something(value: Value) -> Iterator[Finding]:
    """Of keys of which some are needed, write at least one."""
    keys = [key for key in keys_of(type(value)).values() if key.any_of]
    if keys and not any(_given(value, key) for key in keys):
        yield mistake(
            value,
            "this picks nothing",
            f"write at least one of: {listed([key.name for key in keys])}",
        )


def _window(value: Value) -> Iterator[Finding]:
    start: object = getattr(value, "valid_from", None)
    last: object = getattr(value, "valid_until", None)
    if isinstance(start, date) and isinstance(last, date) and start > last:
        yield mistake(
            value,
            f'"from" {start} is after "until" {last}',
            '"until" is the last day, included: write one that is not before "from"',
        )


def _capacity(value: Value) -> Iterator[Finding]:
    given = [getattr(value, key.field) for key in keys_of(Capacity).values()]
    if any(each is not None for each in given) and not sum(filter(None, given)):
        yield mistake(value, "a capacity of zero can do nothing", "write more than 0")


def _template(value: Value) -> Iterator[Finding]:
    """Take for each `{name}` in a template a named group of the pattern."""
    assert isinstance(value, Produce)
    groups = re.findall(r"\(\?P<(\w+)>", value.part)
    for key in keys_of(Produce).values():
        text: object = getattr(value, key.field) if key.template else None
        if not isinstance(text, str) or not ("{" in text or "}" in text):
            continue
        if re.fullmatch(r"([^{}]|\{[^{}]*\})*", text) is None:
            yield mistake(
                value,
                f'the braces of "{text}" do not close',
                'write one group in each pair, such as "{view}"',
            )
        for name in re.findall(r"\{([^{}]*)\}", text):
            if name not in groups:
                known = f"groups of this part: {listed(groups)}" if groups else ""
                yield mistake(
                    value,
                    f'"part" has no group "{name}" for "{text}"',
                    known or f'name the group in "part": (?P<{name}>...)',
                )


def _bucket(value: Value) -> Iterator[Finding]:
    """Take a path on S3 that names a bucket; show none, as it may hold what is secret."""
    assert isinstance(value, Source)
    if not value.path.startswith("s3://"):
        if value.s3 is not None:
            yield mistake(
                value.s3, '"s3" says how to reach s3://, and the path is none', 'take "s3" out'
            )
    elif not re.fullmatch(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[^*?\[]*)?", value.path):
        yield mistake(
            value,
            '"path" begins with s3:// and goes on with no bucket and prefix',
            "write s3://BUCKET/PREFIX without * ? or [: all files that begin so are found",
        )
    if value.s3:
        yield from _endpoint(value.s3, value.s3.endpoint)


def _endpoint(value: Value, endpoint: str | None) -> Iterator[Finding]:
    if endpoint and not re.fullmatch(r"https?://[\w.:\[\]-]+/?", endpoint):
        yield mistake(
            value,
            '"endpoint" is no URL of a host',
            "write https:// and the host; credentials never stand in costlens.yaml",
        )


def _account(value: Value) -> Iterator[Finding]:
    """Take regions that can be, each once."""
    assert isinstance(value, Account)
    yield from _endpoint(value, value.endpoint)
    for place, region in enumerate(value.region):
        if not re.fullmatch(r"[a-z]{2}(-[a-z]+)+-\d+", region):
            yield mistake(
                value, f'"{region}" is no region of AWS', "write it as AWS does, such as eu-west-1"
            )
        elif region in value.region[:place]:
            yield mistake(value, f'the region "{region}" stands twice', "keep one of the two")


def _database(value: Value) -> Iterator[Finding]:
    """Take the address of a database; show none, as it may hold what is secret."""
    assert isinstance(value, Source)
    if re.match(r"(postgres|mysql|mariadb)[^/]*://", value.path):
        yield mistake(value, '"path" is the address of a database', "write it as url:")
    if value.url is None:
        for name in ("password", "schema"):
            if getattr(value, name) is not None:
                yield mistake(
                    value,
                    f'"{name}" is for a database, and there is no "url"',
                    f'take "{name}" out',
                )
        return
    if re.match(r"[^/]*//[^/@]*:.*@", value.url) or "password=" in value.url:
        yield mistake(
            value,
            '"url" holds a password',
            "take it out, and write where it is kept: password: {env: NAME} or {file: PATH}",
        )
        return
    address = address_of(value.url)
    if address is None:
        yield mistake(
            value,
            '"url" is no address of a database',
            "write postgresql://USER@HOST:PORT/DATABASE or mysql://, with ?sslmode= and "
            "&sslrootcert= where they are needed",
        )
    elif address.kind == "mysql" and value.schema is not None:
        yield mistake(
            value, '"schema" is for PostgreSQL alone', "name the database in the url instead"
        )


_CHECKS: dict[type[Value], Sequence[Callable[[Value], Iterator[Finding]]]] = {
    Value: (_something, _window, once_a_day, one_at_a_time, unsliced),
    Capacity: (_capacity,),
    Amount: (check_amount,),
    Benefit: (check_benefit,),
    Budget: (check_budget,),
    Pool: (check_pool,),
    Produce: (_template,),
    Stage: (weights_of_all, slices_of_all),
    Source: (_bucket, _database),
    Account: (_account,),
    Readers: (check_readers,),
    Report: (check_report,),
    Delivery: (check_delivery,),
    Mail: (check_mail,),
    Schedule: (check_schedule,),
}

_GUESSES = 20  # a guess compares with every name: beyond this many, name none


def check_references(notes: Notes) -> None:
    """Check that every name that is referred to exists."""
    missing = [
        mention
        for mention in notes.references
        if mention.kind not in notes.unread
        and mention.text not in notes.names.get(mention.kind, {})
    ]
    guesses: dict[tuple[str, str], str | None] = {}
    for mention in missing:
        known = notes.names.get(mention.kind, {})
        name = mention.kind, mention.text
        if name not in guesses:
            guess = len(guesses) < _GUESSES
            guesses[name] = did_you_mean(mention.text, known) if guess else None
        if near := guesses[name]:
            hint = f'did you mean "{near}"?'
        elif mention.kind == "source":
            hint = f"sources of costlens.yaml: {listed(list(known), most=8)}"
        elif mention.kind in ("claim", "metric"):
            hint = f"write one of: {listed(list(known), most=8)}" if known else "declare it first"
        else:
            hint = f'add it under "{mention.kind}s" in catalog/, or take this out'
        notes.add(
            f'there is no {mention.kind} "{mention.text}"',
            where=mention.place,
            hint=hint,
            code="dangling_name",
        )


def check_patterns(notes: Notes) -> None:
    """Compile every pattern where it will be matched: in DuckDB's RE2."""
    if not notes.patterns:
        return
    broken = _broken(sorted({mention.text for mention in notes.patterns}))
    for mention in notes.patterns:
        if mention.text in broken:
            notes.add(
                f'"{mention.text}" is no pattern: {broken[mention.text]}',
                where=mention.place,
                hint=_pattern_hint(mention.text),
                code="bad_pattern",
            )


def _broken(patterns: Sequence[str]) -> dict[str, str]:
    """Find the patterns that do not compile, each with the engine's reason."""
    import duckdb  # here, for start-up: most commands never come by

    every = "select count(regexp_full_match('', pattern)) from (select unnest($1) as pattern)"
    broken: dict[str, str] = {}
    with duckdb.connect() as connection:
        try:
            connection.execute(every, [patterns]).fetchall()
        except duckdb.Error:
            for pattern in patterns:
                try:
                    connection.execute(every, [[pattern]]).fetchall()
                except duckdb.Error as error:
                    broken[pattern] = str(error).removeprefix("Invalid Input Error: ")
    return broken


def _pattern_hint(pattern: str) -> str:
    if "(?<" in pattern and "(?<=" not in pattern and "(?<!" not in pattern:
        return "write a named group as (?P<name>...)"
    if pattern.startswith("*"):
        return 'this is RE2, not a glob: ".*" stands for any text'
    return "write RE2 syntax, which has no look-around and no back-references"
