"""Read a protobuf message as the JSON document that its tool would print of it.

A pack names the messages it knows under `protobuf`, the outermost first: each a list of
`name number type`. A type is string, Timestamp, `map`, which is of strings, or another message; `*`
after it stands for many of it, `{}` for a map from string to it. Fields not named are passed over.
"""

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from costlens.errors import CostLensError

if TYPE_CHECKING:
    from google.protobuf.descriptor_pb2 import DescriptorProto, FileDescriptorProto

Messages = Mapping[str, Sequence[str]]  # message → its fields
_TEXT = {b"{", b"[", b"", b" ", b"\r", b"\t", b"\xef"}


def is_message(start: bytes, messages: Messages) -> bool:
    """Say whether a file that begins so is a message, where its pack knows any."""
    text = start[:1] in _TEXT or start.lstrip()[:1] in _TEXT
    return bool(messages) and not text


def as_json(data: bytes, messages: Messages, *, shown: str) -> str:
    """Give the JSON of a message; all its top-level keys stand there, also of empty lists."""
    try:
        from google.protobuf import descriptor_pool, json_format, message, message_factory
        from google.protobuf.timestamp_pb2 import DESCRIPTOR as TIMESTAMP
    except ImportError:
        raise CostLensError(
            "is a protobuf file, and the package to read one is not installed",
            where=shown,
            hint="pip install 'costlens[protobuf]'",
        ) from None
    root = next(iter(messages))
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(TIMESTAMP.serialized_pb)
    pool.AddSerializedFile(_file(messages).SerializeToString())
    made = message_factory.GetMessageClass(pool.FindMessageTypeByName(f"costlens.{root}"))()
    try:
        made.ParseFromString(data)
    except message.DecodeError:
        raise CostLensError(
            "is neither JSON nor protobuf", where=shown, hint="deliver it again, whole"
        ) from None
    found = json_format.MessageToDict(made)
    keys = {field.json_name for field in made.DESCRIPTOR.fields}
    return json.dumps({**{key: [] for key in sorted(keys)}, **found})


def _file(messages: Messages) -> "FileDescriptorProto":
    from google.protobuf.descriptor_pb2 import FileDescriptorProto

    file = FileDescriptorProto(name="costlens.proto", package="costlens", syntax="proto3")
    file.dependency.append("google/protobuf/timestamp.proto")
    for name, fields in messages.items():
        described = file.message_type.add(name=name)
        for field in fields:
            _add(described, *field.split(), message=name)
    return file


def _add(described: "DescriptorProto", name: str, number: str, kind: str, *, message: str) -> None:
    from google.protobuf.descriptor_pb2 import FieldDescriptorProto as Field

    many = kind.endswith("*")
    field = described.field.add(name=name, number=int(number))
    field.label = Field.LABEL_REPEATED if many or _is_map(kind) else Field.LABEL_OPTIONAL
    if _is_map(kind):
        entry = f"{''.join(part.capitalize() for part in name.split('_'))}Entry"
        nested = described.nested_type.add(name=entry)
        nested.options.map_entry = True
        _add(nested, "key", "1", "string", message=message)
        _add(nested, "value", "2", "string" if kind == "map" else kind[:-2], message=message)
        field.type, field.type_name = Field.TYPE_MESSAGE, f".costlens.{message}.{entry}"
    elif kind.rstrip("*") == "string":
        field.type = Field.TYPE_STRING
    else:
        own = kind.rstrip("*")
        place = "google.protobuf" if own == "Timestamp" else "costlens"
        field.type, field.type_name = Field.TYPE_MESSAGE, f".{place}.{own}"


def _is_map(kind: str) -> bool:
    return kind == "map" or kind.endswith("{}")
