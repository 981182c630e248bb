"""English sentences in what should be Korean: runs of Latin words that are no title, name, id or unit."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser

RUN = re.compile(r"[A-Za-z][A-Za-z'.-]*(?:[ ,;:]+[A-Za-z][A-Za-z'.-]*){2,}")
"""Three or more Latin words."""
COMMON = re.compile(r"(?<![\w'.-])[a-z]{2,}(?![\w'-])")
"""A word of a sentence: names and titles begin with a capital."""
QUOTED = re.compile(r"`[^`]*`|https?://\S+|\b\S+\.(?:com|org|net|uk|kr|jp|ca|sa)\S*")
"""What a message quotes: facts, values, headers, addresses."""
NAMES = frozenset(
    {"id", "rule", "facts", "fact", "document", "section", "url", "public_url", "digest", "pathway", "key"}
)
"""Members that hold names, titles and ids."""
NAMED_ATTRIBUTES = ("aria-label", "alt", "title", "placeholder", "data-shared")


def english_in(text: str) -> list[str]:
    """Return the runs of Latin words that read as English."""
    runs: list[str] = RUN.findall(QUOTED.sub("·", text))
    return [run for run in runs if COMMON.search(run)]


def texts_of(part: object, key: str = "") -> Iterator[str]:
    """Yield every text of a JSON value that is no name, title or id."""
    if isinstance(part, dict):
        for name, each in part.items():
            yield from texts_of(each, name)
    elif isinstance(part, list):
        for each in part:
            yield from texts_of(each, key)
    elif isinstance(part, str) and key not in NAMES:
        yield part


class _Page(HTMLParser):
    """The texts of a page: what stands between tags, and attributes that are read aloud."""

    VOID = frozenset({"meta", "link", "input", "br", "hr", "img", "path", "rect", "line", "circle", "use"})

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self._within: list[tuple[str, bool]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.texts += [value for name in NAMED_ATTRIBUTES if (value := given.get(name))]
        if tag not in self.VOID:
            is_marked = tag == "del" and given.get("lang") == "en"
            self._within.append((tag, is_marked or tag in ("code", "script", "style", "cite")))

    def handle_endtag(self, tag: str) -> None:
        while self._within and self._within.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if not any(skipped for _, skipped in self._within):
            self.texts.append(data)


def texts_of_page(html: str) -> list[str]:
    """Return the texts of a page, without code and titles.

    A comparison may mark as English what only an older release said, which no language has.
    """
    page = _Page()
    page.feed(html)
    return page.texts
