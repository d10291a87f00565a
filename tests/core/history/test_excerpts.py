"""The part of a message that shows why it was found."""

from __future__ import annotations

from core.history.excerpts import excerpt
from core.history.windows import windows


def text_of(*arguments: object) -> str:
    return "".join(part.text for part in excerpt(*arguments))  # type: ignore[arg-type]


def marked(*arguments: object) -> list[str]:
    return [part.text for part in excerpt(*arguments) if part.marked]  # type: ignore[arg-type]


def test_the_words_are_found_wherever_they_stand() -> None:
    """In a very long message too, there where most of them are."""
    text = "wave " * 50_000 + "a tide comes. " + "wave " * 50_000 + "Tides pull harbours under." + " wave" * 9_000
    assert marked(text, "harbour tide") == ["Tides", "harbours"]
    found = text_of(text, "harbour tide")
    assert found.startswith("…wave")
    assert found.endswith("wave…")
    assert len(found) < 300
    assert text_of("wave " * 1_000 + "tide " + "wave " * 30, "tide").count("…") == 1
    assert text_of("tide" + " wave" * 150 + " tide" * 10 + " wave" * 40, "tide").count("…") == 2


def test_words_count_where_they_begin() -> None:
    """Not within others, as long as they stand on their own somewhere."""
    assert marked("A steamer in a stream. " * 60 + "Tea is served." + " It goes on." * 60, "tea") == ["Tea"]
    assert text_of("It goes on. " * 90 + "getUserName", "user").endswith("getUserName")


def test_a_message_without_the_words_shows_where_its_meaning_was_found() -> None:
    """Else its beginning."""
    text = "\n\n".join(f"Part {number}. " + "It goes on and on. " * 30 for number in range(4))
    second = windows(text)[1]
    assert text_of(text, "whale", 1)[1:].startswith(second[:100])
    assert text_of(text, "whale", 0) == text_of(text, "whale") == text_of(text, "")
    assert text_of(text, "").startswith("Part 0. It goes on")
    assert text_of("", "whale") == text_of("", "") == ""


def test_a_beginning_has_no_ellipsis_before_it() -> None:
    """Only what leaves something out."""
    assert text_of("The tide comes. " + "It goes on. " * 500, "tide").startswith("The tide comes.")
    assert text_of("The tide.", "tide") == "The tide."
    assert marked("Où est le marché?", "marche") == ["marché"]
