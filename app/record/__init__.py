"""What a health record says: FHIR R4 resources to facts. No HTTP."""
