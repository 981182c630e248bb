"""The decision; standard library only, no web, YAML or pydantic."""
