"""Whatever stands anywhere in a record breaks nothing."""

from copy import deepcopy
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from app.record.elements import RecordError
from app.record.places import PLACES
from app.record.reader import Reader
from tests.fhir.resources import INTAKE
from tests.record.charts import TODAY
from tests.record.test_places import BOOK, PATIENT, POOL, RELEASE

SCALARS = st.none() | st.booleans() | st.integers(-3, 3) | st.floats(allow_nan=False) | st.text(max_size=12)
ANYTHING = st.recursive(
    SCALARS | st.sampled_from(["2026-11-20", "Patient/p1", "#x", "active", "http://snomed.info/sct"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["coding", "code", "system", "reference", "item", "answer"]), inner, max_size=3
        )
    ),
    max_leaves=8,
)


def places(value: Any, way: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the way to everything inside a resource."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [found for key, each in inside for found in ((*way, key), *places(each, (*way, key)))]


@settings(max_examples=100)
@given(st.sampled_from([PATIENT, *POOL]), st.data())
def test_whatever_stands_anywhere_in_a_record_breaks_nothing(resource: Any, data: st.DataObject) -> None:
    changed = deepcopy(resource)
    *way, last = data.draw(st.sampled_from(places(changed)))
    inner = changed
    for step in way:
        inner = inner[step]
    inner[last] = data.draw(ANYTHING)
    try:
        found = Reader(RELEASE, BOOK.codes, INTAKE, TODAY).read([PATIENT, changed])
    except RecordError as error:
        if "R4 is read here" not in str(error):
            raise
        return  # what was put in is a sign of another FHIR, which is refused whole
    assert {entry.place for entry in found.entries()} <= set(PLACES)
