"""The CDS Hooks face: version 2.0, with version fields of 3.0."""
