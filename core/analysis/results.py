"""A result on its way out of the worker: as rows of JSON, as CSV or as Parquet, never more than is taken."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from typing import Any

from duckdb import DuckDBPyConnection

from core.analysis.frames import Kind, packed
from core.analysis.values import plain

_BATCH = 64
_FRAME = 1 << 15
_ARROW_BATCH = 10_000

Send = Callable[[bytes], None]


class TooBig(Exception):
    """A result is larger than is taken."""


def write_rows(result: DuckDBPyConnection, send: Send, limits: dict[str, Any]) -> bool:
    """Sends rows as lists of JSON values; whether there were more than the limits of rows and bytes let through.

    Raises:
        TooBig: a single row is over the limit.
    """
    sent, rows, lines, size = 0, 0, list[str](), 0
    for row in _rows(result):
        line = json.dumps([plain(value) for value in row], separators=(",", ":"))
        sent += len(line)
        if rows == 0 and sent > limits["bytes"]:
            raise TooBig(f"One row of this result is over {_megabytes(limits)}. Take less of it: left(text, 1000).")
        if rows == limits["rows"] or sent > limits["bytes"]:
            _send_lines(send, lines)
            return True
        rows, size = rows + 1, size + len(line)
        lines.append(line)
        if size > _FRAME:
            _send_lines(send, lines)
            lines, size = [], 0
    _send_lines(send, lines)
    return False


def write_csv(result: DuckDBPyConnection, send: Send, limits: dict[str, Any]) -> bool:
    """Sends a file of comma-separated values with a heading; lists and structs stand in it as JSON.

    Raises:
        TooBig: it is over the limit.
    """
    sink, text = Sink(send, limits), io.StringIO()
    writer = csv.writer(text)
    writer.writerow([column[0] for column in result.description or []])
    for row in _rows(result):
        writer.writerow([_cell(plain(value)) for value in row])
        if text.tell() > _FRAME:
            sink.write(_drained(text))
    sink.write(_drained(text))
    return False


def write_parquet(result: DuckDBPyConnection, send: Send, limits: dict[str, Any]) -> bool:
    """Sends a Parquet file.

    Raises:
        TooBig: it is over the limit.
    """
    from pyarrow import PythonFile
    from pyarrow.parquet import ParquetWriter

    reader: Any = result.to_arrow_reader(_ARROW_BATCH)
    with (
        PythonFile(Sink(send, limits), mode="w") as file,
        ParquetWriter(file, reader.schema, compression="zstd") as writer,
    ):
        for batch in reader:
            writer.write_batch(batch)
    return False


class Sink(io.RawIOBase):
    """A file whose bytes are sent at once, up to a limit."""

    def __init__(self, send: Send, limits: dict[str, Any]) -> None:
        self._send, self._limits, self._written = send, limits, 0

    def writable(self) -> bool:
        """It is."""
        return True

    def tell(self) -> int:
        """How many bytes were sent."""
        return self._written

    def write(self, data: Any) -> int:
        """Sends bytes.

        Raises:
            TooBig: they go over the limit.
        """
        content = bytes(data)
        self._written += len(content)
        if self._written > self._limits["bytes"]:
            raise TooBig(f"This result is over {_megabytes(self._limits)}. Take fewer rows or columns.")
        self._send(packed(Kind.BYTES, content))
        return len(content)


def _rows(result: DuckDBPyConnection) -> Iterator[tuple[Any, ...]]:
    while batch := result.fetchmany(_BATCH):
        yield from batch


def _send_lines(send: Send, lines: list[str]) -> None:
    if lines:
        send(packed(Kind.ROWS, f"[{','.join(lines)}]".encode()))


def _cell(value: object) -> object:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else value


def _drained(text: io.StringIO) -> bytes:
    content = text.getvalue().encode()
    text.seek(0)
    text.truncate()
    return content


def _megabytes(limits: dict[str, Any]) -> str:
    return f"{limits['bytes'] / 1e6:g} MB"
