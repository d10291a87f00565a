"""Films: branches as the browser plays them, with hostile text in them."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from core.history.replay import Piece, Replay
from core.models import Citation, Kind, Message, Role, Status
from pages._history.film import film

AT = datetime(2026, 1, 1, tzinfo=UTC)
HOSTILE = "<img src=x onerror=alert(1)> [a](javascript:alert(1)) ![b](http://x/y.png) <script>alert(1)</script> \"'"
QUESTION = Message("q", "c", None, 1, Role.USER, HOSTILE, AT)
ANSWER = Message("a", "c", "q", 2, Role.ASSISTANT, "", AT, completed_at=AT + timedelta(seconds=5), model="m")
NEXT = Message("q2", "c", "a", 3, Role.USER, "And then?", AT + timedelta(days=1))


def written(*pieces: tuple[int, str], kind: Kind = Kind.ANSWER) -> Replay:
    return Replay(tuple(Piece(ms, kind, text) for ms, text in pieces))


def test_messages_follow_each_other_in_time() -> None:
    """Each begins when the one before has come to its end, after a pause of two seconds at most."""
    made = film([QUESTION, ANSWER, NEXT], {"a": written((700, "Yes, "), (1_500, "it is."))})
    assert [(scene["from"], scene["until"]) for scene in made["scenes"]] == [(0, 0), (0, 1_500), (3_500, 3_500)]
    assert made["length"] == 3_500
    html = made["scenes"][1]["answer"]["html"]
    assert html == "<p>Yes, it is.</p>\n"
    assert made["scenes"][1]["answer"]["steps"][:2] == [700, 5]
    assert made["scenes"][1]["answer"]["steps"][2] == 800


def test_hostile_text_stays_text() -> None:
    """No tag, picture or script address of a message reaches the HTML; a question is no HTML at all."""
    made = film([QUESTION, ANSWER], {"a": Replay((Piece(0, Kind.REASONING, HOSTILE), Piece(9, Kind.ANSWER, HOSTILE)))})
    assert made["scenes"][0]["text"] == HOSTILE
    for track in ("answer", "reasoning"):
        html = made["scenes"][1][track]["html"]
        assert "&lt;img src=x" in html
        assert not any(part in html for part in ("<img", "<script", 'href="javascript'))
    assert json.loads(json.dumps(made)) == made


def test_marks_lead_to_their_sources() -> None:
    """A mark that names a citation is a link that tells which; another stays text."""
    cited = replace(ANSWER, citations=(Citation(1, "p", "d", "T", None, "Q", 0.5, 1),))
    answer = film([cited], {"a": written((0, "So it is [1], or [2]."))})["scenes"][0]["answer"]
    assert '<a href="#c-a-1">[1]</a>, or [2].' in answer["html"]


def test_an_answer_that_was_cut_says_so() -> None:
    """The reason stands at its end; one that is complete has none."""
    stopped = replace(ANSWER, status=Status.STOPPED)
    failed = replace(ANSWER, status=Status.ERROR, error="The key failed.")
    endings = [film([message], {})["scenes"][0]["ending"] for message in (ANSWER, stopped, failed)]
    assert endings == ["", "Stopped. What was written is kept.", "The key failed."]
