"""Many candidates as columns, and the decision in other engines' languages."""
