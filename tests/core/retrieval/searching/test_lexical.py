"""The index of words, on a real disk."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.ids import new_id
from core.models import Passage
from core.retrieval.searching.lexical import Damaged, Lexical


def passage(text: str, document_id: str = "d", title: str = "T", heading: str | None = None) -> Passage:
    return Passage(new_id(), document_id, title, 0, text, heading, None, 0, len(text))


def opened(folder: Path | None, *passages: Passage) -> Lexical:
    index = Lexical(folder)
    assert index.open() == {}
    index.change([], [passages])
    return index


def test_the_passage_with_the_rarer_words_comes_first(tmp_path: Path) -> None:
    """And what has none of the words is not found."""
    one, two, three = passage("the tide at the wall"), passage("the tide and the ZX-9000"), passage("nothing else")
    index = opened(tmp_path, one, two, three)
    assert [name for name, _ in index.search("tide ZX-9000", 5)] == [two.id, one.id]
    assert index.search("tide ZX-9000", 1) == index.search("tide ZX-9000", 5)[:1]
    weights = index.weights("tide ZX-9000 whale")
    assert weights["zx9000"] > weights["tide"] > 0
    assert weights["whale"] > weights["zx9000"]


def test_titles_and_headings_are_searched_too(tmp_path: Path) -> None:
    """Their words count like those of the text."""
    titled, headed = passage("Words.", title="The ferry"), passage("Words.", heading="Times › Winter")
    index = opened(tmp_path, titled, headed)
    assert [name for name, _ in index.search("ferry", 5)] == [titled.id]
    assert [name for name, _ in index.search("winter times", 5)] == [headed.id]


def test_a_filter_lets_through_its_documents_alone(tmp_path: Path) -> None:
    """However well others fit, and however many they are."""
    many = [passage("tide tide tide", f"d{i}") for i in range(300)]
    mine = passage("a long text in which the tide is named but once", "mine")
    index = opened(tmp_path, *many, mine)
    assert [name for name, _ in index.search("tide", 5, {"mine"})] == [mine.id]
    assert index.search("tide", 5, set()) == index.search("tide", 5, {"unknown"}) == []


@pytest.mark.parametrize(
    "query",
    ["tide AND (", 'text:"tide', "tide~9^3 +-*?", "tide\\", "tide [a TO b]", "{}<>=tide;--", "tide\0\ud800",
     "t" * 9999 + " tide", " ".join(f"w{i}" for i in range(2_000)) + " tide", "🌊 tide", "/tide/", "title:x tide"],
)  # fmt: skip
def test_whatever_a_person_writes_is_words(tmp_path: Path, query: str) -> None:
    """Nothing is a query language, and nothing breaks it."""
    found = passage("the tide")
    assert [name for name, _ in opened(None, found).search(query, 5)] == [found.id]


@pytest.mark.parametrize("query", ["", " ", "?!…", "🌊", "\0", "\ud800", "()"])
def test_without_a_word_nothing_is_found(query: str) -> None:
    """As there is nothing to look for."""
    assert opened(None, passage("the tide 🌊")).search(query, 5) == []


def test_it_is_there_again_after_a_restart(tmp_path: Path) -> None:
    """With what was removed gone, and what it holds counted by document."""
    kept = passage("the tide", "kept")
    index = opened(tmp_path, kept, passage("the tide", "kept"), passage("the tide", "gone"))
    index.change(["gone"], [])
    assert len(index.search("tide", 5)) == 2
    index.close()
    again = Lexical(tmp_path)
    assert again.open() == {"kept": 2}
    assert kept.id in [name for name, _ in again.search("tide", 5)]
    again.change(["kept"], [[passage("the ebb", "kept")]])
    assert again.search("tide", 5) == []


@pytest.mark.parametrize("harm", ["garbage", "cut", "meta", "older"])
def test_a_damaged_index_is_made_anew(tmp_path: Path, harm: str) -> None:
    """Whatever happened to its files; one of another format goes."""
    opened(tmp_path, passage("the tide")).close()
    (folder,) = tmp_path.iterdir()
    for path in folder.iterdir():
        if harm == "garbage" or (harm == "meta" and path.name == "meta.json"):
            path.write_bytes(b"\xff" * 100)
        elif harm == "cut":
            path.write_bytes(path.read_bytes()[:7])
    if harm == "older":
        folder.rename(tmp_path / "lexical-0")
    index = Lexical(tmp_path)
    assert index.open() == {}
    found = passage("the tide")
    index.change([], [[found]])
    assert [name for name, _ in index.search("tide", 5)] == [found.id]
    assert [path.name for path in tmp_path.iterdir()] == [folder.name]


def test_a_folder_that_cannot_be_written_is_said_to_be_damaged(tmp_path: Path) -> None:
    """Who keeps the index tries again later."""
    (tmp_path / "file").write_text("x")
    with pytest.raises(Damaged):
        Lexical(tmp_path / "file").open()
