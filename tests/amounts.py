"""How much a test goes through: some in `make test`, many in `make test-long PART=random`."""

from hypothesis import settings


def amount(usual: int, long: int) -> int:
    """Return how many examples a test of random ones takes in this run."""
    return long if settings.get_current_profile_name() == "long" else usual
