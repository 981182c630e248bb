"""A component of a plan is given only where all that stands against it is known to be absent."""

from random import Random

import pytest

from app.core.answer import PlanShown
from app.core.engine import Engines, Question
from app.core.facts import Candidate
from app.core.logic import diagram_of, state_of
from app.rulebook.files import read
from tests.patients import FOLDER

SAMPLES = 150


@pytest.mark.parametrize("start", ["phase_1", "phase_2", "phase_3"])
def test_a_component_is_given_as_its_condition_and_asks_what_that_depends_on(start: str, engines: Engines) -> None:
    engine = engines.by_id["2026.3"]
    release, random = engine.release, Random(start)
    base = read(FOLDER / "bases" / f"{start}.yaml").data
    seen = set()
    for _ in range(SAMPLES):
        facts: Candidate = {name: value for name, value in base.items() if random.random() > 0.1}
        for name in random.sample(sorted(facts), random.randint(0, 2)):
            facts = {**facts, name: random.choice(list(release.facts[name].domain))}
        plan = engine.answer(Question(facts)).plan
        if not isinstance(plan, PlanShown):
            continue
        shown = {component.id: component for component in plan.components}
        for component in next(each for each in release.plans if each.pathway == plan.pathway).components:
            state = state_of(component.when, release.facts, facts)
            expected = {True: "included", False: "left_out", None: "to_confirm"}[state]
            assert shown[component.id].status == expected, (component.id, facts)
            diagram = diagram_of(release.facts.values(), [component.when])
            root = diagram.condition(component.when)
            depends = set(diagram.depends_on(root, diagram.regions(facts))) if state is None else set()
            assert set(shown[component.id].ask) == depends, (component.id, facts)
            seen.add((component.id, expected))
    for component in next(each for each in release.plans if each.pathway == base_pathway(start)).components:
        if component.id != "sun-protection":
            assert {(component.id, "included"), (component.id, "to_confirm")} <= seen


def base_pathway(start: str) -> str:
    """Return the pathway whose plan a start leads to."""
    return {
        "phase_1": "conservative_care",
        "phase_2": "exosome_microchanneling",
        "phase_3": "combination_therapy",
    }[start]
