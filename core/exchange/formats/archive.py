"""Our own format, read: a conversation as `core.exchange.exports.archive` wrote it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import fields as fields_of
from datetime import datetime
from typing import Any

from core.exchange.build import derived_id, title
from core.exchange.threads import Broken
from core.exchange.values import Fields, fields, items, moment, name, real, text, whole
from core.models import Citation, Filter, Outcome, Retrieval, Role, Status, Timings, Trace, Usage
from core.store.saved import SavedConversation, SavedMessage, SavedRating, SavedStream

NAME = "throughline"
VERSION = 1
_ID = re.compile(r"[0-9a-z]{26}")
_CUT = "This answer was exported before it was complete."
_LONGEST_PIECE, _LATEST = 65_535, 2**32 - 1


def recognises(value: Fields) -> bool:
    """Whether a record is a conversation of ours."""
    return NAME in value and isinstance(value.get("messages"), list)


def decoded(value: Fields) -> SavedConversation:
    """The conversation of a record.

    Raises:
        Broken: a newer version wrote it, or something that it needs is missing.
    """
    if value.get(NAME) != VERSION:
        raise Broken("a newer version of Throughline wrote it")
    began = _needed_time(value)
    messages = dict[str, SavedMessage]()
    for message in map(fields, items(value.get("messages"))):
        made = _decoded_message(message, messages)
        if made.id in messages:
            raise Broken("two of its messages have the same id")
        messages[made.id] = made
    if not messages:
        raise Broken("it has no messages")
    first = next(iter(messages.values()))
    return SavedConversation(
        _id(value),
        title(text(value.get("title")), first.text),
        name(value.get("model")) or "unknown",
        began,
        tuple(messages.values()),
        value.get("pinned") is True,
        value.get("archived") is True,
        _names(value.get("document_ids")),
    )


def _decoded_message(m: Fields, before: dict[str, SavedMessage]) -> SavedMessage:
    if m.get("role") not in tuple(Role):
        raise Broken("one of its messages has neither role")
    streams = tuple(_decoded_stream(fields(stream)) for stream in items(m.get("streams")))
    role = Role(m["role"])
    if bool(streams) != (role is Role.ASSISTANT) or len({stream.id for stream in streams}) != len(streams):
        raise Broken("one of its answers has no text of its own")
    parent = _id(m, "parent_id") if m.get("parent_id") is not None else None
    rated = fields(m.get("rating"))
    rating = None
    if rated.get("rating") in (1, -1) and not isinstance(rated["rating"], bool):
        rating = SavedRating(int(rated["rating"]), _needed_time(rated, "at"), _text(rated, "comment"))
    at = _needed_time(m)
    return SavedMessage(_id(m), parent if parent in before else None, role, at, text(m.get("content")), streams, rating)


def _decoded_stream(s: Fields) -> SavedStream:
    known = (status for status in Status if status == s.get("status"))
    status = next(known, Status.INTERRUPTED)
    at = _needed_time(s)
    said, thought = text(s.get("text")), text(s.get("reasoning"))
    cut = not status.closed
    error = _CUT if cut else _text(s, "error")
    answered, provider = name(s.get("answered_by")), name(s.get("provider"))
    usage = Usage(**_usage(s.get("usage")))
    return SavedStream(
        id=_id(s),
        model=name(s.get("model")) or "unknown",
        created_at=at,
        outcome=Outcome(
            Status.INTERRUPTED if cut else status, _text(s, "finish_reason"), error, answered, provider, usage=usage
        ),
        text=said,
        reasoning=thought,
        started_at=moment(s.get("started_at")),
        closed_at=moment(s.get("closed_at")) or at,
        duration_ms=whole(s.get("duration_ms")),
        retrieve=s.get("retrieve") is True,
        document_ids=_names(s.get("document_ids")),
        trace=_decoded_trace(fields(s.get("trace")), said),
        reasoning_trace=_decoded_trace(fields(s.get("reasoning_trace")), thought),
        booked=Usage(**_usage(s["booked"])) if isinstance(s.get("booked"), dict) else None,
        retrieval=_decoded_retrieval(s["retrieval"]) if isinstance(s.get("retrieval"), dict) else None,
        sources=tuple(_sources(items(s.get("sources")))),
    )


def _decoded_retrieval(r: Fields) -> Retrieval:
    limits, timings = fields(r.get("filter")), fields(r.get("timings"))
    since, until = moment(limits.get("since")), moment(limits.get("until"))
    return Retrieval(
        text(r.get("question")),
        text(r.get("query")),
        Filter(_names(limits.get("document_ids")), _names(limits.get("tags")) or (), since, until),
        searched=whole(r.get("searched")) or 0,
        timings=Timings(**{each.name: real(timings.get(each.name)) or 0.0 for each in fields_of(Timings)}),
        usage=Usage(**_usage(r.get("usage"))),
    )


def _usage(value: object) -> dict[str, Any]:
    said = fields(value)
    counts = {each.name: whole(said.get(each.name)) for each in fields_of(Usage) if each.name != "cost"}
    return {**counts, "cost": real(said.get("cost"))}


def _decoded_trace(value: Fields, said: str) -> Trace:
    """A trace that fits its text; none when it does not, as a replay goes by it."""
    lengths, times = (
        tuple(number for each in items(value.get(at)) if (number := whole(each)) is not None)
        for at in ("lengths", "times")
    )
    fits = len(lengths) == len(times) and sum(lengths) == len(said)
    small = max(lengths, default=0) <= _LONGEST_PIECE and max(times, default=0) <= _LATEST
    return Trace(lengths, times) if fits and small else Trace()


def _sources(values: Iterable[Any]) -> Iterable[Citation]:
    for s in map(fields, values):
        mark, rank = whole(s.get("mark")), whole(s.get("rank"))
        if mark is None or rank is None or max(mark, rank) >= 2**31:
            continue
        passage = text(s.get("passage_id"))
        numbers = {at: _small(s.get(at)) for at in ("page", "start", "end", "lexical_rank", "semantic_rank")}
        scores = {at: _score(s.get(at)) for at in ("lexical_score", "semantic_score", "rerank_score")}
        yield Citation(
            mark=mark,
            passage_id=passage,
            document_id=text(s.get("document_id")),
            title=text(s.get("title")),
            quote=text(s.get("quote")),
            score=_score(s.get("score")) or 0.0,
            rank=rank,
            heading=_text(s, "heading"),
            passage_ids=_names(s.get("passage_ids")) or (passage,),
            **numbers,
            **scores,  # type: ignore[arg-type]
        )


def _small(value: object) -> int | None:
    found = whole(value)
    return found if found is not None and found < 2**31 else None


def _score(value: object) -> float | None:
    """A score, which may be negative."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e300:
        return None
    return float(value)


def _id(value: Fields, at: str = "id") -> str:
    """An id as it was, or one made of it where it is not one of ours."""
    found = value.get(at)
    if not isinstance(found, str) or not found:
        raise Broken(f"an “{at}” in it is missing")
    return found if _ID.fullmatch(found) else derived_id(NAME, found)


def _names(value: object) -> tuple[str, ...] | None:
    return tuple(text(each) for each in value if isinstance(each, str)) if isinstance(value, list) else None


def _text(value: Fields, at: str) -> str | None:
    found = value.get(at)
    return text(found) if isinstance(found, str) else None


def _needed_time(value: Fields, at: str = "created_at") -> datetime:
    found = moment(value.get(at))
    if found is None:
        raise Broken(f"a “{at}” in it is missing or no time")
    return found
