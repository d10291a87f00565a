"""Start-up: what the last server left open is closed as interrupted, with every character it had saved."""

from __future__ import annotations

from core.models import Kind, Outcome, Status, Stream, Trace
from core.store.database import Database
from core.store.streams import Closing, Streams, append

INTERRUPTED = "The server stopped while this answer was being written. What you had seen is here: choose Continue."


def recover(database: Database, streams: Streams) -> list[Stream]:
    """Closes the streams that were being written when the last server ended; gives those still pending."""
    unfinished = streams.unfinished()
    cut = [stream for stream in unfinished if stream.status is Status.STREAMING]
    if cut:
        saved = streams.saved([stream.id for stream in cut])
        closings = [_closing(database, stream, saved.get(stream.id, {})) for stream in cut]
        database.write(lambda cursor: append(cursor, [], closings))
    return [stream for stream in unfinished if stream.status is Status.PENDING]


def _closing(database: Database, stream: Stream, saved: dict[Kind, tuple[str, Trace]]) -> Closing:
    answer, trace = saved.get(Kind.ANSWER, ("", Trace()))
    reasoning, reasoning_trace = saved.get(Kind.REASONING, ("", Trace()))
    duration = max((*trace.times, *reasoning_trace.times), default=0)
    outcome = Outcome(Status.INTERRUPTED, error=INTERRUPTED)
    now = database.clock.now()
    return Closing(stream.id, outcome, answer, reasoning, trace, reasoning_trace, duration, now)
