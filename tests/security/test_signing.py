"""Signing keys: which are taken, what is never shown, and what is no receipt of theirs."""

import json
from base64 import urlsafe_b64encode
from typing import Any

import pytest

from app.api.receipts import NotSignedError, UnknownKeyError
from app.core.precedence import Decision
from app.security.signing import Signer, new_signing_key
from app.settings import BadSettingError, Settings, read_settings
from tests.api.receipts import KEY


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        ("{", "write it as JSON"),
        ([{"kty": "OKP"}], "is missing"),
        ([KEY.model_dump(exclude={"d"})], "the first key signs"),
        ([KEY.model_dump(), KEY.model_dump()], "a `kid` of its own"),
        ([KEY.model_dump() | {"d": new_signing_key().d}], "not of one key"),
        ([KEY.model_dump() | {"crv": "X25519"}], "write `Ed25519`"),
    ],
)
def test_keys_that_cannot_sign_stop_the_start(keys: Any, says: str) -> None:
    written = keys if isinstance(keys, str) else json.dumps(keys)
    with pytest.raises(BadSettingError, match="TRIAGE_SIGNING_KEYS") as refused:
        read_settings({"TRIAGE_SIGNING_KEYS": written})
    assert says in str(refused.value)
    assert str(KEY.d) not in str(refused.value)


def test_a_secret_half_is_never_shown() -> None:
    settings = Settings(signing_keys=(KEY,))
    assert str(KEY.d) not in repr(settings)
    assert str(KEY.d) not in repr(KEY)
    assert str(KEY.d) not in json.dumps(Signer((KEY,)).public)


def test_what_is_no_receipt_is_told_from_what_somebody_else_signed() -> None:
    signer, stranger = Signer((KEY,)), Signer((new_signing_key(),))
    decision = Decision("excluded", None, None)
    with pytest.raises(UnknownKeyError):
        signer.check(stranger.receipt("a", decision, "b"), "a", {}, "b")
    header, _, signature = stranger.receipt("a", decision, "b").split(".")
    nameless = urlsafe_b64encode(json.dumps({"kid": "another"}).encode()).decode().rstrip("=")
    none = (
        f"!{header}..{signature}",
        f"{header}..{signature}!",
        f"{header}..",
        f"{header}.{signature}",
        f"\n{header}..e",
    )
    for receipt in ("no receipt", f"{nameless}..{signature}", *none):
        with pytest.raises(NotSignedError):
            signer.check(receipt, "a", {}, "b")
