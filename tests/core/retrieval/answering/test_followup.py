"""Follow-up questions: when a model is asked about them, what of its reply is taken, what is done without one."""

from __future__ import annotations

import pytest

from core.models import Turn
from core.retrieval.answering.followup import checked, joined, request, stands_alone

HISTORY = (
    Turn("user", "When was the lighthouse of Skagen built?"),
    Turn("assistant", "In 1874 [2], by Ada Holm [1]. " + "More words. " * 100),
)


@pytest.mark.parametrize(
    ("question", "alone"),
    [
        ("Compare the ferry prices for adults, children and bicycles in summer", True),
        ("Which papers mention that the harbour was rebuilt after the storm of 1921", True),
        ("And how does the lighthouse of Skagen compare with the tower of Hirtshals?", False),
        ("How does its height compare with the towers of Hirtshals and Rubjerg Knude?", False),
        ("Why?", False),
        ("What about children?", False),
        ("Wie hoch ist der Leuchtturm von Skagen im Vergleich zum Turm von Hirtshals?", False),
        ("スカーゲンの灯台の高さはどれくらいですか", False),
        ("word " * 200, True),
    ],
)
def test_a_model_is_spared_where_the_question_plainly_stands_alone(question: str, alone: bool) -> None:
    """Only English can be told without a model; what is long says enough in any language."""
    assert stands_alone(question) is alone


@pytest.mark.parametrize(
    ("question", "searched"),
    [
        ("And how tall is it?", "And how tall is it? lighthouse Skagen built"),
        ("Why?", "Why? lighthouse Skagen built"),
        ("Who was Ada Holm?", "Who was Ada Holm?"),
        ("What does a ferry ticket cost?", "What does a ferry ticket cost?"),
        ("Und wie hoch ist er?", "Und wie hoch ist er? lighthouse Skagen built"),
        ("高さは?", "高さは? lighthouse Skagen built"),
        ("How tall is the lighthouse? Is it open?", "How tall is the lighthouse? Is it open? Skagen built"),
        ("it " * 400, "it " * 400),
    ],
)
def test_without_a_model_the_words_of_the_question_before_are_added(question: str, searched: str) -> None:
    """Only where the question leans on it, only content words, and none twice."""
    assert joined(HISTORY, question) == searched


def test_a_row_of_short_questions_is_followed_to_its_beginning() -> None:
    """“And its width?” behind “And its height?” is about what both lean on."""
    history = (*HISTORY, Turn("user", "And its height?"), Turn("assistant", "31 metres."))
    assert joined(history, "And its width?") == "And its width? height lighthouse Skagen built"
    assert joined((), "And its width?") == "And its width?"


@pytest.mark.parametrize(
    "reply",
    [
        "How tall is the lighthouse of Skagen?",
        "  “How tall is the lighthouse of Skagen?”\n",
        "Standalone question: How tall is the lighthouse of Skagen?",
        "Here is the question:\n\n**How tall is the lighthouse of Skagen?**",
        "<think>They mean the lighthouse.\nSo…</think>\nHow tall is the lighthouse of Skagen?",
        "```\nHow tall is the lighthouse of Skagen?\n```",
    ],
)
def test_a_question_is_taken_out_of_its_wrapping(reply: str) -> None:
    """Quotes, labels, fences and thoughts around it are left behind."""
    assert checked(reply, HISTORY, "And how tall is it?") == "How tall is the lighthouse of Skagen?"


@pytest.mark.parametrize(
    "reply",
    [
        "",
        " \n",
        "I'm sorry, but I cannot help with the lighthouse.",
        "I can’t say how tall it is.",
        "Es tut mir leid, der Turm …",
        "The lighthouse is tall.\nIt was built in 1874.\nIt is white.",
        "How tall is the lighthouse " + "of Skagen " * 50,
        "Bananas grow in bunches?",
        "??",
    ],
)
def test_what_is_no_question_is_not_taken(reply: str) -> None:
    """Refusals, lectures, endless replies and words from elsewhere are no question."""
    assert checked(reply, HISTORY, "And how tall is it?") is None


def test_languages_without_blanks_are_checked_by_pairs_of_characters() -> None:
    """What shares two neighbouring characters with the conversation is taken."""
    history = (Turn("user", "スカーゲンの灯台はいつ建てられましたか"),)
    assert checked("スカーゲンの灯台の高さは?", history, "高さは?") == "スカーゲンの灯台の高さは?"
    assert checked("天気予報", history, "高い?") is None


def test_the_request_is_short_and_holds_what_was_said() -> None:
    """The newest turns, each cut, without marks, then the question."""
    history = (Turn("user", "old"), Turn("assistant", "old answer"), *HISTORY, *HISTORY)
    system, asked = request(history, "And how tall is it?")
    assert "stands alone" in system.content
    assert "Person: When was the lighthouse of Skagen built?\nAssistant: In 1874, by Ada Holm." in asked.content
    assert asked.content.endswith("The last question: And how tall is it?")
    assert "old" not in asked.content
    assert len(asked.content) < 2000
