"""The FHIR R4 interface: questionnaire, plan definition, and its application."""
