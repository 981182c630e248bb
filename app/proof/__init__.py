"""Explanations, comparisons and proofs, all from a compiled release."""
