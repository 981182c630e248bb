"""What all pages share: templates, words, policy, language of a request."""

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any

from fastapi import Query, Request
from fastapi.responses import HTMLResponse
from jinja2 import ChainableUndefined, ChoiceLoader, Environment, PackageLoader, select_autoescape
from markupsafe import Markup, escape

from app.core.engine import Engine, Engines
from app.core.languages import DEFAULT
from app.core.memo import Memo
from app.core.precedence import Decision
from app.core.rules import Release
from app.proof.compare import compare
from app.proof.report import facts_in_words
from app.proof.safety import SafetyCase
from app.proof.texts import current_in
from app.proof.verify import Verification, Verifier
from app.web.drawings import drawing
from app.web.form import REFERENCE, Filled, as_field, read_form
from app.web.listing import listing, one_in
from app.web.names import Names
from app.web.safety import safety_values

CONNECT = "connect-src 'self'"
POLICY = (
    f"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; {CONNECT}; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""No inline script or style, nothing from another host, no frame around a page."""
DESIGN = ("wagtailnhsukfrontend", "static/wagtailnhsukfrontend")
"""The compiled files of NHS.UK frontend, in the package that carries them; none of its code runs."""
DAY = re.compile(r"\d{4}-\d\d-\d\d")
LANGUAGES = ("en", "ko")
Ruleset = Annotated[str, Query(max_length=32)]


@dataclass(frozen=True)
class Ehr:
    """A FHIR server whose users may launch the intake.

    `client` is our id there. `origins` are its own and that of its sign-in: what a browser may connect to.
    """

    iss: str
    client: str
    origins: tuple[str, ...]


class Words(dict[str, str]):
    """The words of the pages; a missing one fails the page."""

    def __missing__(self, name: str) -> str:
        # no LookupError: Jinja takes that for an undefined value, and writes nothing
        raise ValueError(f"the pages have no word `{name}`")


def load_texts() -> dict[str, Words]:
    """Return the words of the pages by language: data in `texts/`."""
    return {language: _words(language) for language in LANGUAGES}


def _words(language: str) -> Words:
    words = Words()
    for file in sorted((files("app.web") / "texts" / language).iterdir(), key=lambda each: each.name):
        given = json.loads(file.read_text("utf-8"))
        if twice := words.keys() & given.keys():
            raise ValueError(f"{file.name}: {', '.join(sorted(twice))} stand in another file of `texts/{language}` too")
        if taken := [name for name in given if hasattr(dict, name)]:
            raise ValueError(f"{file.name}: a template reads `{taken[0]}` as a method of `dict`")
        words.update(given)
    return words


def dated(text: object) -> Markup:
    """Return a text whose days do not break across lines."""
    return Markup(DAY.sub(r'<span class="ct-day">\g<0></span>', str(escape(text))))  # noqa: S704 - escaped


def design_css() -> str:
    """Return the name of the design system's style sheet."""
    folder = files(DESIGN[0]).joinpath(DESIGN[1], "css")
    return next(file.name for file in folder.iterdir() if file.name.endswith(".min.css"))


class Pages:
    """The pages of all releases: templates, words of every language, proofs."""

    def __init__(
        self,
        engines: Engines,
        root: str,
        safety: Mapping[str, SafetyCase],
        cases: Path | None = None,
        ehrs: Sequence[Ehr] = (),
    ) -> None:
        """`root` is the public path, `cases` the golden patients of a checkout."""
        self.engines = engines
        self.safety = safety
        self.cases = cases
        self.ehrs = ehrs
        origins = dict.fromkeys(origin for ehr in ehrs for origin in ehr.origins)
        self.connected = POLICY.replace(CONNECT, " ".join([CONNECT, *origins]))
        """The policy of the pages that read from an EHR or write to it."""
        self.root = root
        self.texts = load_texts()
        self.environment = Environment(
            loader=ChoiceLoader([PackageLoader("app.web"), PackageLoader("nhsuk_frontend_jinja")]),
            autoescape=select_autoescape(("html", "svg", "jinja")),
            undefined=ChainableUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,  # to ask each time whether a template has changed took a fifth of a long page
        )
        self.environment.filters["in_words"] = facts_in_words
        self.environment.filters |= {"as_field": as_field, "dated": dated}
        self.environment.globals |= {"root": root, "launches": bool(ehrs)}
        self.environment.globals |= {"design_css": design_css(), "drawing": drawing}
        self.proofs = Memo[str, Verification](self._proof)
        self.shares = Memo[str, Mapping[str, float]](lambda name: Verifier(self.engines.by_id[name].release).shares())
        """Which share of the reference population each rule takes part in deciding, by release."""
        self.made = Memo[tuple[str, str, str, str], bytes](lambda asked: self._made(*asked).encode())
        """Pages that are functions of a release, by name, release, older release and language.

        Kept as they are sent: as text, a page with one letter beyond Latin takes twice as much.
        """

    def _proof(self, name: str) -> Verification:
        release = self.engines.by_id[name].release
        return Verifier(release).verify(release.laws)

    async def viewed(self, request: Request, lang: Annotated[str | None, Query(max_length=8)] = None) -> "View":
        """Return a request for a page, in the language it asks for."""
        engines = self.engines.in_language(request.headers.get("accept-language", ""), lang)
        return View(self, engines, kept=request.method == "GET")

    def render(self, template: str, language: str, release: Release, **values: Any) -> str:
        """Return a page as HTML."""
        return self.environment.get_template(template).render(
            t=self.texts[language],
            lang=language,
            said=language if release.id == self.engines.current else DEFAULT,  # an older release is English in part
            release=release,
            words=lambda d: decision_in_words(release, d),
            one_in=partial(one_in, texts=self.texts[language]),
            **values,
        )

    def problem(self, request: Request, status: int, lines: Sequence[str], headers: Mapping[str, str]) -> HTMLResponse:
        """Return a problem as a page; the first line is its heading."""
        language = headers.get("Content-Language", DEFAULT)
        release = self.engines.in_language("", language).by_id[self.engines.current].release
        html = self.render("problem.html", language, release, lines=lines, status=status)
        return HTMLResponse(html, status, {"Content-Security-Policy": POLICY, "Cache-Control": "no-store", **headers})

    def _made(self, page: str, name: str, older: str, language: str) -> str:
        engines = self.engines.in_language("", language)
        engine = engines.by_id[name]
        release = engine.release
        values: dict[str, Any] = {}
        if page in ("rules", "facts", "sources"):
            values = listing(engine, self.texts[language], list(engines.by_id), page)
        elif page == "changes":
            one, other = (self.engines.by_id[each].release for each in (older, name))
            found = compare(one, other, current_in(self.engines, language))
            values = {
                "found": found,
                "compared": [release, *([engines.by_id[older].release] if older != name else ())],
                "releases": list(engines.by_id),
                "counts": Counter(e.change for e in found.entries),
            }
        elif page == "safety":
            values = self._safety(release, language)
        elif page == "proof":
            values = {"report": self.proofs[name], "says": {law.name: law.says for law in release.laws}}
        return self.render(f"rules/{page}.html", language, release, **values)

    def _safety(self, release: Release, language: str) -> dict[str, Any]:
        texts, report = self.texts[language], self.proofs[release.id]
        return safety_values(release, self.safety[language], texts, report, self.cases)

    def printed(self, language: str) -> str:
        """Return the safety case as one file that needs no other."""
        folder = files(DESIGN[0]).joinpath(DESIGN[1], "css")
        design = re.sub(r"@font-face *\{[^}]*\}", "", (folder / design_css()).read_text("utf-8"))
        static = files("app.web") / "static"
        own, *others = ((static / name).read_text("utf-8") for name in ("style.css", "report.css"))
        style = "\n".join([f"@layer design {{{design}}}", re.sub(r"@import [^;]*;", "", own), *others])
        release = self.engines.in_language("", language).by_id[self.engines.current].release
        values = self._safety(release, language)
        return self.render("rules/safety.html", language, release, printed=Markup(style), **values)  # noqa: S704 - ours


class View:
    """One request for a page, in the language it is answered in."""

    def __init__(self, pages: Pages, engines: Engines, *, kept: bool) -> None:
        """`kept`: what is shown says nothing of anybody, and may be kept."""
        self.kept = kept
        self.pages = pages
        self.engines = engines
        self.current = engines.by_id[engines.current]
        self.texts = pages.texts[engines.language]

    def named(self, ruleset: str) -> Engine:
        """Return the engine of a release, or the current one."""
        return self.engines.find(ruleset) or self.current

    def read(self, body: bytes) -> Filled:
        """Return a posted form."""
        others = {name: engine.release for name, engine in self.engines.by_id.items()}
        return read_form(body, self.current.release, others)

    def alerts(self, filled: Filled) -> list[str]:
        """Return what is wrong with a link or a form, in sentences."""
        release, texts = self.current.release, self.texts
        found = []
        if filled.made_with:
            kept = texts["other_release" if filled.is_known else "other_release_unread"]
            found.append(kept.format(other=filled.made_with, current=release.id))
        if filled.damaged:
            found.append(texts["damaged"])
        for name in filled.wrong:
            if name == REFERENCE:
                found.append(texts["error_reference"])
            else:
                fact = release.facts[name]
                number = texts["error_number"].format(minimum=fact.minimum, maximum=fact.maximum)
                found.append(f"{Names(release, texts).fact(name)}: {number}")
        return found

    def page(
        self, template: str, release: Release, status: int = 200, *, connects: bool = False, **values: Any
    ) -> HTMLResponse:
        """Return a rendered page with its policy; `connects`: with EHRs."""
        html = self.pages.render(template, self.engines.language, release, **values)
        return self._respond(html, status, self.pages.connected if connects else POLICY)

    def made(self, page: str, ruleset: str, older: str = "") -> HTMLResponse:
        """Return a page that is a function of a release, made once."""
        return self._respond(self.pages.made[page, self.named(ruleset).release.id, older, self.engines.language])

    def _respond(self, html: str | bytes, status: int = 200, policy: str = POLICY) -> HTMLResponse:
        language = self.engines.language
        headers = {"Content-Security-Policy": policy, "Content-Language": language, "Vary": "Accept-Language"}
        headers["Cache-Control"] = "no-cache" if self.kept else "no-store"
        return HTMLResponse(html, status, headers)


def decision_in_words(release: Release, decision: Decision) -> str:
    """Return a decision as a clinician reads it."""
    words = release.wording.dispositions[decision.disposition]
    return f"{words}: {release.wording.pathways[decision.pathway]}" if decision.pathway else words
