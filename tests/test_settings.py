"""Settings come from variables with one prefix, and a bad one is named."""

from pathlib import Path

import pytest

from app.settings import BadSettingError, Settings, read_settings


def test_nothing_set_gives_the_defaults() -> None:
    assert read_settings({"PATH": "/bin", "HOME": "/"}) == Settings()


def test_every_setting_is_read() -> None:
    given = {"TRIAGE_HOST": "::1", "TRIAGE_PORT": "9", "TRIAGE_RULES": "r", "TRIAGE_MAX_BODY_BYTES": "2000"}
    found = read_settings(given)
    assert (found.host, found.port, found.rules, found.max_body_bytes) == ("::1", 9, Path("r"), 2000)


def test_an_empty_variable_holds_no_keys() -> None:
    assert read_settings({"TRIAGE_API_KEYS": "", "TRIAGE_SIGNING_KEYS": " "}) == Settings()


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("TRIAGE_PORT", "0", "greater than or equal to 1"),
        ("TRIAGE_PORT", "web", "valid integer"),
        ("TRIAGE_MAX_BODY_BYTES", "10", "greater than or equal to 1000"),
        ("TRIAGE_LOG_LEVEL", "loud", "'critical'"),
        ("TRIAGE_API_KEYS", "x", "write it as JSON"),
        ("TRIAGE_API_KEYS", '[{"name": "a", "sha256": "0", "scopes": []}]', "should match pattern"),
        ("TRIAGE_OAUTH_JWKS_URL", "https://id.example.org/jwks", "`TRIAGE_OAUTH_AUDIENCE` and"),
        ("TRIAGE_OAUTH_ALGORITHMS", "HS256", "choose among RS256"),
        ("TRIAGE_HOSTS", "x", "did you mean `TRIAGE_HOST`?"),
        ("TRIAGE_COLOUR", "x", "the settings are TRIAGE_"),
    ],
)
def test_a_bad_setting_is_named_with_what_would_be_right(name: str, value: str, says: str) -> None:
    with pytest.raises(BadSettingError) as refused:
        read_settings({name: value})
    assert "Value error" not in str(refused.value)
    assert str(refused.value).startswith(f"`{name}`")
    assert says in str(refused.value)


def test_an_issuer_needs_its_audience_and_a_safe_address_of_its_keys() -> None:
    issuer = {"TRIAGE_OAUTH_ISSUER": "https://id.example.org/"}
    with pytest.raises(BadSettingError, match=r"`TRIAGE_OAUTH_AUDIENCE`: set `TRIAGE_OAUTH_ISSUER`"):
        read_settings(issuer)
    issuer |= {"TRIAGE_OAUTH_AUDIENCE": "triage", "TRIAGE_OAUTH_JWKS_URL": "http://id.example.org/jwks"}
    with pytest.raises(BadSettingError, match=r"`TRIAGE_OAUTH_JWKS_URL`: write an address that begins with `https://`"):
        read_settings(issuer)
    found = read_settings(issuer | {"TRIAGE_OAUTH_JWKS_URL": "https://id.example.org/jwks"}).issuer
    assert found is not None
    assert (found.issuer, found.audience) == ("https://id.example.org/", "triage")
