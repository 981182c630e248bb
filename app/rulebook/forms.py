"""The forms in which values of a rule book are written."""

RULE_ID, RELEASE_ID = r"^[A-Z][A-Z0-9]*(-[A-Z0-9]+)*$", r"^\d{4}\.\d+$"
NAME, WORD = r"^[a-z][a-z0-9_]*$", r"^[a-z][a-z_]*$"
SCALE, LABEL = r"^[a-z0-9]+(_[a-z0-9]+)*$", r"^[a-z0-9]+(-[a-z0-9]+)*$"
TEST, SETTING, HAZARD = r"^tests/[\w/]+\.py::test_\w+$", r"^TRIAGE_[A-Z_]+$", r"^HAZ(-[A-Z0-9]+)+$"
DATE, ADDRESS = r"^\d{4}-\d{2}-\d{2}$", r"^https://[^\s/]+/\S+$"

RIGHT = {
    "string_type": "a text",
    "string_too_short": "a text, not an empty one",
    "bool_type": "`true` or `false`",
    "bool_parsing": "`true` or `false`",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "greater_than": "a number above {gt}",
    "greater_than_equal": "{ge} or more",
    "less_than": "a number below {lt}",
    "less_than_equal": "{le} or less",
    "literal_error": "{expected}",
    "list_type": "a list",
    "tuple_type": "a list",
    "too_short": "a list of at least {min_length}",
    "too_long": "a list of at most {max_length}",
    "dict_type": "a map",
    "model_type": "a map",
    "model_attributes_type": "a map",
}
"""What would be right, by the kind of error as pydantic names it."""
FORMS = {
    RULE_ID: "capitals and digits, words with `-` between, such as `EXC-MINOR`",
    RELEASE_ID: "a year and a number, such as `2026.3`",
    NAME: "small letters, digits and `_`, beginning with a letter",
    SCALE: "small letters and digits, words with `_` between",
    LABEL: "small letters and digits, words with `-` between",
    TEST: "a test as `tests/file.py::test_name`",
    SETTING: "a setting as `TRIAGE_NAME`",
    HAZARD: "`HAZ-` and capitals or digits",
    DATE: "a day as `2026-11-26`",
    ADDRESS: "an address that begins with `https://`, a host and a path",
    WORD: "small letters and `_`, beginning with a letter",
}
"""What is written in a form, by its pattern."""
