"""The package that `openfisca serve` loads: our cases as a system of OpenFisca."""

from importlib import import_module
from typing import Any

from app.core.precedence import cases
from tools.inside import shipped
from tools.peers.openfisca import MONTH, system_of


def CountryTaxBenefitSystem() -> Any:
    """Return the system; OpenFisca looks for this name, and serves no system without a parameter."""
    release = shipped().release
    system = system_of(cases(release.rules), release.facts)
    unused = {"values": {f"{MONTH}-01": {"value": 0}}}
    system.parameters = import_module("openfisca_core.parameters").ParameterNode("", data={"unused": unused})
    return system
