"""The FHIR R4 face: facts from the record, the questionnaire, the plan definition and its application.

`elements` reads untrusted resources, `record` turns them into facts with provenance, `answers` reads the answers to the
questionnaire, `questionnaire` and `plan` make the resources that leave, `routes` serves them. Nothing is decided here.
"""
