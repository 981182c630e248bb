"""The Parameters of an operation, read one by one."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from app.record.elements import RecordError, Resource, items, text

REFERENCE = "`{name}` is a reference such as `{kind}/1`"
LONGEST = 500
"""The longest reference that is taken; it stands twice in what comes back."""


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

    @property
    def written(self) -> str:
        """What it refers to, as written; empty where that is an identifier."""
        reference = self.given.get("valueReference")
        if isinstance(reference, dict):
            return text(reference.get("reference"))
        return text(self.given.get("valueString") or self.given.get("valueId") or self.given.get("valueUri"))

    def reference(self, kind: str) -> str:
        """Return the reference to a resource of a kind, or raise `RecordError`."""
        found = self.written
        where, _, name = found.rpartition("/")
        if not name or len(found) > LONGEST or where.rpartition("/")[2] not in (kind, ""):
            raise RecordError(REFERENCE, self.where, "value", name=self.name, kind=kind)
        return found if where else f"{kind}/{name}"

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


def parameters(body: Any, once: frozenset[str] = frozenset()) -> Iterator[Parameter]:
    """Yield the parameters of a Parameters resource, or raise `RecordError`.

    Those named in `once` stand there once.
    """
    if not isinstance(body, dict) or body.get("resourceType") != "Parameters":
        raise RecordError("send a Parameters resource", "Parameters", "structure")
    said: set[str] = set()
    for place, found in enumerate(items(body.get("parameter") or [])):
        parameter = Parameter(text(found.get("name")), found, "Parameters.parameter", place)
        if parameter.name in once:
            if parameter.name in said:
                says = "`{name}` stands twice among the parameters"
                raise RecordError(says, parameter.where, "duplicate", name=parameter.name)
            said.add(parameter.name)
        yield parameter


def unknown(parameter: Parameter, known: frozenset[str]) -> RecordError:
    """Return the error about a parameter that an operation does not take."""
    names = ", ".join(f"`{name}`" for name in sorted(known))
    return RecordError("the parameters are {names}", f"{parameter.where}.name", "not-supported", names=names)
