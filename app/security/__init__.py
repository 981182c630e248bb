"""Keys, tokens, limits and receipts, alike for every face."""
