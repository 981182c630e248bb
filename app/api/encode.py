"""Records into JSON: one encoder for everything that the engine and its proofs return."""

import msgspec

_ENCODER = msgspec.json.Encoder()


def encode(record: object) -> bytes:
    """Return a record of the core as JSON in UTF-8, its members in the order of the record."""
    return _ENCODER.encode(record)


def encode_indented(record: object) -> str:
    """Return a record as JSON for people to read."""
    return msgspec.json.format(_ENCODER.encode(record), indent=2).decode()
