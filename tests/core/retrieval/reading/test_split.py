"""Texts become passages that the embedding model reads whole."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from core.retrieval.encoders.tokens import MODEL_LIMIT, count_tokens
from core.retrieval.reading.outline import Block, Text
from core.retrieval.reading.read import read
from core.retrieval.reading.split import LIMIT, by_words, embedded, split
from tests.core.retrieval.conftest import SAMPLES


def words(text: str) -> int:
    return len(text.split())


def document(*texts: str, heading: str | None = None) -> Text:
    return Text("T", tuple(Block(text, heading) for text in texts))


BLOCKS = st.lists(
    st.builds(
        Block,
        st.one_of(
            st.text(min_size=1, max_size=900),
            st.lists(st.sampled_from(["word", "Sentence.", "a,", "\n", "漢字", "é", "disestablishment"])).map(" ".join),
            st.sampled_from(["x" * 5000, "漢字" * 400, "a.b" * 900, "One. " * 300, "🙂" * 300]),
        ).filter(lambda text: bool(text.strip())),
        st.sampled_from([None, "A", "A › B", "h" * 300]),
        st.sampled_from([None, 1, 2]),
        st.sampled_from(["text", "code", "row"]),
    ),
    max_size=6,
)


@settings(max_examples=60, deadline=None)
@given(BLOCKS)
def test_nothing_lies_behind_the_cut_of_the_model(blocks: list[Block]) -> None:
    """Whatever the text, every passage with its title and headings fits, by the model's own tokenizer."""
    text = Text("A title " * 20, tuple(blocks))
    for piece in split(text, count_tokens):
        assert count_tokens(piece.text) <= LIMIT
        assert count_tokens(embedded(text.title or "", piece, count_tokens)) <= MODEL_LIMIT


@settings(max_examples=60, deadline=None)
@given(BLOCKS)
def test_passages_cover_the_text_and_know_their_place(blocks: list[Block]) -> None:
    """Spans are in order, hold just the passage's text, and leave out white space only."""
    text = Text(None, tuple(blocks))
    content, end = text.content, 0
    for piece in split(text, count_tokens):
        assert content[end : piece.start].strip() == ""
        assert content[piece.start : piece.end] == piece.text
        end = piece.end
    assert content[end:].strip() == ""


def test_small_paragraphs_under_one_heading_are_merged() -> None:
    """Lines of a list are one passage."""
    (piece,) = split(document("one two", "three", "four"), words, 60)
    assert piece.text == "one two\n\nthree\n\nfour"


def test_headings_and_pages_divide() -> None:
    """A passage stands under one heading, on one page."""
    text = Text("T", (Block("a", "A"), Block("b", "B"), Block("c", "B", 2)))
    divided = [(p.text, p.heading, p.page) for p in split(text, words)]
    assert divided == [("a", "A", None), ("b", "B", None), ("c", "B", 2)]


def test_long_paragraphs_are_cut_after_sentences() -> None:
    """A cut falls where it hurts least."""
    paragraph = " ".join(f"This is sentence number {n}." for n in range(10))
    pieces = split(document(paragraph), words, 12)
    assert len(pieces) == 5
    assert all(piece.text.endswith(".") for piece in pieces)


def test_paragraphs_of_some_size_stand_alone() -> None:
    """What can be cited by itself is not lumped together."""
    paragraph = "word " * 70
    assert len(split(document(paragraph, paragraph, paragraph), words, 220)) == 3


def test_the_samples_become_short_passages() -> None:
    """Each sample gives several passages, so that a citation points to something."""
    for path in SAMPLES.iterdir():
        pieces = split(read(path.name, path.read_bytes()), count_tokens)
        assert 2 <= len(pieces) <= 8, path.name


def test_rows_of_a_table_stay_together() -> None:
    """As many as fit, where paragraphs of their length would stand alone."""
    rows = [Block("word " * 50, "A", None, "row")] * 5
    assert [words(piece.text) for piece in split(Text(None, tuple(rows)), words, 220)] == [200, 50]
    paragraphs = [Block("word " * 50, "A")] * 5
    assert [words(piece.text) for piece in split(Text(None, tuple(paragraphs)), words, 220)] == [100, 100, 50]


def test_a_long_row_is_cut_between_cells() -> None:
    """Each part begins with the name of a column."""
    row = " · ".join(f"Column {n}: some words. And more, of them" for n in range(9))
    pieces = split(Text(None, (Block(row, None, None, "row"),)), words, 40)
    assert len(pieces) > 1
    assert all(piece.text.startswith("Column") for piece in pieces)


def test_code_is_cut_at_empty_lines() -> None:
    """Before it is cut at others; its indentation stays."""
    code = "def f():\n    a = 1\n    b = 2\n\n    c = 3\n    d = 4"
    pieces = split(Text(None, (Block(code, None, None, "code"),)), words, 12)
    assert [piece.text for piece in pieces] == ["def f():\n    a = 1\n    b = 2", "    c = 3\n    d = 4"]


@settings(max_examples=100, deadline=None)
@given(
    st.text(max_size=300)
    | st.lists(st.sampled_from([*"aé漢字か한 \t\n\x1c\u00a0\u0301.-", "word", "\r\n"])).map("".join)
)
def test_counting_words_is_counting_the_text(text: str) -> None:
    """Tokens never cross the spaces at which a text is divided to be counted."""
    assert by_words(count_tokens)(text) == count_tokens(text)
