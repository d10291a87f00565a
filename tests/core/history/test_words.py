"""Messages by their words, within any choice of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.history import words as module
from core.history.words import MessageWords

COUNT = 600


@pytest.fixture
def words(tmp_path: Path) -> MessageWords:
    """Messages that name the tide, the later the more often."""
    index = MessageWords(tmp_path)
    assert index.open() == 0
    index.change([], ((seq, "tide " * seq + "water " * (COUNT - seq)) for seq in range(1, COUNT + 1)))
    return index


def chosen(*seqs: int) -> np.ndarray:
    mask = np.zeros(COUNT + 1, np.bool_)
    mask[list(seqs)] = True
    return mask


@pytest.mark.parametrize("few", [0, 10_000])
@pytest.mark.parametrize("seqs", [range(1, COUNT + 1), range(1, COUNT + 1, 7), range(1, 40), (5,), ()])
def test_a_choice_loses_nothing(words: MessageWords, monkeypatch: pytest.MonkeyPatch, few: int, seqs: range) -> None:
    """Whether the messages are looked for by their numbers or among all, and even if all others fit better."""
    monkeypatch.setattr(module, "_FEW", few)
    every = [seq for seq, _ in words.search("tide", COUNT, chosen(*range(1, COUNT + 1)))]
    assert len(every) == COUNT
    expected = [seq for seq in every if seq in seqs]
    assert [seq for seq, _ in words.search("tide", 10, chosen(*seqs))] == expected[:10]
    assert [seq for seq, _ in words.search("tide", COUNT, chosen(*seqs))] == expected
    assert words.search("whale", 10, chosen(*seqs)) == []


def test_a_phrase_stands_in_that_order(words: MessageWords, monkeypatch: pytest.MonkeyPatch) -> None:
    """All of several do; numbers behind the last are left out, and of very many those that say it most stay."""
    words.change([], [(COUNT + 1, "a whale, by the sea"), (COUNT + 2, "by the whale")])
    found = words.saying([["by", "the", "sea"], ["whale"]], COUNT + 9)
    assert np.flatnonzero(found).tolist() == [COUNT + 1]
    assert not words.saying([["by", "the", "sea"]], COUNT).any()
    assert words.saying([["tide", "water"]], COUNT + 9).sum() == COUNT - 1
    monkeypatch.setattr(module, "_MOST_SAYING", 3)
    assert np.flatnonzero(words.saying([["tide"]], COUNT + 9)).tolist() == [COUNT - 2, COUNT - 1, COUNT]


def test_messages_come_and_go_and_change(words: MessageWords, tmp_path: Path) -> None:
    """By their numbers, also after a restart; what is not in the choice, such as newer ones, is not found."""
    everything = chosen(*range(1, COUNT + 1))
    words.change([1, 2], [(2, "a whale"), (COUNT + 9, "a whale")])
    assert [seq for seq, _ in words.search("whale", 10, everything)] == [2]
    assert len(words.search("tide", COUNT, everything)) == COUNT - 2
    words.close()
    again = MessageWords(tmp_path)
    assert again.open() == COUNT
    assert [seq for seq, _ in again.search("whales", 10, everything)] == [2]
