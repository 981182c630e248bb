"""The CDS Hooks interface: version 2.0, with version fields of 3.0."""
