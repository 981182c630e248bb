"""Settings come from variables with one prefix, and a bad one is named."""

import json
import re
from hashlib import sha256
from pathlib import Path

import pytest
from joserfc.jwk import ECKey

from app.security.signing import new_signing_key
from app.settings import PATHS, BadSettingError, Settings, read_settings

SIGNING = new_signing_key().model_dump()
EC_KEY = ECKey.generate_key("P-384", private=True).as_dict(private=False)


def keys(*entries: tuple[str, str]) -> str:
    """Return API keys by name and key."""
    listed = [{"name": n, "sha256": sha256(key.encode()).hexdigest(), "scopes": ["cds"]} for n, key in entries]
    return json.dumps(listed)


def clients(*keys: object) -> str:
    """Return one CDS client with keys."""
    return json.dumps([{"iss": "https://ehr.example", "jwks": {"keys": keys}}])


def test_nothing_set_gives_the_defaults() -> None:
    assert read_settings({"PATH": "/bin", "HOME": "/"}) == Settings()


def test_every_setting_is_read(tmp_path: Path) -> None:
    given = {"TRIAGE_HOST": "::1", "TRIAGE_PORT": "9", "TRIAGE_RULES": str(tmp_path), "TRIAGE_MAX_BODY_BYTES": "2000"}
    found = read_settings(given)
    assert (found.host, found.port, found.rules, found.max_body_bytes) == ("::1", 9, tmp_path, 2000)


def test_an_empty_variable_holds_no_keys() -> None:
    assert read_settings({"TRIAGE_API_KEYS": "", "TRIAGE_SIGNING_KEYS": " "}) == Settings()


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("TRIAGE_PORT", "0", "`0` is not accepted; write a whole number from 1 to 65535"),
        ("TRIAGE_PORT", "web", "`web` is not accepted; write a whole number from 1 to 65535"),
        ("TRIAGE_PORT", "", "it is empty; write a whole number"),
        ("TRIAGE_PORT", "1_8310", "`1_8310` is not accepted; write `18310`"),
        ("TRIAGE_METRICS_PORT", "+9464", "`+9464` is not accepted; write `9464`"),
        ("TRIAGE_READ_SECONDS", "1_0", "`1_0` is not accepted; write `10.0`"),
        ("TRIAGE_OAUTH_SCOPE_PREFIX", "api://triage/", "it goes with `TRIAGE_OAUTH_ISSUER`, which is not set"),
        ("TRIAGE_OAUTH_ALGORITHMS", "RS256", "it goes with `TRIAGE_OAUTH_ISSUER`, which is not set"),
        ("TRIAGE_OAUTH_SCOPE_CLAIMS", "scp,roles", "it goes with `TRIAGE_OAUTH_ISSUER`, which is not set"),
        ("TRIAGE_WORKER_MEMORY_MB", "x", "write a whole number from 100 to 1000000"),
        ("TRIAGE_READ_SECONDS", "nan", "`nan` is not accepted; write a number above 0, at most 30"),
        ("TRIAGE_OTEL", "2", "write `true` or `false`"),
        ("TRIAGE_MAX_BODY_BYTES", "10", "write a whole number from 1000 to"),
        ("TRIAGE_LOG_LEVEL", "loud", "write `critical`, `error`, `warning`, `info` or `debug`"),
        ("TRIAGE_LOG_LEVEL", "INFO", "`INFO` is not accepted; write `info`"),
        ("TRIAGE_OAUTH_SCOPE_CLAIMS", "", "at least one"),
        ("TRIAGE_OAUTH_SCOPE_CLAIMS", "scope scp", "with commas between them"),
        ("TRIAGE_OAUTH_SCOPE_PREFIX", "api://a b/", "has no space in it"),
        ("TRIAGE_TRUSTED_HOSTS", ",", "with commas between them"),
        ("TRIAGE_API_KEYS", "x", "write it as JSON"),
        (
            "TRIAGE_API_KEYS",
            '[{"name": "a", "sha256": "0", "scopes": []}]',
            "` at `/0/sha256`: it is a text; write 64 of 0-9 and a-f",
        ),
        ("TRIAGE_API_KEYS", "{}", "it is an object; write a list of objects"),
        ("TRIAGE_API_KEYS", '"x"', "it is a text; write a list of objects"),
        ("TRIAGE_API_KEYS", "null", "it is nothing; write a list"),
        ("TRIAGE_API_KEYS", "[1]", "` at `/0`: it is a number; write an object with `name`, `sha256` and `scopes`"),
        ("TRIAGE_API_KEYS", "[{}]", "` at `/0/name`: it is missing; write at most 40 of a-z, 0-9 and -"),
        ("TRIAGE_API_KEYS", keys(("a", "x")).replace('"cds"', ""), "it is empty; write a list of `triage`, "),
        (
            "TRIAGE_API_KEYS",
            keys(("a", "x")).replace('"cds"', '"x"'),
            "`/0/scopes/0`: it is a text; write `triage`",
        ),
        (
            "TRIAGE_API_KEYS",
            keys(("a", "x")).replace("{", '{"x": 1, ', 1),
            "`/0/x`: no such member; there are `name`",
        ),
        ("TRIAGE_SIGNING_KEYS", json.dumps([SIGNING | {"kty": "EC"}]), "` at `/0/kty`: it is a text; write `OKP`"),
        (
            "TRIAGE_SIGNING_KEYS",
            json.dumps([SIGNING | {"d": "x"}]),
            "`/0/d`: it is a text; write 32 bytes in base64url",
        ),
        ("TRIAGE_CDS_CLIENTS", '[{"iss": "a", "jwks": []}]', "` at `/0/jwks`: it is a list; write an object"),
        ("TRIAGE_CDS_CLIENTS", '[{"iss": "a"}]', "give just one of `jku` and `jwks`"),
        ("TRIAGE_OAUTH_JWKS_URL", "https://id.example.org/jwks", "`TRIAGE_OAUTH_AUDIENCE` and"),
        ("TRIAGE_OAUTH_ALGORITHMS", "HS256", "choose among RS256"),
        ("TRIAGE_API_KEYS", keys(("a", "x"), ("a", "y")), "a `name` of its own: `a` stands twice"),
        ("TRIAGE_API_KEYS", keys(("a", "x"), ("b", "x")), "a `sha256` of its own"),
        ("TRIAGE_API_KEYS", keys(("a", "")), "` at `/0/sha256`: this is the digest of an empty key"),
        ("TRIAGE_API_KEYS", keys(("a", "\n")), "digest of an empty key"),
        ("TRIAGE_API_KEYS", keys(("a", "x")).replace("{", '{"name": "b", ', 1), "stands twice in one object"),
        ("TRIAGE_API_KEYS", "[" * 100_000, "write it as JSON"),
        ("TRIAGE_SIGNING_KEYS", json.dumps([SIGNING, SIGNING]), "a `kid` of its own"),
        ("TRIAGE_CORS_ORIGINS", "https://clinic.example/", "is no origin"),
        ("TRIAGE_CORS_ORIGINS", "https://clinic.example/page", "is no origin"),
        ("TRIAGE_CORS_ORIGINS", "https://Clinic.example", "is no origin"),
        ("TRIAGE_CORS_ORIGINS", "HTTPS://clinic.example", "is no origin"),
        ("TRIAGE_CORS_ORIGINS", "clinic.example", "is no origin"),
        ("TRIAGE_CORS_ORIGINS", "null", "is no origin"),
        ("TRIAGE_CORS_ORIGINS", "https://clinic.example:443", "write `https://clinic.example`"),
        ("TRIAGE_CORS_ORIGINS", "https://clinic.example:99999", "is no origin"),
        ("TRIAGE_CORS_ORIGINS", "https://a:b@clinic.example", "is no origin"),
        ("TRIAGE_CORS_ORIGINS", "https://klinik-m\u00fcnchen.example", "is no origin"),
        ("TRIAGE_CORS_ORIGINS", "*,https://clinic.example", "stands alone"),
        ("TRIAGE_TRUSTED_HOSTS", "Clinic.example", "`clinic.example`?"),
        ("TRIAGE_TRUSTED_HOSTS", "https://clinic.example", "is no host name"),
        ("TRIAGE_TRUSTED_HOSTS", "clinic.example:8000", "is no host name"),
        ("TRIAGE_TRUSTED_HOSTS", "clinic.example/", "is no host name"),
        ("TRIAGE_TRUSTED_HOSTS", "clinic.example other.example", "is no host name"),
        ("TRIAGE_TRUSTED_HOSTS", "a.*.example", "is no host name"),
        ("TRIAGE_TRUSTED_HOSTS", "[::g]", "is no host name"),
        ("TRIAGE_TRUSTED_HOSTS", "127.0.0.256", "is no host name"),
        ("TRIAGE_TRUSTED_HOSTS", "*.127.0.0.1", "is no host name"),
        ("TRIAGE_TRUSTED_HOSTS", "*.[::1]", "is no host name"),
        ("TRIAGE_CORS_ORIGINS", "https://[0:0::1]", "browsers write `https://[::1]`"),
        ("TRIAGE_CORS_ORIGINS", "https://[0::1]:5", "browsers write `https://[::1]:5`"),
        ("TRIAGE_CORS_ORIGINS", "https://127.1", "is no origin"),
        ("TRIAGE_CORS_ORIGINS", "https://0x7f000001", "is no origin"),
        ("TRIAGE_TRUSTED_HOSTS", "[::0001]", "browsers write `[::1]`"),
        ("TRIAGE_TRUSTED_HOSTS", "example.0x7f", "is no host name"),
        ("TRIAGE_CDS_FHIR_HOSTS", "[::0001]:8443", "browsers write `[::1]:8443`"),
        ("TRIAGE_CDS_CLIENTS", json.dumps([{"iss": "a\n", "jku": "https://x"}]), "` at `/0/iss`: it is compared as it"),
        ("TRIAGE_SMART_SERVERS", json.dumps([{"iss": "https://x", "client_id": " "}]), "take out the space"),
        ("TRIAGE_CDS_FHIR_HOSTS", "https://ehr.example", "is no host name"),
        ("TRIAGE_CDS_FHIR_HOSTS", "EHR.example", "`ehr.example`?"),
        ("TRIAGE_CDS_FHIR_HOSTS", "*.ehr.example", "is no host name"),
        ("TRIAGE_CDS_CLIENTS", "x", "write it as JSON"),
        ("TRIAGE_CDS_CLIENTS", clients({"kty": "RSA"}), "` at `/0/jwks`: key 1 is no public key; it has `kty`, `n`"),
        ("TRIAGE_CDS_CLIENTS", clients(EC_KEY | {"x": "AA"}), "key 1 is no public key"),
        ("TRIAGE_CDS_CLIENTS", clients(EC_KEY, {"kty": "EC", "crv": "P-256"}), "key 2 is neither `RSA` nor"),
        ("TRIAGE_CDS_CLIENTS", clients({"k": "x"}), "key 1 is neither"),
        ("TRIAGE_CDS_CLIENTS", clients(EC_KEY | {"d": "AA"}), "key 1 is private"),
        ("TRIAGE_CDS_CLIENTS", clients(EC_KEY | {"use": "enc"}), "key 1 is for something else; its `use` is `sig`"),
        ("TRIAGE_CDS_CLIENTS", clients(EC_KEY | {"alg": "ES256"}), "and its `alg` `ES384`"),
        ("TRIAGE_CDS_CLIENTS", clients(), "`keys` holds at least one key"),
        ("TRIAGE_CDS_CLIENTS", json.dumps([{"iss": "a", "jku": "https:///x"}]), "begins with `https://` and a host"),
        ("TRIAGE_CDS_CLIENTS", json.dumps([{"iss": "a", "jku": "https://x"}] * 2), "an `iss` of its own"),
        ("TRIAGE_PUBLIC_URL", "https://clinic.example/", "is no address"),
        ("TRIAGE_PUBLIC_URL", "https://clinic.example//triage", "is no address"),
        ("TRIAGE_PUBLIC_URL", "https://clinic.example/a/../b", "is no address"),
        ("TRIAGE_PUBLIC_URL", "https://clinic.example/a?b", "is no address"),
        ("TRIAGE_PUBLIC_URL", "https://clinic.example/{a}", "is no address"),
        ("TRIAGE_PUBLIC_URL", "https://Clinic.example", "is no address"),
        ("TRIAGE_PUBLIC_URL", "clinic.example", "is no address"),
        ("TRIAGE_PUBLIC_URL", "https://clinic.example/v1", "cannot begin with `/v1`"),
        ("TRIAGE_PUBLIC_URL", "https://clinic.example/static/a", "cannot begin with `/static`"),
        ("TRIAGE_HOST", "http://127.0.0.1", "without scheme"),
        ("TRIAGE_HOST", "127.0.0.1:8000", "without scheme"),
        ("TRIAGE_HOST", "", "without scheme"),
        ("TRIAGE_RULES", "/nowhere/rules", "`/nowhere/rules` is no folder"),
        ("TRIAGE_UNIX_SOCKET", "/nowhere/socket", "`/nowhere` is no folder"),
        ("TRIAGE_UNIX_SOCKET", "/tmp/" + "x" * 103, "at most 107 bytes"),
        ("TRIAGE_UNIX_SOCKET", __file__, "is there, and is no socket"),
        ("TRIAGE_PORT", "tcp://10.0.0.1:80", "is set by Kubernetes for a Service called `triage`"),
        ("TRIAGE_SERVICE_HOST", "10.0.0.1", "is set by Kubernetes"),
        ("TRIAGE_PORT_80_TCP_ADDR", "10.0.0.1", "is set by Kubernetes"),
        ("TRIAGE_HOSTS", "x", "did you mean `TRIAGE_HOST`?"),
        ("TRIAGE_COLOUR", "x", "the settings are TRIAGE_"),
    ],
)
def test_a_bad_setting_is_named_with_what_would_be_right(name: str, value: str, says: str) -> None:
    with pytest.raises(BadSettingError) as refused:
        read_settings({name: value})
    assert not re.search("value error|input should|tuple|dictionary|frozenset|extra inputs", str(refused.value), re.I)
    assert str(refused.value).startswith(f"`{name}`")
    assert says in str(refused.value)


def test_an_issuer_needs_its_audience_and_a_safe_address_of_its_keys() -> None:
    issuer = {"TRIAGE_OAUTH_ISSUER": "https://id.example.org/"}
    with pytest.raises(BadSettingError, match=r"`TRIAGE_OAUTH_AUDIENCE`: set `TRIAGE_OAUTH_ISSUER`"):
        read_settings(issuer)
    issuer |= {"TRIAGE_OAUTH_AUDIENCE": "triage", "TRIAGE_OAUTH_JWKS_URL": "http://id.example.org/jwks"}
    with pytest.raises(BadSettingError, match=r"`TRIAGE_OAUTH_JWKS_URL`: write an address that begins with `https://`"):
        read_settings(issuer)
    for host in ("", "..", "a..b", "-", "%", "{}", "a,b", "*.a", "a:", "a:0", "127.0.0.256", "[v1.a]", "a@b", "a" * 64):
        with pytest.raises(BadSettingError, match=r"`TRIAGE_OAUTH_JWKS_URL`: write an address"):
            read_settings(issuer | {"TRIAGE_OAUTH_JWKS_URL": f"https://{host}/jwks"})
    issuer["TRIAGE_OAUTH_JWKS_URL"] = "https://id.example.org/jwks"
    for name in ("TRIAGE_OAUTH_ISSUER", "TRIAGE_OAUTH_AUDIENCE"):
        for other in (f"{issuer[name]}\n", f" {issuer[name]}"):
            with pytest.raises(BadSettingError, match=f"`{name}`: it is compared as it stands"):
                read_settings(issuer | {name: other})
    found = read_settings(issuer).issuer
    assert found is not None
    assert (found.issuer, found.audience) == ("https://id.example.org/", "triage")


def test_what_is_compared_is_taken_as_it_is_written() -> None:
    found = read_settings(
        {
            "TRIAGE_CORS_ORIGINS": "https://clinic.example, http://[::1]:3000",
            "TRIAGE_TRUSTED_HOSTS": "clinic.example,*.clinic.example,[::1],127.0.0.1",
            "TRIAGE_CDS_FHIR_HOSTS": "ehr.example,127.0.0.1:9",
            "TRIAGE_CDS_CLIENTS": clients(EC_KEY),
            "TRIAGE_PUBLIC_URL": "https://clinic.example:8443/care/triage",
        }
    )
    assert found.cors_origins == ("https://clinic.example", "http://[::1]:3000")
    assert found.trusted_hosts[1] == "*.clinic.example"
    assert found.cds_fhir_hosts == ("ehr.example", "127.0.0.1:9")
    assert found.cds_clients[0].jwks == {"keys": [EC_KEY]}
    assert found.root_path == "/care/triage"
    assert read_settings({"TRIAGE_CORS_ORIGINS": "*"}).cors_origins == ("*",)


def test_the_metrics_have_another_port_than_the_service() -> None:
    same = {"TRIAGE_METRICS": "port", "TRIAGE_METRICS_PORT": "8000"}
    with pytest.raises(BadSettingError, match=r"^`TRIAGE_METRICS_PORT`: the service has this port itself"):
        read_settings(same)
    assert read_settings(same | {"TRIAGE_METRICS": "path"}).metrics_port == 8000


def test_addresses_follow_the_port_unless_one_is_set() -> None:
    assert read_settings({"TRIAGE_PORT": "9000"}).base == "http://127.0.0.1:9000"
    address = "https://clinic.example/triage"
    assert read_settings({"TRIAGE_PORT": "9000", "TRIAGE_PUBLIC_URL": address}).base == address


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]"])
@pytest.mark.parametrize("port", ["", ":8080"])
@pytest.mark.parametrize("path", ["", "/keys"])
def test_what_is_on_the_same_machine_needs_neither_tls_nor_a_port(host: str, port: str, path: str) -> None:
    issuer = {"TRIAGE_OAUTH_ISSUER": "a", "TRIAGE_OAUTH_AUDIENCE": "b"}
    address = f"http://{host}{port}{path}"
    assert read_settings(issuer | {"TRIAGE_OAUTH_JWKS_URL": address}).oauth_jwks_url == address
    for other in (f"http://{host}.example{port}{path}", f"http://a@{host}{port}{path}", f"http://{host}:99999{path}"):
        with pytest.raises(BadSettingError, match=r"^`TRIAGE_OAUTH_JWKS_URL`: .* or with `http://` and `localhost`"):
            read_settings(issuer | {"TRIAGE_OAUTH_JWKS_URL": other})


def test_what_is_optional_may_be_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    names = {name for name, field in Settings.model_fields.items() if field.default is None} - set(PATHS)
    assert read_settings({f"TRIAGE_{name.upper()}": "" for name in names}) == Settings()
    monkeypatch.setenv("TRIAGE_WORKER_MEMORY_MB", "")
    assert read_settings() == Settings()


def test_one_setting_stands_once() -> None:
    with pytest.raises(BadSettingError, match="`triage_port` stands twice"):
        read_settings({"TRIAGE_PORT": "1", "triage_port": "2"})


def test_no_message_repeats_what_may_be_secret() -> None:
    for name, secret in (
        ("TRIAGE_API_KEYS", "ctk_secret"),
        ("TRIAGE_SIGNING_KEYS", "secret"),
        ("TRIAGE_CDS_CLIENTS", "secret"),
    ):
        for value in (secret, json.dumps(secret), json.dumps([secret]), json.dumps([{"sha256": secret, "d": secret}])):
            with pytest.raises(BadSettingError) as refused:
                read_settings({name: value})
            assert secret not in str(refused.value)


@pytest.mark.parametrize("name", [f"TRIAGE_{name.upper()}" for name in Settings.model_fields])
def test_a_key_in_place_of_another_setting_is_not_repeated(name: str) -> None:
    said = ""
    try:
        read_settings({name: json.dumps([SIGNING])})
    except BadSettingError as refused:
        said = str(refused)
    assert SIGNING["d"] not in said


@pytest.mark.parametrize("name", ["TRIAGE_RULES", "TRIAGE_UNIX_SOCKET"])
def test_an_empty_path_is_not_the_folder_of_the_process(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "")
    with pytest.raises(BadSettingError, match=f"^`{name}`: it is empty"):
        read_settings()
    with pytest.raises(BadSettingError, match=f"^`{name}`: it is empty"):
        read_settings({name: ""})


def test_the_environment_is_read_by_its_reader_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRIAGE_PORT", "9")
    assert Settings().port == 8000
    assert read_settings({}).port == 8000
    assert read_settings().port == 9
