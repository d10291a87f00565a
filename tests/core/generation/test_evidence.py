"""An answer never shows a mark that names no passage, and what it rests on stays as it stood."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.generation.marking import Marking
from core.models import Citation, Message
from core.retrieval.answering.marks import marks_in
from core.service import Service
from tests.core.generation.support import PATIENCE, ask, ended
from tests.fakes.openrouter import FakeOpenRouter
from tests.fakes.replies import answer

RIVERS = "The river Elbe rises in the Giant Mountains and flows into the North Sea near Cuxhaven."
SOURCES = tuple(Citation(mark, f"p{mark}", "d", "Rivers", None, RIVERS, 0.9, mark) for mark in (1, 2))


PIECES = st.sampled_from(
    [
        *re.findall(
            r"\S+",
            "The Elbe [1] [2] [3] [9 ] [1,7] 【2】 【9】 【9†a】 . [ [[9]7] [9[3]] 【[3]9】 [7](http://x [7](see",
        ),
        *re.findall(r"\S+", "[see ](http://y) ` `` ``` ~~~ `[5]` \\ \\] - 9 1 | [source [^ [[1],[2]] † ]"),
        *(" ", "\n", "The river Elbe rises in the Giant Mountains. ", "y" * 150),
    ]
)


@given(st.lists(PIECES, max_size=20).map("".join), st.lists(st.integers(1, 9), min_size=1), st.booleans(), st.data())
def test_no_mark_without_a_passage_comes_through(text: str, cuts: list[int], cites: bool, data: st.DataObject) -> None:
    """However an answer arrives, and wherever it is cut and continued, only marks of its passages are ever shown."""
    stop, stored, at = data.draw(st.integers(0, len(text))), "", 0
    marking = Marking(SOURCES, "", searched=True, cites=cites)
    for turn in range(len(text)):
        size = cuts[turn % len(cuts)]
        stored += marking.feed(text[at : at + size])
        assert set(marks_in(stored)) <= {1, 2}
        if at < stop <= at + size:
            stored += marking.finish(complete=False) if data.draw(st.booleans()) else ""  # Stopped, or killed.
            assert set(marks_in(stored)) <= {1, 2}
            marking = Marking(SOURCES, stored, searched=True, cites=cites)
        at += size
    stored += marking.finish(complete=True)
    assert set(marks_in(stored)) <= {1, 2}


def test_an_answer_that_goes_on_keeps_its_marks() -> None:
    """The second half of an answer is held to the same passages as the first."""
    marking = Marking(SOURCES, "It rises in the mountains [1", searched=True, cites=True)
    assert marking.feed("] and flows [2] far [8].") + marking.finish(complete=True) == "] and flows [2] far."


def test_where_nothing_was_searched_brackets_are_text() -> None:
    """Without a search nothing is taken away and nothing added."""
    marking = Marking((), "", searched=False, cites=True)
    assert marking.feed("a[1] [7]") + marking.finish(complete=True) == "a[1] [7]"


def test_a_model_that_does_not_cite_gets_marks_for_what_it_repeats() -> None:
    """A sentence that takes a passage's words is marked with it, and one that does not is left alone."""
    marking = Marking(SOURCES[:1], "", searched=True, cites=False)
    said = marking.feed("The river Elbe flows into the North Sea. Bananas are yellow. ")
    said += marking.finish(complete=True)
    assert said == "The river Elbe flows into the North Sea [1]. Bananas are yellow. "


@pytest.fixture
def cited(service: Service, upstream: FakeOpenRouter) -> Message:
    """An answer to a question about a document, with true and false marks in what the model said."""
    document, _ = service.library.add("rivers.txt", (RIVERS * 2).encode())
    assert service.library.wait(document.id, PATIENCE).status == "ready"
    upstream.script("fake/cites", answer("It rises in the mountains [1]", " and [7] flows [", "42]", " far [1][9]."))
    return ended(service, ask(service, "fake/cites", "Where does the river Elbe rise?", retrieve=True))


def test_a_citation_names_a_stored_passage(service: Service, cited: Message) -> None:
    """The marks that are left each have a passage, with its text, its rank and its score, saved with the stream."""
    assert "[7]" not in cited.content
    assert "[42]" not in cited.content
    assert "[9]" not in cited.content
    assert cited.content.startswith("It rises in the mountains [1] and flows")
    (citation,) = cited.citations
    passage = service.library.passage(citation.passage_id)
    assert (citation.mark, citation.rank, citation.title) == (1, 1, "rivers")
    assert (citation.quote, citation.document_id) == (passage.text, passage.document_id)
    assert 0 < citation.score <= 1.0001
    assert cited.stream_id is not None
    assert service.evidence.sources(cited.stream_id) == cited.sources


def test_a_quote_outlives_its_document(service: Service, cited: Message) -> None:
    """When the document is removed, the citation keeps the text that it stood on."""
    service.library.remove(cited.citations[0].document_id)
    again = service.chat.message(cited.id)
    assert again.citations == cited.citations
    assert RIVERS in again.citations[0].quote


def test_sources_that_no_mark_names_are_no_citations(service: Service, upstream: FakeOpenRouter) -> None:
    """What the model was given and did not use is kept as a source alone."""
    document, _ = service.library.add("rivers.txt", (RIVERS * 2).encode())
    service.library.wait(document.id, PATIENCE)
    upstream.script("fake/silent-on-sources", answer("I do not know."))
    asked = ask(service, "fake/silent-on-sources", "Where does the river Elbe rise?", retrieve=True)
    message = ended(service, asked)
    assert message.sources
    assert message.citations == ()
