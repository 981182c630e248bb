"""Figures beside the most or the least that they should be."""


def beside(figure: float, most: float | None = None, least: float | None = None, digits: int = 1) -> str:
    """Return a figure with its aim, and whether it is missed."""
    shown = f"{figure:.{digits}f}"
    if most is not None:
        shown += f" (<= {most:g}{'' if figure <= most else ', MISSED'})"
    if least is not None:
        shown += f" (>= {least:g}{'' if figure >= least else ', MISSED'})"
    return shown
