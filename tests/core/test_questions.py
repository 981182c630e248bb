"""The way to ask, measured on the current release: a smaller run of what `make questions` prints."""

import pytest

from app.core.engine import Engines
from tools.questions import interviews, sub_problems


@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize("population", ["reference", "uniform"])
def test_no_other_way_to_ask_needs_fewer_questions(population: str, strict: bool, engines: Engines) -> None:
    engine = engines.by_id[engines.current]
    weights = engine.release.weights if population == "reference" else {}
    found = interviews(engine, weights, strict=strict, count=200)
    assert found["the service"] == min(found.values())


@pytest.mark.parametrize("strict", [True, False])
def test_the_exact_optimum_is_hardly_better(strict: bool, engines: Engines) -> None:
    engine = engines.by_id[engines.current]
    found = sub_problems(engine, engine.release.weights, strict=strict, count=60)
    assert found["optimum"] <= found["the service"] <= min(found["file order"], found["information alone"])
    assert found["the service"] < 1.02 * found["optimum"]
