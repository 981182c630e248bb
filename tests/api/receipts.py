"""What tests of receipts share: a key, an independent check, and two calls."""

import base64
import json
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from fastapi.testclient import TestClient

from app.security.signing import new_signing_key

KEY = new_signing_key()
URL = "/v1/receipts/verify"


def decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def holds(receipt: str, answer: dict[str, Any], keys: list[dict[str, Any]]) -> bool:
    """Say whether a receipt is good, by RFC 7515 and with nothing of ours."""
    header, body, signature = receipt.split(".")
    assert body == ""
    protected = json.loads(decoded(header))
    assert protected["alg"] == "Ed25519"
    key = next(key for key in keys if key["kid"] == protected["kid"])
    ruleset = answer["ruleset"]
    content = {"contract": ruleset["contract"], "decision": answer["decision"], "digest": ruleset["digest"]}
    content |= {"id": answer["id"]}
    written = json.dumps(content, separators=(",", ":")).encode()
    signed = header + "." + base64.urlsafe_b64encode(written).decode().rstrip("=")
    try:
        Ed25519PublicKey.from_public_bytes(decoded(key["x"])).verify(decoded(signature), signed.encode())
    except InvalidSignature:
        return False
    return True


def asked(client: TestClient, facts: dict[str, Any], query: str = "", language: str = "en") -> tuple[Any, str]:
    """Return an answer and its receipt."""
    response = client.post(f"/v1/triage{query}", json=facts, headers={"Accept-Language": language})
    assert response.status_code == 200
    return response.json(), response.headers["triage-receipt"]


def verdict(client: TestClient, answer: Any, receipt: str, **more: Any) -> Any:
    response = client.post(URL, json={"answer": answer, "receipt": receipt, **more})
    assert response.status_code == 200, response.text
    return response.json()
