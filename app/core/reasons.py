"""Why a resource of a record is in its place.

`rules/codes/sentences.yaml` has a sentence for each.
"""

from typing import Literal, get_args

Used = Literal["current", "history", "ended_recently", "answered", "born"]
Asked = Literal[
    "too_old",
    "no_date",
    "open_value",
    "suspected",
    "other_place",
    "no_place",
    "contradicted",
    "newer_question",
    "open_status",
    "planned",
    "refers_to_error",
    "open_use",
    "both_uses",
    "as_needed",
    "end_unknown",
    "given_once",
    "not_final",
    "form_not_finished",
    "form_without_date",
    "born_range",
    "age_differs",
]
NotUnderstood = Literal[
    "unknown_system",
    "text_alone",
    "no_code",
    "unknown_code",
    "words_of_a_fact",
    "unknown_name",
    "unknown_answer",
    "dead_reference",
    "nobodys",
    "unknown_modifier",
    "unknown_status",
    "wrong_date",
    "unknown_question",
    "wrong_answer",
    "too_many",
]
SetAside = Literal[
    "refuted",
    "in_error",
    "ended",
    "not_done",
    "not_ordered",
    "somebody_elses",
    "overruled",
    "local_use",
    "no_value",
    "cannot_answer",
    "newer_form",
]
Irrelevant = Literal["no_fact", "kind_not_read", "other_form"]
Left = Literal[
    "unread_resources",
    "unread_answers",
    "unread_codings",
    "not_looked_up",
    "other_patient",
    "failed_reads",
    "further_pages",
]

Reason = Used | Asked | NotUnderstood | SetAside | Irrelevant | Left
REASONS: frozenset[str] = frozenset(
    name for kind in (Used, Asked, NotUnderstood, SetAside, Irrelevant, Left) for name in get_args(kind)
)
