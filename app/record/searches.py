"""Which reads and searches bring the record of a patient."""

from app.core.codes import Codes


def searches(questionnaire: str, codes: Codes, patient: str) -> dict[str, str]:
    """Return reads and searches by type, by what they bring."""
    loinc = codes.observations.codes("loinc")
    observed = ",".join(f"http://loinc.org|{code}" for code in loinc)
    return {
        "patient": f"Patient/{patient}",
        "conditions": f"Condition?patient={patient}&_count=500",
        "medications": f"MedicationRequest?patient={patient}&_count=500",
        "allergies": f"AllergyIntolerance?patient={patient}&_count=200",
        "devices": f"Device?patient={patient}&_count=100",
        "procedures": f"Procedure?patient={patient}&_count=500",
        "observations": f"Observation?patient={patient}&code={observed}&_count=100",
        "intake": (
            f"QuestionnaireResponse?subject=Patient/{patient}&questionnaire={questionnaire}&_sort=-authored&_count=1"
        ),
    }
