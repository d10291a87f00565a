"""The process that runs what people write: DuckDB in memory over the files of the snapshot, and nothing else.

It is started by `core.analysis.process` with the snapshot's folder as its argument, or none; it answers one query after
the other until its input ends or nobody asks for some minutes. Files that come with a query are its tables.
"""

from __future__ import annotations

import importlib
import json
import os
import select
import socket
import sys
import time
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any, BinaryIO, Protocol

import duckdb
import pytz
from duckdb import DuckDBPyConnection

from core.analysis.confine import address_space, confine, limit_process, limit_query
from core.analysis.explaining import NotThere, Refused, Spoilt, explained
from core.analysis.files import StoredFiles
from core.analysis.frames import Kind, packed_json, receive
from core.analysis.keeping import keep
from core.analysis.naming import names
from core.analysis.results import write_csv, write_parquet, write_rows
from core.analysis.views import SCHEME

_MEMORY = 2 << 30
_WORN = 1 << 29
_IDLE = 300.0
_GRACE = 2.0
_DEPTH = 20_000
_CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "threads": 2,
    "memory_limit": "1GiB",
    "temp_directory": "",
    "max_temp_directory_size": "0B",
    "python_enable_replacements": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
    "allow_persistent_secrets": "false",
}
_LOCKED = (
    "set TimeZone = 'UTC'",
    "set arrow_large_buffer_size = true",
    "set disabled_filesystems = 'LocalFileSystem'",
    f"set allowed_directories = ['{SCHEME}']",
    "set enable_external_access = false",
    "set lock_configuration = true",
)
_TAKEN = (duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN)


class _Write(Protocol):
    def __call__(self, result: DuckDBPyConnection, send: Callable[[bytes], None], limits: dict[str, Any]) -> bool: ...


_WRITERS: dict[str, _Write] = {"rows": write_rows, "csv": write_csv, "parquet": write_parquet}


def main() -> None:
    """Answers queries from stdin on stdout."""
    asked, answers = socket.socket(fileno=os.dup(0)), os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1):  # What a library prints is no answer.
        os.dup2(nowhere, descriptor)
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    os.chdir("/")
    _warm_up()
    limit_process(_MEMORY)
    confine([folder] if folder else [])
    if folder:  # Queries of the history are mostly kept. It starts a thread, so it comes when all is confined.
        importlib.import_module("pyarrow.parquet")
    worn = address_space() + _WORN
    os.dup2(nowhere, 2)  # What a query makes a library print is nothing for the log.
    _send(answers, packed_json(Kind.READY, None))
    sys.setrecursionlimit(_DEPTH)  # What DuckDB parses is less deep.
    while _waits(asked):
        request, files = receive(asked)
        if not request:
            return
        _serve(request, files, folder, lambda frame: _send(answers, frame), worn)


def _warm_up() -> None:
    """Loads what is loaded late otherwise; DuckDB's threads end with their database."""
    with duckdb.connect(config=_CONFIG) as connection:
        connection.execute("select now()").fetchall()
    pytz.timezone("UTC")


def _serve(request: bytes, files: Sequence[int], folder: Path | None, send: Callable[[bytes], None], worn: int) -> None:
    query = json.loads(request)
    limit_query(query["seconds"] + _GRACE)
    try:
        kind, end = Kind.END, _answer(query, _places(query, files, folder), send)
    except BrokenPipeError:
        raise
    except Exception as error:
        kind, end = Kind.ERROR, explained(error)
    finally:
        for file in files:
            os.close(file)
    limit_query(0)
    send(packed_json(kind, {**end, "worn": address_space() > worn}))


def _places(query: dict[str, Any], files: Sequence[int], folder: Path | None) -> dict[str, Path | int]:
    """Where the files are that the query can reach."""
    of_tables = dict(zip((table["file"] for table in query["tables"]), files, strict=False))
    return {**of_tables, **({name: folder / name for name in query["files"]} if folder else {})}


def _answer(query: dict[str, Any], files: dict[str, Path | int], send: Callable[[bytes], None]) -> dict[str, Any]:
    """Answers with the views that the query needs; if it names one that was not made, with all of them."""
    few = None if query["needed"] is None else {"stored", *query["needed"]}
    sent = list[int]()

    def sending(frame: bytes) -> None:
        sent.append(len(frame))
        send(frame)

    try:
        return _answered(
            query, [line for name, line in query["setup"].items() if not few or name in few], files, sending
        )
    except duckdb.CatalogException:
        if sent or not few:
            raise
        return _answered(query, list(query["setup"].values()), files, send)


def _answered(
    query: dict[str, Any], setup: Sequence[str], files: dict[str, Path | int], send: Callable[[bytes], None]
) -> dict[str, Any]:
    with duckdb.connect(config=_CONFIG) as connection:
        _prepare(connection, query, setup, files)
        began = time.perf_counter()
        if query["format"] == "names":
            return names(connection, query["sql"])
        statement = _statement(connection, query["sql"])
        given = _given(query, statement.named_parameters)
        if query["format"] == "kept":
            end = keep(connection, statement.query, given, send, query)
        else:
            result = connection.execute(statement, given)
            send(packed_json(Kind.COLUMNS, [[column[0], str(column[1])] for column in result.description or []]))
            end = {"truncated": _WRITERS[query["format"]](result, send, query)}
        return {**end, "milliseconds": round((time.perf_counter() - began) * 1000, 1)}


def _prepare(
    connection: DuckDBPyConnection, query: dict[str, Any], setup: Sequence[str], files: dict[str, Path | int]
) -> None:
    connection.register_filesystem(StoredFiles(files))
    try:
        for line in (*_LOCKED, *setup):
            connection.execute(line)
    except duckdb.Error as error:
        raise NotThere(str(error)) from error
    for table in query["tables"]:
        try:
            connection.execute(table["setup"])
        except duckdb.Error as error:
            raise Spoilt(table["name"]) from error
    connection.execute("begin transaction read only")


def _given(query: dict[str, Any], named: set[str]) -> dict[str, Any]:
    """The values of the parameters that are named; of the rest DuckDB wants to know nothing."""
    values = {**query["params"], **{name: date.fromisoformat(text) for name, text in query["dates"].items()}}
    return {name: values[name] for name in named if name in values}


def _statement(connection: DuckDBPyConnection, sql: str) -> duckdb.Statement:
    statements = connection.extract_statements(sql)
    if len(statements) != 1:
        raise Refused("Write one query." if statements else "There is no query. Write one, such as: from turns")
    if statements[0].type == duckdb.StatementType.MULTI:
        raise Refused("Say which values PIVOT makes columns of: pivot … on model in ('a', 'b').")
    if statements[0].type not in _TAKEN:
        raise Refused("Only queries that read are taken: begin with select, from, with, describe or explain.")
    return statements[0]


def _waits(stream: socket.socket) -> bool:
    """Whether something comes before it is time to end."""
    return bool(select.select([stream], [], [], _IDLE)[0])


def _send(stream: BinaryIO, frame: bytes) -> None:
    stream.write(frame)
    stream.flush()


if __name__ == "__main__":
    main()
