"""The whole app without its faces: opened once a process, then used by pages and routes."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from core.analysis.sandbox import Sandbox
from core.analysis.views import definitions, explanations
from core.chat import Chat
from core.clock import Clock
from core.errors import Unavailable
from core.exchange.exchange import Exchange
from core.generation.checking import Checker
from core.generation.engine import Engine
from core.generation.workshop import Workshop
from core.history.replay import Replays
from core.history.search import History
from core.maintenance import Maintenance
from core.models import Model, Stream
from core.notebook.notebooks import Notebooks
from core.providers.registry import Providers
from core.retrieval.documents.library import Library
from core.retrieval.encoders.embed import Embedder
from core.retrieval.encoders.rerank import Reranker
from core.retrieval.searching.search import Searcher
from core.settings import Settings
from core.sharing.sharing import Sharing
from core.store.conversations import Conversations
from core.store.database import Database
from core.store.documents import Documents
from core.store.evidence import Evidence
from core.store.messages import Messages
from core.store.snapshot import Snapshot
from core.store.streams import Streams
from core.store.table_exports import TableExports
from core.streams.follow import Follower
from core.streams.hub import Hub
from core.streams.recovery import recover

VERSION = "0.1.0"
_ASK_COSTS_FOR = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Health:
    """Whether what answers need is there; `database` and `model` are `ok` or say what is missing."""

    database: str
    model: str
    warning: str | None = None

    @property
    def ok(self) -> bool:
        """Whether a question can be answered now."""
        return self.database == self.model == "ok"


class Service:
    """An open database, its engine, its documents and its models.

    Raises:
        StorageError: the database cannot be opened.
    """

    def __init__(self, settings: Settings, samples: Path | None = None, clock: Clock | None = None) -> None:
        self.settings = settings
        self._closing = threading.Lock()
        self.database = Database(settings.database, clock)
        self._conversations, self.streams = Conversations(self.database), Streams(self.database)
        if newest := self._conversations.newest():
            self.database.clock.not_before(newest)
        self.hub = Hub(self.database)
        pending = recover(self.database, self.streams)
        self.providers = Providers(settings)
        self.embedder = Embedder()
        documents = Documents(self.database)
        self.library = Library(documents, self.embedder)
        self._reranker = Reranker(settings.data_dir / "reranker")
        self.searcher = Searcher(documents, self.library, self.embedder, self._reranker)
        self._pools = ThreadPoolExecutor(4, "throughline-work"), ThreadPoolExecutor(4, "throughline-search")
        messages, self.evidence = Messages(self.database), Evidence(self.database)
        self.engine = Engine(self._workshop(messages, documents), settings.pending_timeout)
        self._await(pending)
        self.follower = Follower(self.hub, self.streams)
        self.chat = Chat(self._conversations, messages, self.streams, self.hub, self.engine, settings.model)
        self._snapshot = Snapshot(self.database, settings.data_dir / "snapshot")
        tables = TableExports(self.database, self._snapshot, (*definitions(), *explanations()))
        self.exchange = Exchange(self.database, tables, self.chat.reserve, self.chat.default_model)
        self.replays = Replays(self.database)
        self.history = History(
            self.database,
            settings.data_dir / "index" / "messages",
            self.embedder,
            waits=lambda: self.library.batch().total > 0,
            gentle=lambda: bool(self.chat.streaming()),
        )
        self.sandbox = Sandbox(self._snapshot)
        self.notebooks = Notebooks(self.database, self.sandbox, settings.data_dir / "notebooks")
        key = settings.data_dir / "share.key"
        self.sharing = Sharing(self.database, self.chat, self.hub, self.streams, self.notebooks, key)
        self._maintenance = Maintenance(
            self.database, self._conversations, self.streams, self.hub, self._snapshot.forget_purged
        )
        self.sample_names = frozenset(path.name for path in samples.iterdir()) if samples else frozenset[str]()
        self._start(samples)

    def _workshop(self, messages: Messages, documents: Documents) -> Workshop:
        """What the engine works with."""
        return Workshop(
            self.hub,
            self.streams,
            self._conversations,
            messages,
            self.evidence,
            documents,
            self.searcher,
            self.providers,
            Checker(self.hub, messages, self.evidence, self.embedder),
            *self._pools,
            self.settings.token_timeout,
        )

    def _await(self, pending: Iterable[Stream]) -> None:
        """Goes on waiting for whoever starts the answers that nobody had started."""
        for stream in pending:
            self.hub.open(stream.id, stream.conversation_id)
            waited = self.database.clock.now() - stream.created_at
            self.engine.await_start(stream, waited=waited.total_seconds())

    def _start(self, samples: Path | None) -> None:
        """Begins what works in the background; back at once."""
        self.providers.start()
        self.engine.run_soon(self.providers.models())
        self.library.start(samples)
        self.library.watch()
        self.searcher.start()
        self.history.start()
        self.engine.ask_costs(self.database.clock.now() - _ASK_COSTS_FOR)

    def _end_answers(self) -> None:
        with self._closing:
            if not self.hub.closed:
                self.engine.close()
                self.hub.close()

    def health(self) -> Health:
        """Whether what answers need is there."""
        failure = self.hub.failure
        database = failure.message if failure else "ok"
        warning = self.database.clock.warning or self.searcher.trouble
        return Health(database, self.providers.missing() or "ok", warning)

    def models(self) -> tuple[Model, ...]:
        """What can answer, as far as it is known now; what is old is asked for anew in the background."""
        self.engine.run_soon(self.providers.models())
        return self.providers.known()

    def begin_close(self) -> None:
        """Starts to end every answer as interrupted; returns at once, as a signal handler must."""
        threading.Thread(target=self._end_answers, name="throughline-closing", daemon=True).start()

    def close(self) -> None:
        """Ends every answer as interrupted, with all that was received on disk, and lets go of the file."""
        self._end_answers()
        self.notebooks.begin_close()
        self.sandbox.close()
        self._maintenance.close()
        self._snapshot.close()
        self.notebooks.close()
        self.history.stop()
        self.library.stop()  # Before the embedder goes, and after it: its end is no document's failure.
        self.embedder.close()
        self._reranker.close()
        self.library.close()
        self.searcher.close()
        self.history.close()
        for pool in self._pools:
            pool.shutdown(wait=False, cancel_futures=True)
        self.database.close()


# Pages are run anew at each rerun and a changed module is imported anew: what exists once a process is hung where no
# import can reach it.
_PLACE = "_throughline_service"


def publish(service: Service | None) -> None:
    """Makes `service` the one that `current` gives."""
    setattr(sys, _PLACE, service)


def current() -> Service:
    """The open service of this process.

    Raises:
        Unavailable: the app is starting or shutting down.
    """
    service: Service | None = getattr(sys, _PLACE, None)
    if service is None:
        raise Unavailable("Throughline is starting or shutting down. Try again in a moment.")
    return service
