"""What the tests of imports and exports share: a database with an exchange, files in memory, conversations in words."""

from __future__ import annotations

import io
import json
import threading
import zipfile
from pathlib import Path
from typing import Any, BinaryIO

from core.analysis.views import definitions, explanations
from core.exchange.exchange import Exchange
from core.models import Message
from core.store.conversations import Conversations
from core.store.database import Database
from core.store.messages import Messages
from core.store.saved import SavedConversation
from core.store.snapshot import Snapshot
from core.store.table_exports import TableExports


class SlowFile(io.BytesIO):
    """A file of JSON that is not read before `go_on`; `begun` says that somebody tries to."""

    def __init__(self, value: object) -> None:
        super().__init__(json.dumps(value).encode())
        self.begun, self.go_on = threading.Event(), threading.Event()

    def read(self, size: int | None = -1, /) -> bytes:
        """Waits for `go_on`."""
        self.begun.set()
        assert self.go_on.wait(60)
        return super().read(size)


class Desk:
    """An open database and its exchange."""

    def __init__(self, path: Path) -> None:
        self.database = Database(path)
        self.conversations = Conversations(self.database)
        self._snapshot = Snapshot(self.database, path.with_name("snapshot"))
        tables = TableExports(self.database, self._snapshot, (*definitions(), *explanations()))
        self.exchange = Exchange(self.database, tables, self.reserve, "fake/default")
        self._numbers = self.conversations.last_seq()

    def reserve(self, count: int) -> int:
        """Order numbers, as `Chat.reserve` gives them."""
        self._numbers += count
        return self._numbers - count + 1

    def messages(self, title: str) -> list[Message]:
        """The messages of the conversation with that title, as everybody reads them."""
        ids = [c.id for c in self.conversations.page(1_000, archived=None) if c.title == title]
        assert len(ids) == 1, ids
        return Messages(self.database).read(ids[0], [node.id for node in self.conversations.tree(ids[0])])

    def said(self, title: str) -> list[tuple[str, str]]:
        """Who says what in that conversation."""
        return [(message.role.value, message.content) for message in self.messages(title)]

    def everything(self) -> dict[str, list[tuple[Any, ...]]]:
        """All rows of all tables that an import may write."""
        tables = ("conversations", "messages", "streams", "starts", "outcomes", "feedback", "retrieved", "costs")
        return {table: sorted(self.database.fetch(f"from {table}"), key=repr) for table in tables}

    def close(self) -> None:
        """Lets go of the file."""
        self._snapshot.close()
        self.database.close()


def file_of(value: object) -> BinaryIO:
    """A value as a file of JSON."""
    return io.BytesIO(json.dumps(value).encode())


def lines_of(*values: object) -> BinaryIO:
    """Values as lines of JSON."""
    return io.BytesIO("".join(json.dumps(value) + "\n" for value in values).encode())


def zip_of(**members: object) -> BinaryIO:
    """Values as the files of a ZIP; `__` stands for a dot."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, value in members.items():
            data = value if isinstance(value, bytes) else json.dumps(value)
            archive.writestr(name.replace("__", "."), data)
    file.seek(0)
    return file


def tree_of(conversation: SavedConversation) -> dict[str, str | None]:
    """What each message of a conversation follows, by their texts."""
    texts = {message.id: message.text for message in conversation.messages}
    return {message.text: texts.get(message.parent_id or "") for message in conversation.messages}
