"""Candidate Triage: which documented pathway applies, what comes first, or which facts are missing, and why.

`core` decides, `rulebook` reads the rules, `rest` speaks HTTP, `main` and `cli` wire them together.
"""
