"""Texts become passages that the embedding model reads whole."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from core.retrieval.outline import Block, Text
from core.retrieval.read import read
from core.retrieval.split import LIMIT, embedded, split
from core.retrieval.tokens import MODEL_LIMIT, count_tokens
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
