"""Query parameters: each one known, and given once."""

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl

from fastapi import Request
from fastapi.dependencies.models import Dependant
from fastapi.dependencies.utils import get_dependant
from pydantic import BaseModel

from app.api.messages import Message
from app.api.problems import MOST_ERRORS, MOST_SUGGESTIONS, FieldError, ProblemError
from app.api.strict_json import pointer_to
from app.api.validation import closest
from app.core.memo import Memo

LENIENT = ("/fhir", "/livez", "/readyz")
"""FHIR lets a server pass over parameters that it does not know; probes are asked in many ways."""
SAYS: Mapping[str, tuple[str, str]] = {
    "missing": ("missing", "is needed"),
    "extra_forbidden": ("unknown_member", "is not known here; leave it out"),
    "string_type": ("not_a_string", "write a string"),
    "string_too_long": ("too_long", "write at most {max_length} characters"),
    "too_long": ("too_many", "list at most {max_length}"),
    "dict_type": ("not_an_object", "write a JSON object"),
    "model_type": ("not_an_object", "write a JSON object"),
    "list_type": ("not_a_list", "write a list"),
    "tuple_type": ("not_a_list", "write a list"),
    "is_instance_of": ("not_a_list", "write a list"),
    "not_with_view": ("not_with_view", "view=decision tells no sources; leave `sources` out"),
}
"""For a kind of error as pydantic names it: the code, and what would be right."""


def fields_of(errors: Sequence[Any], known: Collection[str] = ()) -> list[FieldError]:
    """Return the first errors of pydantic in our words, with JSON pointers."""
    listed = errors[:MOST_ERRORS]
    unknown = [place for place, details in enumerate(listed) if details["type"] == "extra_forbidden"]
    suggested = frozenset(unknown[:MOST_SUGGESTIONS])
    return [_field(details, known if place in suggested else ()) for place, details in enumerate(listed)]


def _field(details: Mapping[str, Any], known: Collection[str]) -> FieldError:
    pointer = ""
    for step in details["loc"]:
        pointer = pointer_to(pointer, step)
    if details["type"] == "literal_error":
        words = re.findall(r"'([^']*)'", details["ctx"]["expected"])
        says = Message("write one of {listed}", listed=", ".join(f"`{word}`" for word in words))
        return FieldError(pointer, "not_an_answer", says, closest(details.get("input"), words))
    if details["type"] not in SAYS:
        reason = details["msg"][0].lower() + details["msg"][1:]
        return FieldError(pointer, details["type"], Message("this cannot be used: {reason}", reason=reason))
    code, template = SAYS[details["type"]]
    suggestion = closest(details["loc"][-1], known) if code == "unknown_member" else None
    return FieldError(pointer, code, Message(template, **details.get("ctx", {})), suggestion)


def unusable_values(errors: Sequence[Any]) -> ProblemError:
    """Return the problem of query parameters that pydantic refused."""
    named = fields_of([{**details, "loc": details["loc"][-1:]} for details in errors])
    fields = [field.model_copy(update={"pointer": f"?{field.pointer[1:]}"}) for field in named]
    more = len(errors) - len(fields)
    return ProblemError("bad-parameter", Message("a query parameter cannot be used"), errors=fields, more=more)


def read_query(query: bytes, known: Collection[str] | None) -> dict[str, str]:
    """Return the parameters of a query, or raise a problem.

    `known` are the names that are taken; without it any name is.
    """
    pairs = parse_qsl(query.decode("latin-1"), keep_blank_values=True)
    times = Counter(name for name, _ in pairs)
    repeated = [name for name in times if times[name] > 1]
    errors = [_error(name, "repeated_parameter", Message("is given more than once")) for name in repeated[:MOST_ERRORS]]
    more = len(repeated) - len(errors)
    says = Message("a query parameter cannot be used")
    if unknown := [name for name in times if known is not None and name not in known]:
        listed = ", ".join(f"`{name}`" for name in known or ())
        says = Message("a query parameter cannot be used; this takes {listed}", listed=listed or Message("none"))
        room = MOST_ERRORS - len(errors)
        more += len(unknown[room:])
        for place, name in enumerate(unknown[:room]):
            close = closest(name, known or ()) if place < MOST_SUGGESTIONS else None
            errors.append(_error(name, "unknown_parameter", Message("is no parameter here"), close))
    if errors:
        raise ProblemError("bad-parameter", says, errors=errors, more=more)
    return dict(pairs)


def _error(name: str, code: str, says: Message, suggestion: str | None = None) -> FieldError:
    return FieldError(f"?{pointer_to('', name)[1:]}", code, says, suggestion)


def check_query(request: Request) -> None:
    """Refuse a parameter that is given twice or not declared.

    Pages, which OpenAPI does not show, pass over what they do not know: links get parameters on their way.
    """
    query = request.scope["query_string"]
    if not query:
        return
    route = request.scope["route"]
    strict = route.include_in_schema and not route.path.startswith(LENIENT)
    read_query(query, _names[route.path, route.endpoint] if strict else None)


def _names_of(route: tuple[str, Callable[..., Any]]) -> tuple[str, ...]:
    """Return the query parameters that a route declares."""
    path, endpoint = route
    return tuple(_declared(get_dependant(path=path, call=endpoint)))


def _declared(dependant: Dependant) -> Iterator[str]:
    for field in dependant.query_params:
        model = field.field_info.annotation
        yield from model.model_fields if isinstance(model, type) and issubclass(model, BaseModel) else [field.alias]
    for inner in dependant.dependencies:
        yield from _declared(inner)


_names = Memo[tuple[str, Callable[..., Any]], tuple[str, ...]](_names_of)
