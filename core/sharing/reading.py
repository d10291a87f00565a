"""What a reader may see of a conversation: its words and the quotes they cite; no costs, ratings or settings."""

from __future__ import annotations

from dataclasses import replace

from core.exchange.exports.pieces import citations
from core.models import Citation, Message, Outcome, Status, Usage
from core.store.saved import SavedMessage, SavedStream

_SAID = {
    Status.ERROR: "The model could not finish this answer.",
    Status.TIMEOUT: "No more of this answer came in time.",
    Status.INTERRUPTED: "The server stopped while this answer was being written.",
}
"""In place of the errors themselves, which are written for the owner and may speak of accounts and keys."""


def for_reader(message: Message) -> Message:
    """A message without what is the owner's alone; the only sources left are those that its marks name."""
    return replace(
        message,
        error=_SAID.get(message.status),
        usage=Usage(),
        rating=None,
        sources=message.citations,
        retrieval=None,
    )


def saved_for_reader(message: SavedMessage) -> SavedMessage:
    """`for_reader` of a message as it is taken out; a stream's order of pieces and their times stay."""
    sources, cited = message.sources, citations(message)
    streams = [_stream(stream, cited if sources and stream.sources == sources else ()) for stream in message.streams]
    return replace(message, streams=tuple(streams), rating=None)


def _stream(stream: SavedStream, cited: tuple[Citation, ...]) -> SavedStream:
    o = stream.outcome
    outcome = Outcome(o.status, o.finish_reason, _SAID.get(o.status), o.model)
    return replace(stream, outcome=outcome, document_ids=None, booked=None, retrieval=None, sources=cited)
