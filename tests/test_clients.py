"""Clients that others wrote, against the running service: `fhirclient` in Python and `fhir-kit-client` on Node.js."""

import json
import socket
import threading
import time
from collections.abc import Iterator

import pytest
import uvicorn
from fhirclient import client as smart
from fhirclient.models.questionnaire import Questionnaire
from fhirclient.server import FHIRNotFoundException

from app.main import build_app
from app.rulebook.load import RuleBook
from app.settings import Settings
from tests.fhir.validators import run_node


@pytest.fixture(scope="module")
def address(book: RuleBook) -> Iterator[str]:
    """The address of a running service."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    base = f"http://127.0.0.1:{port}"
    server = uvicorn.Server(uvicorn.Config(build_app(Settings(public_url=base), book), port=port, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield base
    server.should_exit = True
    thread.join()


def test_fhir_kit_client_reads_applies_and_is_refused(address: str) -> None:
    found = json.loads(run_node("client.mjs", address))
    assert found == {
        "fhirVersion": "4.0.1",
        "questions": 43,
        "plan": "candidate-triage",
        "decision": "excluded",
        "refused": "OperationOutcome",
    }


def test_fhirclient_reads_the_questionnaire(address: str) -> None:
    server = smart.FHIRClient(settings={"app_id": "test", "api_base": f"{address}/fhir"}).server
    questionnaire = Questionnaire.read("candidate-intake", server)
    assert questionnaire.title == "Candidate intake"
    assert [item.linkId for item in questionnaire.item][:2] == ["active_skin_infection", "autoimmune_skin_disease"]
    with pytest.raises(FHIRNotFoundException):
        Questionnaire.read("another", server)
