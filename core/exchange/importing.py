"""The run of an import: record by record, counted alike whether it is saved or only looked at."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO

from core.errors import Unsupported
from core.exchange.build import Built
from core.exchange.formats import Format, Hints, format_of, read
from core.exchange.records import BREAKS_OFF, Record, records
from core.exchange.report import Report
from core.exchange.source import Member, feedback, members
from core.exchange.threads import Broken
from core.exchange.values import fields, items, key, thumb

_log = logging.getLogger(__name__)
_TRIES = 25
"""Records that are looked at before a file is taken for one of no known format."""
_UNKNOWN = (
    "This is no export that is known here. Import the conversations.json or the ZIP of ChatGPT or Claude, the JSON of "
    "Open WebUI, LibreChat or Throughline, or lines of JSON with “messages”."
)
_CUT = "This file breaks off before its first conversation is complete. Download or copy it again, and import that."


@dataclass(frozen=True, slots=True)
class Found:
    """A conversation that was read, and where it stands."""

    where: str
    built: Built


class Reading:
    """Reads the conversations of an export into `report`.

    Raises:
        Unsupported: nothing in the file is of a known format.
        TooLarge: a ZIP unpacks to more than any export.
    """

    def __init__(self, file: BinaryIO, report: Report, now: datetime, model: str | None) -> None:
        self._file, self._report = file, report
        self._hints = Hints(now, model, ratings(feedback(file)))
        self._format: Format | None = None
        self._cut = False
        """Whether a file ended within its first record."""

    def conversations(self) -> Iterator[Found]:
        """Every conversation that can be read; the others are noted in the report."""
        for member in members(self._file):
            yield from self._member(member)
        if self._format is None:
            raise Unsupported(_CUT if self._cut else _UNKNOWN)

    def _member(self, member: Member) -> Iterator[Found]:
        of_it: Format | None = None
        before = list[Record]()
        for record in records(member.file):
            self._cut = self._cut or (record.number == 1 and record.broken == BREAKS_OFF)
            of_it = of_it or format_of(record.value)
            if of_it is None:
                before.append(record)
                if len(before) >= _TRIES:
                    return
                continue
            self._format = self._format or of_it
            self._report.format = self._format.name
            for waiting in (*before, record):
                if found := self._read(of_it, waiting, _where(member, waiting)):
                    yield found
            before.clear()

    def _read(self, of_it: Format, record: Record, where: str) -> Found | None:
        try:
            if record.broken:
                raise Broken(record.broken)
            if of_it is not self._format:
                raise Broken("it is of another format than the rest")
            return Found(where, read(of_it, record.value, self._hints))
        except Broken as error:
            self._report.skip(_named(where, record), str(error))
        except Exception:
            # Whatever else a record may hold, it is not the others' fault.
            _log.exception("a record of an import cannot be read")
            self._report.skip(_named(where, record), "it cannot be read")
        return None


def ratings(data: bytes | None) -> dict[str, int]:
    """The ratings in ChatGPT's `message_feedback.json`, by message."""
    try:
        listed = items(json.loads(data or b"[]"))
    except (ValueError, RecursionError):
        return {}
    found = dict[str, int]()
    for each in map(fields, listed):
        message, rating = key(each.get("message_id")) or key(each.get("id")), thumb(each.get("rating"))
        if message and rating:
            found[message] = rating
    return found


def _where(member: Member, record: Record) -> str:
    return f"{member.name}: conversation {record.number}" if member.name else f"conversation {record.number}"


def _named(where: str, record: Record) -> str:
    """The place with the conversation's title, where it has one."""
    value = fields(record.value)
    said = value.get("title") or value.get("name")
    return f"{where} “{' '.join(said.split())[:80]}”" if isinstance(said, str) and said.strip() else where
