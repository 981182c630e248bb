"""Many candidates at once, as columns."""
