"""The values that rooms hand to each other: frozen, without I/O."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Role(StrEnum):
    """Who speaks in a message."""

    USER = "user"
    ASSISTANT = "assistant"


class Status(StrEnum):
    """Where a stream is in `pending → streaming → done | stopped | error | timeout | interrupted`."""

    PENDING = "pending"
    STREAMING = "streaming"
    DONE = "done"
    STOPPED = "stopped"
    ERROR = "error"
    TIMEOUT = "timeout"
    INTERRUPTED = "interrupted"

    @property
    def closed(self) -> bool:
        """Whether a stream with this status never changes again."""
        return self not in (Status.PENDING, Status.STREAMING)

    @property
    def cut(self) -> bool:
        """Whether the text may have ended before its end."""
        return self.closed and self is not Status.DONE


class Kind(StrEnum):
    """Which text of a stream a piece belongs to."""

    ANSWER = "answer"
    REASONING = "reasoning"


@dataclass(frozen=True, slots=True)
class Usage:
    """What one or more generations took; None where the model's side did not say. `cost` is in US dollars."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    reasoning_tokens: int | None = None
    cached_tokens: int | None = None
    cost: float | None = None


@dataclass(frozen=True, slots=True)
class Trace:
    """The pieces of one text in order: `lengths` in characters, `times` in ms since the stream started."""

    lengths: tuple[int, ...] = ()
    times: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Passage:
    """A stored piece of a document; `start` and `end` are character offsets in the document's text."""

    id: str
    document_id: str
    title: str
    ordinal: int
    text: str
    heading: str | None
    page: int | None
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Citation:
    """The tie between the mark `[n]` in an answer and the passage it stands on, as the passage stood then.

    `start` and `end` are character offsets in the document's text; `passage_ids` are the neighbours that were joined
    into the quote, in reading order, `passage_id` the best of them. `score` is the fused one that `rank` goes by.
    """

    mark: int
    passage_id: str
    document_id: str
    title: str
    page: int | None
    quote: str
    score: float
    rank: int
    heading: str | None = None
    start: int | None = None
    end: int | None = None
    passage_ids: tuple[str, ...] = ()
    lexical_rank: int | None = None
    lexical_score: float | None = None
    semantic_rank: int | None = None
    semantic_score: float | None = None
    rerank_score: float | None = None


@dataclass(frozen=True, slots=True)
class Filter:
    """Which documents are searched: one of `document_ids`, with any of `tags`, added from `since` to before `until`."""

    document_ids: tuple[str, ...] | None = None
    tags: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Timings:
    """How long each part of a retrieval took, in ms; `wait` is for documents or the embedding model."""

    rewrite: float = 0.0
    wait: float = 0.0
    embed: float = 0.0
    lexical: float = 0.0
    semantic: float = 0.0
    rerank: float = 0.0
    total: float = 0.0


@dataclass(frozen=True, slots=True)
class Retrieval:
    """One search: `query` is the question as it was searched for, `searched` how many passages passed the filter.

    `usage` is what making a follow-up question stand alone took.
    """

    question: str
    query: str
    filter: Filter = field(default_factory=Filter)
    citations: tuple[Citation, ...] = ()
    searched: int = 0
    timings: Timings = field(default_factory=Timings)
    usage: Usage = field(default_factory=Usage)


@dataclass(frozen=True, slots=True)
class Support:
    """How near a sentence of an answer is to the passage of its mark: the cosine of the two.

    `start` and `end` are the sentence's place in the answer's text.
    """

    mark: int
    start: int
    end: int
    score: float


@dataclass(frozen=True, slots=True)
class Document:
    """A file that was added; `status` is `indexing`, `ready`, `failed` or `cancelled`; `error` says why it failed.

    `origin` is the name or path it was given by: another file of the same origin is its newer version.
    """

    id: str
    title: str
    filename: str
    media_type: str
    size: int
    sha256: str
    status: str
    error: str | None
    passages: int
    created_at: datetime
    origin: str = ""
    url: str | None = None
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Conversation:
    """A conversation as the list shows it."""

    id: str
    title: str
    model: str
    pinned: bool
    archived: bool
    created_at: datetime
    updated_at: datetime
    message_count: int
    document_ids: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a stream was closed, and what is known of its generation; written once."""

    status: Status
    finish_reason: str | None = None
    error: str | None = None
    model: str | None = None
    provider: str | None = None
    generation_id: str | None = None
    usage: Usage = field(default_factory=Usage)


@dataclass(frozen=True, slots=True)
class Stream:
    """One generation's row: what it was asked to do, and where it is.

    `tags` are those by which its documents were chosen; only the stream of a question that was just asked tells them.
    """

    id: str
    message_id: str
    conversation_id: str
    model: str
    status: Status
    retrieve: bool
    document_ids: tuple[str, ...] | None
    created_at: datetime
    started_at: datetime | None = None
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Message:
    """One turn; an assistant's holds the text of its streams, joined, and what the last of them knows.

    `sources` are the passages that the model was given, `citations` those that a mark in the text names;
    `continued_from` is how many characters come from the streams before the last.
    """

    id: str
    conversation_id: str
    parent_id: str | None
    seq: int
    role: Role
    content: str
    created_at: datetime
    reasoning: str = ""
    status: Status = Status.DONE
    model: str | None = None
    stream_id: str | None = None
    completed_at: datetime | None = None
    finish_reason: str | None = None
    error: str | None = None
    usage: Usage = field(default_factory=Usage)
    sources: tuple[Citation, ...] = ()
    citations: tuple[Citation, ...] = ()
    rating: int | None = None
    first_token_ms: int | None = None
    duration_ms: int | None = None
    continued_from: int = 0
    retrieval: Retrieval | None = None
    supports: tuple[Support, ...] = ()

    @property
    def continuable(self) -> bool:
        """Whether this is an answer that ended before it was complete."""
        return self.status.cut or (self.status is Status.DONE and self.finish_reason == "length")

    @property
    def unsupported(self) -> bool:
        """Whether this is an answer that ended without a mark although there were documents to search, or were to be.

        It goes by `citations`, which `Messages.read` leaves empty.
        """
        made = self.retrieval
        asked = made is not None and (made.searched > 0 or made.filter != Filter())
        return asked and self.status.closed and bool(self.content.strip()) and not self.citations


@dataclass(frozen=True, slots=True)
class Asked:
    """The four ids of a question and the answer that is to come."""

    conversation_id: str
    user_message_id: str
    message_id: str
    stream_id: str


@dataclass(frozen=True, slots=True)
class Turn:
    """One message of a prompt."""

    role: str
    content: str


@dataclass(frozen=True, slots=True)
class Model:
    """What can answer; prices in US dollars per token, None where they vary or are not known."""

    id: str
    name: str
    context_length: int | None = None
    prompt_price: float | None = None
    completion_price: float | None = None


@dataclass(frozen=True, slots=True)
class Node:
    """A message's place in the tree of its conversation."""

    id: str
    parent_id: str | None
    role: Role
    seq: int
