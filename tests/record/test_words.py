"""What only words tell is named with the facts that it might concern, in either language and every number."""

import pytest

from app.core.words import Words
from app.rulebook.load import RuleBook
from tests.fhir.resources import LOINC, Resource, condition, observation
from tests.record.test_statuses import read

TOLD = {
    "suspicious_lesion": "melanomas|BCC of nose|squamous cell ca|lesions of face|dysplastic naevi|기저세포암",
    "systemic_immunosuppression": "kidney transplantation|transplanted liver|immune deficiency|면역 저하|신장이식",
    "electronic_implant": "deep brain stimulator|pace maker|AICD|loop recorders|심장 박동기|페이스메이커|인슐린 펌프",
    "pregnant": "gestational age 20 weeks|antenatal care|임산부|산모|임신 12주",
    "breastfeeding": "lactating|breast-feeding|모유 먹이는 중",
    "bleeding_disorder": "ITP|coagulopathy|혈소판 감소증|혈소판감소증|응고 장애",
    "anticoagulant_use": "blood thinners|on warfarin|항응고제|와파린 복용",
    "cancer_history": "lymphoma|leukaemia|metastases|breast tumours|유방암|림프종|위 암",
    "cancer_treatment": "chemo|radiation therapy|방사선 치료|항암제",
    "keloid_history": "keloids|hypertrophic scars|비후성 반흔",
    "herpes_history": "cold sores|HSV-1|단순 포진",
    "active_skin_infection": "boils|MRSA|molluscum|모낭염|연조직염",
    "open_wound_in_area": "abrasions|open sores|열상|찰과상",
    "autoimmune_skin_disease": "SLE|psoriatic arthritis|morphea|자가면역 질환",
    "primary_concern": "scalds|burns of face|화상",
    "recent_procedure": "Ultherapy|IPL|peels|dermabrasion|울쎄라|안면 거상술|쌍꺼풀 수술",
    "epilepsy_or_facial_palsy": "Bell palsy|Bell's palsy|facial paralysis|안면 마비|구안와사",
    "body_dysmorphic_disorder": "BDD|신체 이형 장애",
    "recent_tan_or_sunburn": "sun burnt|tanned|햇빛 화상|태닝",
    "tattoo_or_permanent_makeup": "tattoos|permanent make up|타투",
}
PAIRS = [(fact, said) for fact, each in TOLD.items() for said in each.split("|")]


@pytest.mark.parametrize(("fact", "said"), PAIRS, ids=[said for _, said in PAIRS])
def test_a_diagnosis_in_words_names_its_fact(book: RuleBook, fact: str, said: str) -> None:
    found = read(book, condition("") | {"code": {"text": said}})
    assert fact in found.might_concern
    assert not found.facts


@pytest.mark.parametrize(
    "said",
    [
        *("Essential hypertension", "Low back pain", "Migraine", "Chronic sinusitis", "Hyperlipidemia", "Gastritis"),
        *("고혈압", "고지혈증", "요통", "감기", "위염", "편두통", "비염", "골다공증", "역류성 식도염"),
    ],
)
def test_a_common_diagnosis_in_words_concerns_no_fact(book: RuleBook, said: str) -> None:
    assert not read(book, condition("") | {"code": {"text": said}}).might_concern


@pytest.mark.parametrize(
    "said",
    [
        "Glucose [Moles/volume] in Blood",
        "Cholesterol [Moles/volume] in Serum or Plasma",
        "Lactate [Moles/volume] in Venous blood",
        "Creatinine [Mass/volume] in Serum or Plasma",
        "Platelets [#/volume] in Blood by Automated count",
        "Epithelial cells.squamous [#/area] in Urine sediment by Microscopy high power field",
        "Body mass index (BMI) [Ratio]",
        "Heart rate",
    ],
)
def test_a_common_result_names_no_fact_that_decides(book: RuleBook, said: str) -> None:
    code: Resource = {"coding": [{"system": LOINC, "code": "1-8", "display": said}]}
    found = read(book, observation("", valueQuantity={"value": 1}) | {"code": code})
    assert set(found.might_concern) <= {"heart_disease"}


LISTED = Words(
    [
        ("mole", "mole"),
        ("blood thinner", "thinner"),
        ("혈소판감소", "platelets"),
        ("임신 준비", "planning"),
        ("면역", "x"),
    ]
)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("Moles", {"mole"}),
        ("molest, molecule, mol", set()),
        ("blood thinners", {"thinner"}),
        ("bloods thinner", {"thinner"}),
        ("thinner blood", set()),
        ("혈소판 감소증", {"platelets"}),
        ("혈 소 판 감 소", {"platelets"}),
        ("임신준비 중", {"planning"}),
        ("그날 면 역시", set()),
    ],
)
def test_words_are_found_in_the_plural_and_in_compounds(said: str, meant: set[str]) -> None:
    assert set(LISTED.found(said)) == meant
