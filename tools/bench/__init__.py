"""What the service costs: `python -m tools.bench`.

Figures are ratios within one run wherever that can be, because absolute ones belong to the machine and the day they
were taken on. Nothing is asserted on time.
"""
