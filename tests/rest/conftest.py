"""A client of the service as shipped."""

from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.main import build_app
from app.rulebook.load import RuleBook
from app.settings import Settings


@pytest.fixture(scope="session")
def app(book: RuleBook) -> FastAPI:
    """The application."""
    return build_app(Settings(), book)


@pytest.fixture(scope="session")
def client(app: FastAPI) -> Iterator[TestClient]:
    """A client that gets a 500 as a response instead of an exception."""
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client
