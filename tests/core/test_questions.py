"""The way to ask, measured on the current release: a smaller run of what `make questions` prints."""

import pytest

from app.core.engine import Engines
from tests.amounts import amount
from tools.questions import DEAREST, FARTHEST, OPTIMUM, SERVICE, STAGED_OPTIMUM, UNSTAGED, interviews, sub_problems


@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize("population", ["reference", "uniform"])
def test_no_other_way_to_ask_needs_fewer_questions(population: str, strict: bool, engines: Engines) -> None:
    """Stages aside, which are what people expect and cost a little over the reference population."""
    engine = engines.by_id[engines.current]
    weights = engine.release.weights if population == "reference" else {}
    found = interviews(engine, weights, strict=strict, count=200)
    assert found[UNSTAGED] == min(found.values())
    if population == "reference":
        assert found[UNSTAGED][0] < found[SERVICE][0] <= (1 + DEAREST) * found[UNSTAGED][0]


@pytest.mark.parametrize("strict", [True, False])
def test_the_exact_optimum_is_hardly_better(strict: bool, engines: Engines) -> None:
    engine = engines.by_id[engines.current]
    found = sub_problems(engine, engine.release.weights, strict=strict, count=amount(20, 60))
    assert found[OPTIMUM] <= found[UNSTAGED] <= min(found["file order"], found["information alone"])
    assert found[UNSTAGED] < 1.02 * found[OPTIMUM]
    assert found[OPTIMUM] <= found[STAGED_OPTIMUM] <= found[SERVICE] <= (1 + FARTHEST) * found[STAGED_OPTIMUM]
