"""The pages: intake, decision, rule browser; rendered by the server."""
