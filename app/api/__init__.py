"""The HTTP face: JSON in, JSON or a problem document out."""
