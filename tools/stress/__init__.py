"""The service under stress, on the loopback: killed workers, hostile connections, overload, hours of requests, noise.

`python -m tools.stress` runs every scenario, or those that are named; `--quick` runs small forms that show in seconds
that the service holds and that the scenario can tell.
"""
