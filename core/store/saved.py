"""A conversation with everything that is kept of it, as it is taken out and brought in."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from core.models import Citation, Outcome, Retrieval, Role, Trace, Usage


@dataclass(frozen=True, slots=True)
class SavedStream:
    """One generation: what it was asked to do, its texts whole, how it ended.

    `closed_at` is None while it is being written; `booked` is what the provider's books said later; `retrieval` is
    without its passages, which are the `sources`.
    """

    id: str
    model: str
    created_at: datetime
    outcome: Outcome
    text: str = ""
    reasoning: str = ""
    started_at: datetime | None = None
    closed_at: datetime | None = None
    duration_ms: int | None = None
    retrieve: bool = False
    document_ids: tuple[str, ...] | None = None
    trace: Trace = field(default_factory=Trace)
    reasoning_trace: Trace = field(default_factory=Trace)
    booked: Usage | None = None
    retrieval: Retrieval | None = None
    sources: tuple[Citation, ...] = ()


@dataclass(frozen=True, slots=True)
class SavedRating:
    """A thumb up (1) or down (-1)."""

    rating: int
    at: datetime
    comment: str | None = None


@dataclass(frozen=True, slots=True)
class SavedMessage:
    """One turn: a question with its `content`, or an answer with its `streams`, at least one."""

    id: str
    parent_id: str | None
    role: Role
    created_at: datetime
    content: str = ""
    streams: tuple[SavedStream, ...] = ()
    rating: SavedRating | None = None

    @property
    def text(self) -> str:
        """What it says, whoever said it."""
        return "".join(stream.text for stream in self.streams) if self.streams else self.content

    @property
    def reasoning(self) -> str:
        """What the model thought before it answered."""
        return "".join(stream.reasoning for stream in self.streams)

    @property
    def model(self) -> str | None:
        """Who answered, as the model's side named itself."""
        return (self.streams[-1].outcome.model or self.streams[-1].model) if self.streams else None

    @property
    def sources(self) -> tuple[Citation, ...]:
        """The passages that the answer was given last."""
        return next((stream.sources for stream in reversed(self.streams) if stream.sources), ())


@dataclass(frozen=True, slots=True)
class SavedConversation:
    """A conversation and its messages, each behind the one that it follows."""

    id: str
    title: str
    model: str
    created_at: datetime
    messages: tuple[SavedMessage, ...]
    pinned: bool = False
    archived: bool = False
    document_ids: tuple[str, ...] | None = None
