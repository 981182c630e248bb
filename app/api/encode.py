"""Records into JSON: one encoder for everything that the engine and its proofs return."""

import msgspec
from pydantic import TypeAdapter

from app.proof.explain import Explanation

_ENCODER = msgspec.json.Encoder()


_EXPLANATION = TypeAdapter(Explanation)
"""It names a member `from`, which no attribute can be called; msgspec writes attributes by their own names."""


def encode(record: object) -> bytes:
    """Return a record of the core as JSON in UTF-8, its members in the order of the record."""
    return _EXPLANATION.dump_json(record) if isinstance(record, Explanation) else _ENCODER.encode(record)


def encode_indented(record: object) -> str:
    """Return a record as JSON for people to read."""
    return msgspec.json.format(encode(record), indent=2).decode()
