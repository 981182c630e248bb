"""The HTTP face: JSON in, JSON out, problem documents for everything that goes wrong.

`triage` and `rulesets` are the routes, `candidate` reads a body into a question for the engine, `values` checks one
fact, `json_text` reads JSON strictly, `problems` is the one shape of errors, `operation` serves what operators ask,
`explorer` serves the API explorer from this service itself.
"""
