"""Our own format, written: a conversation with all that is kept of it, so that it can be brought in again as it was."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from core.exchange.formats.archive import NAME, VERSION
from core.models import Retrieval, Trace
from core.store.saved import SavedConversation, SavedMessage, SavedStream


def encoded(c: SavedConversation) -> dict[str, Any]:
    """A conversation as JSON; what is not there is left out."""
    return _present(
        **{NAME: VERSION},
        id=c.id,
        title=c.title,
        model=c.model,
        created_at=_time(c.created_at),
        pinned=c.pinned or None,
        archived=c.archived or None,
        document_ids=c.document_ids,
        messages=[_message(message) for message in c.messages],
    )


def _message(m: SavedMessage) -> dict[str, Any]:
    rated = m.rating and _present(rating=m.rating.rating, at=_time(m.rating.at), comment=m.rating.comment)
    return _present(
        id=m.id,
        parent_id=m.parent_id,
        role=m.role.value,
        created_at=_time(m.created_at),
        content=None if m.streams else m.content,
        streams=[_stream(stream) for stream in m.streams] or None,
        rating=rated,
    )


def _stream(s: SavedStream) -> dict[str, Any]:
    o = s.outcome
    return _present(
        id=s.id,
        model=s.model,
        created_at=_time(s.created_at),
        started_at=s.started_at and _time(s.started_at),
        closed_at=s.closed_at and _time(s.closed_at),
        duration_ms=s.duration_ms,
        status=o.status.value,
        text=s.text,
        reasoning=s.reasoning or None,
        finish_reason=o.finish_reason,
        error=o.error,
        answered_by=o.model,
        provider=o.provider,
        usage=_present(**asdict(o.usage)) or None,
        booked=s.booked and _present(**asdict(s.booked)),
        retrieve=s.retrieve or None,
        document_ids=s.document_ids,
        trace=_trace(s.trace),
        reasoning_trace=_trace(s.reasoning_trace),
        retrieval=s.retrieval and _retrieval(s.retrieval),
        sources=[_present(**asdict(source)) for source in s.sources] or None,
    )


def _retrieval(r: Retrieval) -> dict[str, Any]:
    limits = asdict(r.filter) | {
        at: when and _time(when) for at, when in (("since", r.filter.since), ("until", r.filter.until))
    }
    return _present(
        question=r.question,
        query=r.query,
        searched=r.searched,
        filter=_present(**limits),
        timings=asdict(r.timings),
        usage=_present(**asdict(r.usage)) or None,
    )


def _trace(trace: Trace) -> dict[str, Any] | None:
    return {"lengths": trace.lengths, "times": trace.times} if trace.lengths else None


def _present(**values: Any) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value is not None}


def _time(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
