"""Marks, as models write them and as they are shown."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.retrieval.answering.citations import MarkFilter, MarkGuard, without_marks
from core.retrieval.answering.code import CodeLexer
from core.retrieval.answering.marks import marks_in, places, unsettled

ALLOWED = {1, 2, 3}
NASTY = st.lists(
    st.sampled_from(
        re.findall(
            r"\S+",
            "[1] [9] [1, 9] [1-3] 【2】 【2†L1】 [^3] [source 1 [Source 2] [ 1 ] ] ( ) (http://x) [x](y) ` `` ``` ~~~ "
            "[2024] [0,1] [0] word . , [[1]] [1][1] \\` > - 1. # é 🙂 ```py ] [ 12 †",
        )
    )
    | st.sampled_from([" ", "  ", "\n", "\n\n", "\t"])
    | st.text("[]【】(0123 ,-^`~\n\\as", max_size=6),
    max_size=25,
).map("".join)


def filtered(*chunks: str, allowed: set[int] = ALLOWED, prefix: str = "") -> str:
    marks = MarkFilter(allowed, prefix)
    return "".join(marks.feed(chunk) for chunk in chunks) + marks.finish()


def guarded(*chunks: str, prefix: str = "") -> str:
    guard = MarkGuard(ALLOWED, prefix)
    return "".join(guard.feed(chunk) for chunk in chunks) + guard.finish()


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("It is so [1].", "It is so [1]."),
        ("It is so [9].", "It is so."),
        ("It is so [1, 2].", "It is so [1][2]."),
        ("It is so [1,9; 3].", "It is so [1][3]."),
        ("It is so [1-3].", "It is so [1][2][3]."),
        ("It is so [2–4].", "It is so [2][3]."),
        ("It is so [1] [2][2].", "It is so [1][2]."),
        ("It is so [9] [2].", "It is so [2]."),
        ("It is so【1】【2†source】.", "It is so[1][2]."),
        ("It is so [^1] [source 2] [Sources 2 and 3].", "It is so [1][2][3]."),
        ("It is so [5, 7].", "It is so."),
        (
            "See [1](http://x.org) and [the text](http://y.org) [9].",
            "See [1](http://x.org) and [the text](http://y.org).",
        ),
        ("- [ ] to do\n- [x] done [1]", "- [ ] to do\n- [x] done [1]"),
        ("In [2024] and in [0, 1].", "In [2024] and in [0, 1]."),
        ("Not one [0].", "Not one."),
        ("`a[9]` and ``b[9]`c`` [9]", "`a[9]` and ``b[9]`c``"),
        ("```py\na[9]\n``` \nafter [9]", "```py\na[9]\n``` \nafter"),
        ("~~~\n[9]\n```\n[9]\n~~~\n[9]", "~~~\n[9]\n```\n[9]\n~~~\n"),
        ("- item:\n  ```\n  a[9]\n  ```\n- [9] two", "- item:\n  ```\n  a[9]\n  ```\n- two"),
        ("A stray ` tick [9] here.\nAnd [9] on.", "A stray ` tick here.\nAnd on."),
        ("cut off [1", "cut off"),
        ("cut off [see", "cut off [see"),
        ("It is so [[1], [2]] [[3]].", "It is so [1][2][3]."),
        ("It is so [9 [3]] [8 【7】].", "It is so [3]."),
        ("cut off [9 [3", "cut off"),
        (r"It is so \[1\] \[9\].", "It is so [1]."),
        ("It is so [1](see below) [9](see above).", "It is so [1] (see below) (see above)."),
        (
            "See [the [9] text](http://y.org) and [[2]](http://z.org).",
            "See [the text](http://y.org) and [[2]](http://z.org).",
        ),
        ("The matrix [[0, 1], [1, 0]].", "The matrix [[0, 1], [1, 0]]."),
    ],
)
def test_marks_are_put_right(written: str, shown: str) -> None:
    """Valid marks are written alike, others vanish with the blank before them, code and links stay."""
    assert filtered(written) == shown


@given(NASTY, st.data())
def test_the_filter_does_not_care_how_the_answer_is_cut(text: str, data: st.DataObject) -> None:
    """Any chunks give what the whole text gives."""
    cuts = sorted(data.draw(st.sets(st.integers(0, len(text)))) | {0, len(text)})
    assert filtered(*(text[a:b] for a, b in pairwise(cuts))) == filtered(text)


@given(NASTY, st.data())
def test_no_false_mark_passes_the_guard(text: str, data: st.DataObject) -> None:
    """Whatever comes, what is shown outside code names only passages that are there, and only a bracket changes."""
    cuts = sorted(data.draw(st.sets(st.integers(0, len(text)))) | {0, len(text)})
    shown = guarded(*(text[a:b] for a, b in pairwise(cuts)))
    assert set(marks_in(shown)) <= ALLOWED
    assert shown == guarded(text)
    assert len(shown) == len(text)
    assert {(a, b) for a, b in zip(text, shown, strict=True) if a != b} <= {("]", ")"), ("】", ")")}


def test_the_guard_knows_what_stood_before() -> None:
    """A mark that begins in the text before is seen at its end; nothing of that text comes again."""
    assert guarded("] more [2]", prefix="so [9") == ") more [2]"
    assert guarded("] more", prefix="so [1") == "] more"
    assert guarded("b`", prefix="say `a") == "b`"
    assert filtered("b`", prefix="say `a") == "b`"


@given(NASTY)
def test_only_brackets_and_blanks_are_ever_taken_away(text: str) -> None:
    """A text without brackets passes unchanged."""
    bare = re.sub(r"[\[\]【】]", "", text)
    assert filtered(bare) == guarded(bare) == bare


def test_text_is_held_back_no_longer_than_a_mark() -> None:
    """Words go out at once; a bracket that cannot become a mark does so with the letter that shows it."""
    marks = MarkFilter(ALLOWED)
    assert marks.feed("Hello") == "Hello"
    assert marks.feed(" [") == ""
    assert marks.feed("a") == " [a"
    assert marks.feed(" [1") == ""
    assert marks.feed("]") == ""
    assert marks.feed(".") == " [1]."


def test_an_endless_row_of_marks_is_not_held_back() -> None:
    """A model that repeats one mark for ever fills no buffer."""
    marks = MarkFilter(ALLOWED)
    shown = "".join(marks.feed("[1]") for _ in range(10_000))
    assert shown == "[1]"
    assert len(marks._buffer) <= 5


def test_a_continued_answer_knows_that_it_is_inside_a_fence() -> None:
    """What follows a prefix that opened a fence is code until the fence is closed."""
    assert filtered("a[9]\n```\nb [9]", prefix="Look:\n```py\n") == "a[9]\n```\nb"
    assert filtered(" [9] on", prefix="Some text") == " on"


def test_lists_of_numbers_stay_where_there_are_no_sources() -> None:
    """Without sources a lone mark is dropped, a list of numbers is a list."""
    assert filtered("The list [1, 2, 3] is short [1].", allowed=set()) == "The list [1, 2, 3] is short."
    assert without_marks("So it is [1][2].") == "So it is."


def test_marks_in_gives_the_shown_ones_in_order() -> None:
    """Code and links are no marks; the first appearance counts."""
    assert marks_in("b [2] a [1] `x[3]` [4](http://x) [2]\n```\n[5]\n```\n[6]") == [2, 1, 6]


def test_a_place_is_where_the_mark_stands() -> None:
    """The spans count the characters of the whole text, code among them."""
    text = "`x[3]` b [2]\n```\n[5]\n```\n[12] [1](http://x)"
    assert [(text[place.start : place.end], place.mark) for place in places(text)] == [("[2]", 2), ("[12]", 12)]


def test_code_at_the_end_may_not_be_settled() -> None:
    """One more backtick makes prose of a span that was just closed."""
    assert unsettled("so `a[9]`")
    assert unsettled("```py [9]")
    assert not unsettled("so `a[9]` ")
    assert not unsettled("so `a`")


LONG = st.lists(st.sampled_from(["`", "```", "~~~", "\n", " " * 60, "x" * 150, "z" * 199, "\\", "- "]), max_size=9).map(
    "".join
)


@given(NASTY | LONG, st.data())
def test_code_is_told_from_prose_however_it_is_cut(text: str, data: st.DataObject) -> None:
    """The lexer loses nothing, and classes every character alike for any chunks."""

    def classed(chunks: list[str]) -> list[tuple[str, bool]]:
        lexer = CodeLexer()
        segments = [s for chunk in chunks for s in lexer.feed(chunk)] + lexer.feed("", final=True)
        return [(character, code) for code, piece, _ in segments for character in piece]

    cuts = sorted(data.draw(st.sets(st.integers(0, len(text)))) | {0, len(text)})
    whole = classed([text])
    assert "".join(character for character, _ in whole) == text
    assert classed([text[a:b] for a, b in pairwise(cuts)]) == whole
