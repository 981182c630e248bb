"""Other rule engines given the same cases, to see that they decide alike and what they take for it."""
