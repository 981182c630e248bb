"""The Parameters of an operation, read one by one."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from app.record.elements import RecordError, Resource, items, text


class Parameter(NamedTuple):
    """One parameter, and its place in a list."""

    name: str
    given: Resource
    listed: str
    place: int

    @property
    def where(self) -> str:
        """The FHIRPath of it, which is made for an error alone."""
        return f"{self.listed}[{self.place}]"

    def resource(self) -> Resource:
        """Return the resource that it holds, or raise `RecordError`."""
        found = self.given.get("resource")
        if not isinstance(found, dict) or not isinstance(found.get("resourceType"), str):
            raise RecordError("`resource` holds a FHIR resource", self.where, "structure")
        return found

    def subject(self) -> str:
        """Return the reference to the patient, or raise `RecordError`."""
        reference = self.given.get("valueReference")
        found = text(self.given.get("valueString") or self.given.get("valueId") or self.given.get("valueUri"))
        if isinstance(reference, dict):
            found = text(reference.get("reference"))
        kind, _, name = found.rpartition("/")
        if not name or len(found) > 500 or kind.rpartition("/")[2] not in ("Patient", ""):
            raise RecordError("`subject` names the patient, such as `Patient/1`", self.where, "value")
        return found if kind else f"Patient/{name}"

    def flag(self) -> bool:
        """Return a boolean, or raise `RecordError`."""
        found = self.given.get("valueBoolean")
        if not isinstance(found, bool):
            raise RecordError("`{name}` takes `valueBoolean`", self.where, "value", name=self.name)
        return found

    def parts(self) -> Iterator["Parameter"]:
        """Yield the parts."""
        for place, part in enumerate(items(self.given.get("part") or [])):
            yield Parameter(text(part.get("name")), part, f"{self.where}.part", place)


def parameters(body: Any) -> Iterator[Parameter]:
    """Yield the parameters of a Parameters resource, or raise `RecordError`."""
    if not isinstance(body, dict) or body.get("resourceType") != "Parameters":
        raise RecordError("send a Parameters resource", "Parameters", "structure")
    for place, found in enumerate(items(body.get("parameter") or [])):
        yield Parameter(text(found.get("name")), found, "Parameters.parameter", place)


def check_once(body: Any, names: frozenset[str]) -> None:
    """Raise `RecordError` where one of these parameters stands twice."""
    said: set[str] = set()
    for parameter in parameters(body):
        if parameter.name in said:
            says = "`{name}` stands twice among the parameters"
            raise RecordError(says, parameter.where, "duplicate", name=parameter.name)
        if parameter.name in names:
            said.add(parameter.name)


def unknown(parameter: Parameter, known: frozenset[str]) -> RecordError:
    """Return the error about a parameter that an operation does not take."""
    names = ", ".join(f"`{name}`" for name in sorted(known))
    return RecordError("the parameters are {names}", f"{parameter.where}.name", "not-supported", names=names)
