"""Keys, tokens, limits and receipts, the same for every interface."""
