"""What is wrong with a source on S3 is said once, at its place, with what to do; never a secret."""

import configparser
from pathlib import Path

import pytest
from company import Company, Ran
from object_store import KEY, SECRET, Store, month, on_s3, require_rights


def refused(company: Company) -> str:
    """Run what cannot be done, and give the one finding."""
    told = ""
    for word in ("check", "refresh"):
        ran: Ran = company.run(word)
        assert ran.code == 1, ran.out
        assert SECRET not in ran.err + ran.out
        assert KEY not in ran.err + ran.out
        assert ran.err.startswith("costlens: costlens.yaml:"), ran.err
        assert told in ("", ran.err), "check says what a refresh says"
        told = ran.err
    return told.split(": ", 2)[2]


def test_no_credentials(company: Company, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    on_s3(company, store)
    told = refused(company)
    assert told.startswith(
        'no AWS credentials to read "s3://acme/bills" with\n    give them as every tool of AWS takes'
    )
    assert store.asked == []


def test_no_bucket(company: Company, store: Store) -> None:
    on_s3(company, store, "s3://acne/bills")
    assert refused(company).startswith('there is no bucket "acne"\n    correct path:')


def test_no_rights_to_list(company: Company, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    require_rights(store, monkeypatch, allow=[])
    on_s3(company, store)
    assert refused(company) == (
        'access denied to list "s3://acme/bills"\n'
        "    allow s3:ListBucket on the bucket and s3:GetObject on what is in it\n"
    )


def test_no_rights_to_read(company: Company, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    store.put("bills/may.csv", month(5, "1"))
    require_rights(store, monkeypatch, allow=["s3:ListBucket"])
    on_s3(company, store)
    assert refused(company) == (
        "access denied to read s3://acme/bills/may.csv\n"
        "    allow s3:GetObject on it, and kms:Decrypt where a key of KMS encrypts it\n"
    )


def test_keys_that_nobody_knows(
    company: Company, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    require_rights(store, monkeypatch, allow=[])
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
    on_s3(company, store)
    assert refused(company).startswith("AWS does not know the access key\n    log in again")


def test_nothing_under_the_prefix(company: Company, store: Store) -> None:
    store.put("cur/2026/may.csv", month(5, "1"))
    store.put("cur/readme.txt", b"x")
    on_s3(company, store, "s3://acme/cur/2025/")
    assert refused(company) == (
        'nothing lies in "s3://acme/cur/2025/"\n    s3://acme/cur/ holds: 2026/, readme.txt\n'
    )


def test_nothing_in_the_bucket(company: Company, store: Store) -> None:
    on_s3(company, store)
    assert "the bucket is empty: correct path:" in refused(company)


def test_a_prefix_without_a_file_that_is_read(company: Company, store: Store) -> None:
    store.put("bills/readme.md", b"x")
    on_s3(company, store)
    assert refused(company).startswith('no file to read in "s3://acme/bills", only readme.md\n')


def test_no_endpoint_there(company: Company, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    store.url = "http://127.0.0.1:9"
    on_s3(company, store)
    assert refused(company).startswith(
        'cannot reach http://127.0.0.1:9 to read "s3://acme/bills"\n    check the network'
    )


def test_no_such_profile(company: Company, store: Store) -> None:
    access = {"endpoint": store.url, "profile": "finance"}
    company.source(name="bill", type="focus", path="s3://acme/bills", s3=access)
    assert refused(company).startswith('there is no AWS profile "finance"\n    correct profile:')


def test_a_profile_reads_with_its_own_credentials(
    company: Company, store: Store, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    store.put("bills/may.csv", month(5, "1"))
    key, secret = require_rights(store, monkeypatch, allow=["s3:ListBucket", "s3:GetObject"])
    profiles = configparser.ConfigParser()
    profiles["finance"] = {"aws_access_key_id": key, "aws_secret_access_key": secret}
    with (tmp_path / "profiles").open("w") as file:
        profiles.write(file)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "profiles"))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)  # nobody's
    access = {"endpoint": store.url, "profile": "finance"}
    company.source(name="bill", type="focus", path="s3://acme/bills", s3=access)
    company.refresh()
    assert store.fetched() == ["bills/may.csv"]


@pytest.mark.parametrize("trusted", [True, False])
def test_a_role_is_taken_on(
    company: Company, store: Store, monkeypatch: pytest.MonkeyPatch, trusted: bool
) -> None:
    store.put("bills/may.csv", month(5, "1"))
    role = store.role(["s3:ListBucket", "s3:GetObject"])
    require_rights(store, monkeypatch, allow=["sts:AssumeRole"] if trusted else [])
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", store.direct)
    access = {"endpoint": store.url, "role_arn": role}
    company.source(name="bill", type="focus", path="s3://acme/bills", s3=access)
    if trusted:
        company.refresh()
        assert store.fetched() == ["bills/may.csv"]
    else:
        assert refused(company).startswith("access denied to take on the role of role_arn\n")


def test_every_source_is_told(company: Company, store: Store) -> None:
    on_s3(company, store, "s3://acne/bills", name="one")
    on_s3(company, store, "s3://acme/none", name="two")
    ran = company.run("refresh")
    assert 'there is no bucket "acne"' in ran.err
    assert 'nothing lies in "s3://acme/none"' in ran.err


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ({"path": "s3://"}, '"path" begins with s3:// and goes on with no bucket and prefix'),
        ({"path": f"s3://{KEY}:{SECRET}@acme/bills"}, '"path" begins with s3:// and goes on with'),
        ({"path": "s3://acme/*.csv"}, "write s3://BUCKET/PREFIX without * ? or ["),
        (
            {"path": "s3://acme", "s3": {"endpoint": f"https://{KEY}:{SECRET}@minio"}},
            '"endpoint" is no URL of a host',
        ),
        ({"path": "bills", "s3": {"region": "eu-west-1"}}, 'take "s3" out'),
        ({"path": "s3://acme", "s3": {"secret_key": SECRET}}, "secret_key"),
    ],
)
def test_settings_that_cannot_be(company: Company, source: dict[str, object], told: str) -> None:
    company.source(name="bill", type="focus", **source)
    ran = company.run("refresh")
    assert ran.code == 1
    assert told in ran.err
    assert SECRET not in ran.err
    assert KEY not in ran.err
