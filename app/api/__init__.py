"""The HTTP API: JSON in, JSON or a problem document out."""
