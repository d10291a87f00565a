"""A foreign tree becomes one of ours: the same ids each time, parents first, nothing lost that can be kept."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.exchange.build import build, derived_id
from core.exchange.threads import Broken, Thread, Turn
from core.models import Role
from core.store.saved import SavedConversation
from tests.core.exchange.support import tree_of

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def turn(
    key: str, parent: str | None = None, *, minute: int | None = None, hidden: bool = False, note: str = ""
) -> Turn:
    """A question when its key is in capitals, else an answer."""
    role = Role.USER if key.isupper() else Role.ASSISTANT
    at = None if minute is None else NOW - timedelta(days=1) + timedelta(minutes=minute)
    return Turn(key, parent, role, key, at, hidden=hidden, reasoning=note)


def built(*turns: Turn) -> SavedConversation:
    """The conversation that these make."""
    return build("test", Thread("t", list(turns)), NOW).conversation


@given(st.permutations([("A", None, 0), ("b", "A", 1), ("c", "A", 2), ("D", "b", 3), ("e", "D", 4), ("F", None, 5)]))
def test_the_order_of_the_source_does_not_matter(turns: list[tuple[str, str | None, int]]) -> None:
    """Messages come in the order of time, each behind its parent."""
    found = built(*(turn(key, parent, minute=minute) for key, parent, minute in turns))
    assert [message.text for message in found.messages] == ["A", "b", "c", "D", "e", "F"]


def test_parents_come_first_even_when_their_clock_was_ahead() -> None:
    """What follows a message never stands before it."""
    found = built(turn("A", minute=9), turn("b", "A", minute=1), turn("C", "b", minute=5))
    assert [message.text for message in found.messages] == ["A", "b", "C"]


def test_hidden_turns_hand_on_their_children_and_thoughts() -> None:
    """What hangs on a hidden turn hangs on the one above; the next answer alone takes its thoughts."""
    found = built(
        turn("A"), turn("x", "A", hidden=True, note="one"), turn("y", "x", hidden=True, note="two"), turn("b", "y"),
        turn("c", "y"), turn("d", "A"),
    )  # fmt: skip
    assert tree_of(found) == {"A": None, "b": "A", "c": "A", "d": "A"}
    assert {message.text: message.reasoning for message in found.messages if message.streams} == {
        "b": "one\n\ntwo", "c": "", "d": "",
    }  # fmt: skip


def test_an_answer_that_broke_off_in_a_thought_is_kept() -> None:
    """Where nothing follows it takes the thoughts, without words; they are no other branch's."""
    found = built(
        turn("A"), turn("x", "A", hidden=True, note="one"), turn("y", "x", hidden=True), turn("B", "A"),
        turn("z", "B", hidden=True),
    )  # fmt: skip
    assert [(message.text, message.reasoning) for message in found.messages] == [("A", ""), ("", "one"), ("B", "")]


def test_nobody_writes_what_another_model_wrote() -> None:
    """An answer whose model is not said is not ascribed to the one that goes on with the conversation."""
    found = build("test", Thread("t", [turn("A"), turn("b", "A")], writer="them"), NOW, "ours").conversation
    assert (found.model, found.messages[1].model) == ("ours", "them")
    assert (
        build("test", Thread("t", [turn("A"), turn("b", "A")]), NOW, "ours").conversation.messages[1].model == "unknown"
    )


def test_circles_are_cut_and_the_lost_are_found() -> None:
    """A message that follows itself, a circle, and one whose parent is not there: all are kept."""
    found = built(turn("A", "A"), turn("B", "C"), turn("C", "B"), turn("D", "nowhere"), turn("e", "C"))
    assert tree_of(found) == {"A": None, "B": None, "C": "B", "D": None, "e": "C"}


def test_of_two_with_the_same_id_the_first_is_kept() -> None:
    """The other one is left out, and it is said so."""
    found = build("test", Thread("t", [turn("A"), turn("b", "A"), turn("A", "b")]), NOW)
    assert [message.text for message in found.conversation.messages] == ["A", "b"]
    assert found.left_out == (("message A", "another message has the same id"),)


def test_ids_come_from_the_format_and_the_source_alone() -> None:
    """Titles, times and other messages change nothing; another format or conversation changes all."""
    one = built(turn("A"), turn("b", "A"))
    more = build("test", Thread("t", [turn("A", minute=3), turn("b", "A"), turn("C", "b")], "Title"), NOW).conversation
    assert one.id == more.id
    assert [message.id for message in one.messages] == [message.id for message in more.messages[:2]]
    other_format = build("other", Thread("t", [turn("A")]), NOW).conversation
    other_thread = build("test", Thread("u", [turn("A")]), NOW).conversation
    ids = [message.id for found in (more, other_format, other_thread) for message in found.messages]
    streams = [stream.id for message in more.messages for stream in message.streams]
    assert len({*ids, *streams, one.id, other_format.id, other_thread.id}) == len(ids) + len(streams) + 3


@given(st.lists(st.text() | st.integers(), min_size=1), st.lists(st.text() | st.integers(), min_size=1))
def test_derived_ids_look_like_ours_and_differ(one: list[str | int], other: list[str | int]) -> None:
    """26 letters and digits, the same for the same keys only."""
    assert len(derived_id(*one)) == 26
    assert derived_id(*one).isalnum()
    assert (derived_id(*one) == derived_id(*other)) == (one == other)


def test_missing_times_come_from_above() -> None:
    """From the parent, else from the conversation's first time, else the time of the import."""
    found = built(turn("A"), turn("b", "A", minute=5), turn("C", "b"))
    at = NOW - timedelta(days=1) + timedelta(minutes=5)
    assert [message.created_at for message in found.messages] == [at, at, at]
    assert found.created_at == at
    assert built(turn("A")).created_at == NOW


@pytest.mark.parametrize(
    ("title", "shown"),
    [("  Two\n words ", "Two words"), ("", "A"), ("x" * 500, "x" * 199 + "…"), ("a\ud800b", "a?b"), ("\0", "\0")],
)
def test_titles_are_short_and_on_one_line(title: str, shown: str) -> None:
    """Without one the first question gives it."""
    assert build("test", Thread("t", [turn("A")], title), NOW).conversation.title == shown


def test_nothing_to_show_is_broken() -> None:
    """A conversation of hidden turns alone is none."""
    with pytest.raises(Broken, match="no messages"):
        built(turn("A", hidden=True))


def test_a_long_conversation_is_built() -> None:
    """Thirty thousand messages in a row, and ten thousand branches of one message."""
    row = built(turn("M0"), *(turn(f"M{n}", f"M{n - 1}") for n in range(1, 30_000)))
    assert len(row.messages) == 30_000
    assert row.messages[-1].parent_id == row.messages[-2].id
    fan = built(turn("A"), turn("x", "A", hidden=True, note="n" * 1_000), *(turn(f"a{n}", "x") for n in range(10_000)))
    assert sum(len(message.reasoning) for message in fan.messages) == 1_000
