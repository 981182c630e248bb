"""A second reading of decision.md, which shares nothing with the engine.

Nothing here imports `app`. Of the rule book it reads the order of ids and the weights of the population, no condition.
Conditions, lists and laws are written by hand for release 2026.3; a change of the rules is made here once more.
"""
