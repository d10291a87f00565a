"""The formats that conversations are taken out in, each a writer that gives the file piece by piece."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

from core.exchange.exports import html, json_files, markdown
from core.store.saved import SavedConversation

Writer = Callable[[Iterator[SavedConversation], datetime], Iterator[bytes]]
"""Writes conversations; the time is that of the export."""

WRITERS: dict[str, Writer] = {
    "markdown": markdown.write,
    "json": json_files.write,
    "jsonl": json_files.write_lines,
    "html": html.write,
}
