"""One hash over everything a workspace says, so that a build can name the rules it used."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from decimal import Decimal


def digest(*values: object) -> str:
    """Hash values: comments and white space do not count, places (`file:line`) do."""
    text = json.dumps([_plain(value) for value in values], sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: object) -> object:
    """Turn a value into what JSON has exactly one spelling for."""
    if is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {"mapping": {str(name): _plain(each) for name, each in value.items()}}
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    if isinstance(value, Decimal):
        return {"number": list(value.as_integer_ratio())}  # 6 and 6.0 are one number
    if isinstance(value, date):
        return {"day": value.isoformat()}
    if value is None or isinstance(value, str | int):
        return value
    raise TypeError(f"no digest for {type(value).__name__}")
