"""What generations work with."""

from __future__ import annotations

from concurrent.futures import Executor
from dataclasses import dataclass

from core.generation.checking import Checker
from core.providers.registry import Providers
from core.retrieval.searching.search import Searcher
from core.store.conversations import Conversations
from core.store.documents import Documents
from core.store.evidence import Evidence
from core.store.messages import Messages
from core.store.streams import Streams
from core.streams.hub import Hub


@dataclass(frozen=True, slots=True)
class Workshop:
    """The stores, clients and pools of one app."""

    hub: Hub
    streams: Streams
    conversations: Conversations
    messages: Messages
    evidence: Evidence
    documents: Documents
    searcher: Searcher
    providers: Providers
    checker: Checker
    pool: Executor
    searches: Executor
    """A pool of its own: searches wait for the embedding model, and nobody else shall wait for them."""
    token_timeout: float
