"""The service under stress, on the loopback: killed workers, overload, very many connections, hours of requests.

Kept is what no tool of others does. Noise at the faces is Schemathesis's, raw bytes are in `tests/wire`.
`python -m tools.stress` runs every scenario, or those that are named; `--quick` runs small forms that show in seconds
that the service holds and that the scenario can tell.
"""
