"""What the image's process must not be is noticed; `make image` asks a real one."""

import json

import pytest

from tools.image import not_listed, what_is_wrong

STATUS = {
    "Uid": "10001\t10001\t10001\t10001",
    "Gid": "10001\t10001\t10001\t10001",
    "Groups": "",
    **dict.fromkeys(("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"), "0000000000000000"),
    "NoNewPrivs": "1",
}
MOUNTS = "61 60 0:50 / / ro,relatime - overlay overlay rw,lowerdir=l\n62 61 0:51 / /proc rw,relatime - proc proc rw\n"
USER = "10001:10001"


def status(**other: str) -> str:
    return "".join(f"{name}:\t{value}\n" for name, value in (STATUS | other).items())


def test_a_process_without_rights_is_accepted() -> None:
    assert what_is_wrong(USER, status(), MOUNTS) == []


@pytest.mark.parametrize("user", ["", "root", "0", "0:0", "10001", "10001:0", "triage:triage"])
def test_an_image_that_may_run_as_root_is_noticed(user: str) -> None:
    assert f"the image states the user `{user}`" in what_is_wrong(user, status(), MOUNTS)[0]


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        ({"Uid": "0\t0\t0\t0"}, "runs as root"),
        ({"Uid": "10001\t0\t10001\t10001"}, "runs as root"),
        ({"Gid": "0\t0\t0\t0"}, "runs as root"),
        ({"Groups": "10001 0"}, "runs as root"),
        ({"Uid": "1000\t1000\t1000\t1000"}, "does not run as"),
        ({"CapEff": "0000000000000400"}, "has capabilities"),
        ({"CapBnd": "00000000a80425fb"}, "has capabilities"),
        ({"NoNewPrivs": "0"}, "gain privileges"),
    ],
)
def test_a_process_with_rights_is_noticed(wrong: dict[str, str], complaint: str) -> None:
    (found,) = what_is_wrong(USER, status(**wrong), MOUNTS)
    assert complaint in found


@pytest.mark.parametrize(
    "mounts", [MOUNTS.replace("/ / ro,", "/ / rw,"), "", MOUNTS.replace(" / / ro,", " / /opt ro,")]
)
def test_a_root_file_system_that_can_be_written_is_noticed(mounts: str) -> None:
    assert what_is_wrong(USER, status(), mounts) == ["its root file system can be written"]


def test_a_package_that_the_sbom_lacks_is_noticed() -> None:
    part = {"name": "candidate-triage", "version": "0.1.0"}
    sbom = json.dumps({"metadata": {"component": part}, "components": [{"name": "a.b", "version": "1"}]})
    installed = ["candidate_triage-0.1.0", "a_b-1"]
    assert not_listed(installed, sbom) == []
    assert not_listed([*installed, "a_b-2", "other-1"], sbom) == ["a_b 2", "other 1"]
