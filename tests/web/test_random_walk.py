"""Random ways through the plain forms of the intake: no button loses an answer."""

import json
from collections.abc import Mapping
from html.parser import HTMLParser
from random import Random

import pytest
from fastapi.testclient import TestClient

from tests.web.test_flow import Fields, posted

PASSED_ON = {"page", "ruleset", "finished", "skipped", "changing"}
NO = {"false": "no", "none": "no", "true": "yes"}
STEPS = 60


class Form(HTMLParser):
    """What a page of the intake holds: fields, choices, buttons."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.fields: Fields = []
        self.choices: list[tuple[str, str, str]] = []
        """Name, value, and the group of those that go with "None of these"."""
        self.chosen: set[tuple[str, str]] = set()
        self.buttons: list[tuple[str, str]] = []
        self.answers: dict[str, str] = {}
        self._select = ""
        self.feed(page.split("</head>")[1])

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        name, value = given.get("name", ""), given.get("value", "")
        match tag, given.get("type"):
            case "form", _:
                self.answers = {v if n == "unknown" else n: v for n, v in json.loads(given["data-answers"])}
                self.answers |= {v: "unknown" for n, v in json.loads(given["data-answers"]) if n == "unknown"}
            case "input", "hidden":
                self.fields.append((name, value))
            case "input", "radio" | "checkbox":
                self.choices.append((name, value, given.get("data-checkbox-exclusive-group", "")))
                self.chosen |= {(name, value)} if "checked" in given else set()
            case "input", "text":
                self.chosen |= {(name, value)} if value else set()
            case "select", _:
                self._select = name
            case "option", _ if value and "selected" in given:
                self.chosen.add((self._select, value))
            case "button", "submit" if name == "go":
                self.buttons.append((name, value))

    @property
    def asked(self) -> list[str]:
        return [value for name, value in self.fields if name == "asked"]

    def known(self) -> dict[str, str]:
        """Every answer: those of other pages, and those that this one shows or passes on."""
        found = {name: NO.get(text, text) for name, text in self.answers.items() if name not in PASSED_ON}
        found = {name: text for name, text in found.items() if name not in self.asked}
        was = dict(value.split("=") for name, value in self.fields if name == "was")
        found |= {name: "no" for name, value in was.items() if NO.get(value) == "no"}
        groups = {value: group for name, value, group in self.choices if name == "yes"}
        some = {groups[value] for name, value in self.chosen if name == "yes"}
        some |= {value for name, value in self.chosen if name == "nothing"}
        found |= {name: "no" for name, group in groups.items() if group in some}
        for name, value in self.chosen:
            if name == "yes":
                found[value] = "yes" if NO.get(was.get(value, "none")) else was[value]
            elif name == "unsure":
                found[value] = "unknown"
            elif name != "nothing":
                found[name] = NO.get(value, value)
        return found

    def choose(self, random: Random) -> None:
        """Tick, or take away, one of the choices."""
        name, value, group = random.choice(self.choices)
        if name == "nothing" or (name == "yes" and ("nothing", group) in self.chosen):
            away = {v for n, v, g in self.choices if g == group}
            self.chosen = {(n, v) for n, v in self.chosen if v not in away}
        if name in ("yes", "unsure"):
            self.chosen -= {("unsure" if name == "yes" else "yes", value)}
        elif name != "nothing":
            self.chosen = {(n, v) for n, v in self.chosen if n != name}
        self.chosen ^= {(name, value)}


def lost(before: Mapping[str, str], after: Mapping[str, str]) -> dict[str, str]:
    """What is answered no longer, or otherwise; a tick that asks further is a question next."""
    further = ("autoimmune_skin_disease", "isotretinoin")
    return {n: v for n, v in before.items() if after.get(n) != v and not (n in further and v == "yes")}


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(1, 10))])
def test_no_button_of_the_intake_loses_an_answer(client: TestClient, seed: int) -> None:
    random = Random(seed)
    form = Form(client.get("/intake").text)
    way: list[str] = []
    for _ in range(STEPS):
        for _ in range(random.randrange(3) if form.choices else 0):
            form.choose(random)
        name, go = random.choice([*form.buttons, ("go", "stay"), ("", ""), ("", ""), ("", "")])
        way.append(f"{form.asked[:2]} {go}")
        path = "/all" if go == "all" or (go == "stay" and len(form.asked) > 30) else "/intake"
        language = random.choice(["en", "ko"])
        before = form.known()
        fields = [*form.fields, *form.chosen, *([(name, go)] if name else [])]
        form = Form(posted(client, fields, f"{path}?lang={language}"))
        assert lost(before, form.known()) == {}, way[-4:]
