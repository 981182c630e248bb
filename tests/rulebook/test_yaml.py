"""Whatever stands in a rule file, the answer is data or a complaint with file and line."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from errno import ENOSPC
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.facts import Fact
from app.core.rules import Release, Review
from app.engines import rules_folder
from app.rulebook.book import read_book
from app.rulebook.files import DEEPEST, UNPRINTABLE, BrokenRuleBookError, Where, read, write_whole
from app.rulebook.load import RuleBook, build, load
from app.rulebook.ordering import write_orders
from app.rulebook.signing import sign, stands_against, why_unsigned
from tests.amounts import amount

BILLION = "- &a [x]\n" + "".join(f"- &{b} [*{a}, *{a}]\n" for a, b in zip("abcdefg", "bcdefgh", strict=True))


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("a: b\nc: d\x07\n", 2, "U+0007 is no text"),
        ('a: b\nc: "d\\a"\n', 2, "U+0007 is no text"),
        ("a: \x85b\nc: \x00\n", 2, "U+0000 is no text"),
        ("a: b\n? {c: d}\n: 1\n", 2, "a key is one word"),
        ("a: b\n? [c, d]\n: 1\n", 2, "a key is one word"),
        ("a: b\n? &x c\n: 1\n? *x\n: 2\n", 4, "a key is one word"),
        ("- b\n- &a [*a]\n", 2, "the alias `*a` is not read"),
        (BILLION, 2, "the alias `*a` is not read"),
        ("- b\n- " + "[" * 3_000 + "]" * 3_000, 2, f"more than {DEEPEST} deep"),
        ("- b\n- " + "[" * 200_000, 2, f"more than {DEEPEST} deep"),
        ("- b\n- " + "{a: " * 3_000, 2, f"more than {DEEPEST} deep"),
        ("- b\n" + "- " * 3_000 + "c\n", 2, f"more than {DEEPEST} deep"),
        ("a: b\nc: !!int x\n", 2, "`x` is no `int`"),
        ("a: b\nc: !!bool x\n", 2, "`x` is no `bool`"),
        ("a: b\nc: !!binary x\n", 2, "is no type of a rule book"),
        ("a: b\nc: !!set {x}\n", 2, "is no type of a rule book"),
        ("a: b\nc: !!python/object:os.system x\n", 2, "is no type of a rule book"),
        ("a: b\nc: " + "9" * 5_000 + "\n", 2, "at most 18 digits"),
        ("a: b\n---\nc: d\n", 2, "one document"),
        ("a: b\na: c\n", 2, "`a` is written twice"),
        ("a: b\nc: [\n", 3, "not YAML"),
        ("- a: b\n\tc: d\n", 2, "indent by spaces, not tabs"),
        ("- a: b\n  c:\n\t- d\n", 3, "indent by spaces, not tabs"),
        ("- a: b\n  c d\n  e: f\n", 3, "needs `: ` after its key"),
        ("- a: b\n  c: d: e\n", 2, "quote a text that holds `: `"),
        ("- a: b\n  c: [d\n  e: f\n", 3, "needs `,` or `]`"),
        ("- a: b\n  c: {d: e\n  f: g\n", 3, "needs `,` or `}`"),
        ("- a: b\n c: d\n", 2, "indent as the lines above, and begin each entry of a list with `- `"),
        ('- a: b\n  c: "d\n- a: e\n', 2, "a quote that begins here is not closed"),
        ("a: b\nc: 'it's'\n", 2, "close each quote"),
        ("a: b\nc: - d\n", 2, "begin `- ` on a line of its own"),
        ("# nothing\n", 2, "the file is empty"),
    ],
)
def test_what_is_no_rule_file_is_named_with_its_line(tmp_path: Path, text: str, line: int, says: str) -> None:
    path = tmp_path / "laws.yaml"
    path.write_text(text, "utf-8")
    with pytest.raises(BrokenRuleBookError) as refused:
        read(path)
    (error,) = refused.value.errors
    assert (error.file, error.line) == ("laws.yaml", line)
    assert says in error.says


EDGES = [0x00, 0x08, 0x09, 0x0B, 0x0C, 0x1F, 0x20, 0x7E, 0x7F, 0x80, 0x84, 0x85, 0x86, 0x9F, 0xA0, 0xD7FF, 0xE000]
EDGES += [0xFFFD, 0xFFFE, 0xFFFF, 0x10000, 0x10FFFF]


@pytest.mark.parametrize("place", ["c: d{}e", "c: 'd{}e'", 'c: "d{}e"', "c: d # {}"])
@pytest.mark.parametrize("code", EDGES, ids=hex)
def test_a_character_is_text_by_the_table_of_yaml_wherever_it_stands(tmp_path: Path, code: int, place: str) -> None:
    path = tmp_path / "laws.yaml"
    path.write_bytes(f"a: b\n{place.format(chr(code))}\n".encode())
    if UNPRINTABLE.match(chr(code)):
        with pytest.raises(BrokenRuleBookError, match=rf"^laws.yaml:2: the character U\+{code:04X} is no text"):
            read(path)
    elif code != 0x85:  # a line break, behind which no word stands alone
        assert read(path).data["a"] == "b"


NAMES = st.sampled_from(["a", "b", "c"])
VALUES = st.recursive(
    st.sampled_from(["x", 7, True, None]),
    lambda inside: st.lists(inside, min_size=1, max_size=3) | st.dictionaries(NAMES, inside, min_size=1, max_size=3),
    max_leaves=12,
)


def block(value: object, where: Where, lines: list[str], placed: dict[Where, int], indent: str = "") -> None:
    """Write a value in lines of its own, and note where each value stands."""
    if not isinstance(value, list | dict):
        lines[-1] += f" {str(value).lower() if value is not None else 'null'}"
        return
    for key, each in value.items() if isinstance(value, dict) else enumerate(value):
        lines.append(f"{indent}{key}:" if isinstance(value, dict) else f"{indent}-")
        # an item begins where its first member does, a member where its key does
        is_nested_item = isinstance(value, list) and isinstance(each, list | dict)
        placed[*where, key] = len(lines) + is_nested_item
        block(each, (*where, key), lines, placed, indent + "  ")


@given(st.lists(VALUES, min_size=1, max_size=4))
def test_every_value_has_its_line(tmp_path_factory: pytest.TempPathFactory, data: list[object]) -> None:
    lines: list[str] = []
    placed: dict[Where, int] = {(): 1}
    block(data, (), lines, placed)
    path = tmp_path_factory.mktemp("lines") / "laws.yaml"
    path.write_text("\n".join(lines), "utf-8")
    file = read(path)
    assert (file.data, file.lines) == (data, placed)


@pytest.mark.parametrize("text", ["a: b\nc: é\n", "a: b\r\nc: é\r\n"])
def test_text_that_is_not_utf_8_is_named_with_its_line(tmp_path: Path, text: str) -> None:
    path = tmp_path / "laws.yaml"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(BrokenRuleBookError, match=r"^laws.yaml:2: the text is not UTF-8"):
        read(path)


STRAY = [
    *("codes/extra.json", "extra.YAML", "languages/de.yml", "languages/ko/notice.yaml", "laws.yml", "notes.txt"),
    *("safety/old/hazards.yaml", "scales"),
]


def test_stray_files_are_named_and_hidden_ones_are_left(tmp_path: Path) -> None:
    folder = tmp_path / "rules"
    shutil.copytree(rules_folder(), folder)
    for name in (*STRAY, ".laws.yaml.swp", "laws.yaml~", "..data/laws.yaml"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text("a: b\n", "utf-8")
    with pytest.raises(BrokenRuleBookError) as refused:
        load(folder)
    assert [str(error) for error in refused.value.errors] == [
        f"{name}:1: no file of a rule book has this name" for name in STRAY
    ]


@pytest.mark.parametrize(
    ("fact", "right", "wrong"),
    [
        (Fact("a", "boolean", "ask", (False, True)), True, (1, 0, "true", 1.0, None)),
        (Fact("a", "integer", "ask", minimum=0, maximum=9), 1, (True, False, 1.0, "1", 10, None)),
        (Fact("a", "choice", "ask", ("yes", "no")), "no", (False, 0, "maybe", [], None)),
    ],
)
def test_a_fact_accepts_its_values_by_type_too(fact: Fact, right: object, wrong: tuple[object, ...]) -> None:
    assert fact.accepts(right)
    assert [value for value in wrong if fact.accepts(value)] == []


@pytest.mark.parametrize(
    "write",
    [
        lambda folder, release: sign(folder, release.id, release.digest, "Dr. Example", "2026-11-26"),
        lambda folder, release: write_orders(folder / "variable_order.yaml", {release.id: release}),
    ],
    ids=["sign", "order"],
)
def test_a_full_disk_leaves_the_rule_book_as_it_was(
    tmp_path: Path, book: RuleBook, monkeypatch: pytest.MonkeyPatch, write: Callable[[Path, Release], object]
) -> None:
    folder = tmp_path / "rules"
    shutil.copytree(rules_folder(), folder)
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    whole = Path.write_text

    def half(path: Path, text: str, encoding: str) -> int:
        whole(path, text[: len(text) // 2], encoding)
        raise OSError(ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_text", half)
    with pytest.raises(OSError, match="No space left") as failed:
        write(folder, book.releases["2026.1"])
    assert Path(failed.value.filename).parent == folder  # it is named by the command
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before
    monkeypatch.undo()
    assert load(folder).current == book.current


def test_a_file_behind_a_link_is_written_and_the_link_stays(tmp_path: Path) -> None:
    path, link = tmp_path / "real.yaml", tmp_path / "link.yaml"
    path.write_text("a: b\n", "utf-8")
    link.symlink_to(path)
    write_whole(link, "c: d\n")
    assert (link.is_symlink(), path.read_text("utf-8")) == (True, "c: d\n")
    assert sorted(tmp_path.iterdir()) == [link, path]


def test_what_the_next_start_refuses_is_not_signed() -> None:
    assert why_unsigned("Dr. Example", "2026-11-26", "2026-11-26") is None
    for reviewer in ("", " ", ".", "1 2", "a\nb", "a\x07"):
        assert "--reviewer" in (why_unsigned(reviewer, "2026-11-26", "2026-11-26") or "")
    for day in ("", "2026", "2026-02-31", "2026-2-3", "20260203", "26-02-03", "2026-02-03 "):
        assert "is no day" in (why_unsigned("Dr. Example", day, "2026-11-26") or "")
    assert "still to come" in (why_unsigned("Dr. Example", "2026-11-27", "2026-11-26") or "")


def test_a_withdrawn_release_is_not_signed_and_a_signature_goes_only_where_that_is_said(book: RuleBook) -> None:
    withdrawn, release = book.releases["2026.2"], book.releases["2026.3"]
    says = "2026.2 was withdrawn on 2026-11-26 and cannot be signed"
    assert {stands_against(withdrawn, "Dr. A", "2026-11-26", replace=given) for given in (False, True)} == {says}
    assert stands_against(release, "Dr. A", "2026-11-26", replace=False) is None
    signed = replace(release, reviewed=Review("Dr. A", "2026-11-26", "sha256:0"))
    assert stands_against(signed, "Dr. A", "2026-11-26", replace=False) is None
    for who, day in (("Dr. B", "2026-11-26"), ("Dr. A", "2026-11-27")):
        assert "signed by Dr. A on 2026-11-26" in (stands_against(signed, who, day, replace=False) or "")
        assert stands_against(signed, who, day, replace=True) is None


FILES = sorted(path for path in rules_folder().rglob("*.yaml"))
BITS = [
    "",
    " ",
    "\n",
    "-",
    ":",
    "? ",
    "[",
    "]",
    "{",
    "}",
    "&a ",
    "*a",
    "!!int ",
    "|",
    "\x07",
    "1",
    "true",
    "~",
    "\u00e9",
]


@settings(max_examples=amount(15, 1_000), deadline=None, derandomize=True)
@given(st.integers(0, len(FILES) - 1), st.integers(0, 2**32), st.lists(st.sampled_from(BITS), min_size=1, max_size=4))
def test_a_damaged_rule_book_gets_complaints_and_no_traceback(
    tmp_path_factory: pytest.TempPathFactory, file: int, seed: int, bits: list[str]
) -> None:
    folder = tmp_path_factory.mktemp("book")
    shutil.copytree(rules_folder(), folder, dirs_exist_ok=True)
    path = folder / FILES[file].relative_to(rules_folder())
    text = path.read_text("utf-8")
    random = Random(seed)
    for bit in bits:
        at = random.randrange(len(text))
        text = text[:at] + bit + text[at + random.randrange(3) :]
    path.write_text(text, "utf-8")
    try:
        _, errors = build(read_book(folder))
    except BrokenRuleBookError as refused:
        errors = refused.errors
    finally:
        shutil.rmtree(folder)
    assert all(error.file and error.line >= 1 and error.says for error in errors)
