"""Names of what must not be missed, as people write them."""

import pytest

from app.rulebook.load import RuleBook
from tests.fhir.resources import Resource
from tests.record.test_dosages import taken
from tests.record.test_statuses import allergy, read

ISOTRETINOIN = "Roaccutane 20mg|Ro-accutane|Curacne|Oratane|13-cis retinoic acid|이소 트레티노인 10mg|로아큐탄|이소티논"


@pytest.mark.parametrize("name", ISOTRETINOIN.split("|"))
def test_isotretinoin_is_known_by_its_names(book: RuleBook, name: str) -> None:
    assert read(book, taken(name, "once daily")).facts == {"isotretinoin": "current"}


@pytest.mark.parametrize("name", ["MMF", "FK506 capsule", "MTX", "엠티엑스", "메토트렉세이트", "mycophenolate tabs"])
def test_a_medicine_against_the_immune_system_is_known_by_its_names(book: RuleBook, name: str) -> None:
    assert read(book, taken(name, "once daily")).facts["systemic_immunosuppression"] is True


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(
            (each, True)
            for each in [
                "Novocain",
                "lidocaine",
                "ester caines",
                "국소 마취제",
                "리도카인",
                "마취 크림",
                "nickel",
                "니켈",
            ]
        ),
        *(
            (each, None)
            for each in ["anaesthesia", "마취", "costume jewellery", "exosomes", "PDRN", "topical retinoids", "금속"]
        ),
    ],
)
def test_an_allergy_is_known_or_asked_by_its_names(book: RuleBook, name: str, value: bool | None) -> None:
    named: Resource = allergy("active") | {"code": {"text": name}}
    found = read(book, named)
    assert found.facts.get("product_allergy") is value
    assert ("product_allergy" in found.doubted) == (value is None)
