"""The FHIR R4 face: questionnaire, plan definition, and its application."""
