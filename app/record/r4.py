"""Whether a resource is FHIR R4, by elements that R4 has otherwise.

STU3 and R5 differ from R4 where it matters here: a status as a plain code, a medicine in an element of another name.
Read as R4 such a record would say nothing, without a word.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from app.record.elements import RecordError, Resource, text


class Sign(NamedTuple):
    """An element by which another release of FHIR is known."""

    element: str
    version: str
    right: str
    differs: Callable[[Any], bool]


def _there(value: Any) -> bool:
    return value is not None


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_object(value: Any) -> bool:
    return isinstance(value, dict)


def _is_list(value: Any) -> bool:
    return isinstance(value, list)


STATUS = tuple(
    Sign(element, "STU3", f"{element}.coding", _is_text) for element in ("clinicalStatus", "verificationStatus")
)
MEDICINE = Sign("medication", "R5", "medicationCodeableConcept", _there)
OCCURRENCE = tuple(
    Sign(f"occurrence{kind}", "R5", f"performed{kind}", _there) for kind in ("DateTime", "Period", "String", "Age")
)
SIGNS: Mapping[str, tuple[Sign, ...]] = {
    "Condition": (
        *STATUS,
        Sign("assertedDate", "STU3", "recordedDate", _there),
        Sign("participant", "R5", "asserter", _there),
    ),
    "AllergyIntolerance": (
        *STATUS,
        Sign("assertedDate", "STU3", "recordedDate", _there),
        Sign("type", "R5", "type", _is_object),
        Sign("participant", "R5", "asserter", _there),
    ),
    "MedicationRequest": (MEDICINE, Sign("context", "STU3", "encounter", _there)),
    "MedicationStatement": (
        MEDICINE,
        Sign("taken", "STU3", "status", _there),
        Sign("wasNotTaken", "DSTU2", "status", _there),
    ),
    "MedicationAdministration": (
        MEDICINE,
        Sign("notGiven", "STU3", "status", _there),
        Sign("wasNotGiven", "DSTU2", "status", _there),
    ),
    "MedicationDispense": (MEDICINE, Sign("notDone", "STU3", "status", _there)),
    "MedicationOrder": (Sign("resourceType", "DSTU2", "MedicationRequest", _there),),
    "Procedure": (
        *OCCURRENCE,
        Sign("recorded", "R5", "performedDateTime", _there),
        Sign("reportedBoolean", "R5", "asserter", _there),
        Sign("notDone", "STU3", "status", _there),
        Sign("notPerformed", "DSTU2", "status", _there),
        Sign("context", "STU3", "encounter", _there),
    ),
    "Observation": (
        Sign("triggeredBy", "R5", "hasMember", _there),
        Sign("context", "STU3", "encounter", _there),
        Sign("comment", "STU3", "note", _is_text),
    ),
    "Device": (Sign("type", "R5", "type.coding", _is_list), Sign("name", "R5", "deviceName", _there)),
    "DeviceUsage": (Sign("resourceType", "R5", "DeviceUseStatement", _there),),
    "ServiceRequest": (Sign("context", "STU3", "encounter", _there),),
    "QuestionnaireResponse": (
        Sign("questionnaire", "STU3", "questionnaire", _is_object),
        Sign("context", "STU3", "encounter", _there),
    ),
}
"""Of the kinds that are read, the elements by which another release is known."""


ELEMENTS: Mapping[str, frozenset[str]] = {
    kind: frozenset(sign.element for sign in signs) for kind, signs in SIGNS.items()
}


def check_r4(resources: Iterable[Resource]) -> None:
    """Raise `RecordError` where a resource is of another release of FHIR."""
    for resource in resources:
        kind = text(resource.get("resourceType"))
        if kind not in SIGNS or resource.keys().isdisjoint(ELEMENTS[kind]):
            continue
        for sign in SIGNS[kind]:
            if sign.element in resource and sign.differs(resource[sign.element]):
                says = "this is FHIR {version}, and R4 is read here, which has `{right}` instead of `{element}`"
                if sign.right == sign.element:
                    says = "this is FHIR {version}, and R4 is read here, which has another type of `{element}`"
                    values = {"version": sign.version, "element": sign.element}
                else:
                    values = {"version": sign.version, "element": sign.element, "right": sign.right}
                raise RecordError(says, f"{kind}.{sign.element}", "invalid", **values)
