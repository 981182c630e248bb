"""What the service costs: `python -m tools.bench`, or some of its parts by name.

Figures are ratios within one run wherever that can be, because absolute ones belong to the machine and the day they
were taken on. Each stands beside its aim where there is one. Nothing is asserted on time.
"""
