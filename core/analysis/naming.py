"""Which tables and parameters a query names, by DuckDB's own parser: for the worker, as what is deep can crash it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from duckdb import DuckDBPyConnection

_EXPLAIN = re.compile(r"(?:\s|--[^\n]*\n|/\*.*?\*/)*explain\b(?:\s+analyze\b)?(?:\s*\([^)]*\))?", re.I | re.S)
_OURS = "main"
_BY_TEXT = "query_table"


def names(connection: DuckDBPyConnection, sql: str) -> dict[str, list[str]]:
    """The `tables` of a query that are not its own (CTEs), and its `parameters`, as they are written and in order.

    Raises:
        duckdb.Error: it cannot be parsed.
        RecursionError: it is nested too deep.
    """
    statements = connection.extract_statements(sql)
    parameters = sorted({name for statement in statements for name in statement.named_parameters})
    tables = dict[str, None]()
    for statement in statements:
        for name in _tables(connection, statement.query):
            tables.setdefault(name)
    return {"tables": list(tables), "parameters": parameters}


def _tables(connection: DuckDBPyConnection, sql: str) -> Iterator[str]:
    explained = _EXPLAIN.match(sql)
    asked = sql[explained.end() :] if explained else sql
    rows = connection.execute("select json_serialize_sql($1::varchar)", [asked]).fetchall()
    parsed = json.loads(rows[0][0])
    for statement in parsed.get("statements", ()):
        yield from _named(statement.get("node"), frozenset())


def _named(node: Any, known: frozenset[str]) -> Iterator[str]:
    """The tables that a part of a query names, but for those in `known`, which are made in it."""
    if isinstance(node, list):
        for part in node:
            yield from _named(part, known)
    if not isinstance(node, dict):
        return
    for made in (node.get("cte_map") or {}).get("map", ()):
        name = str(made["key"]).lower()
        query = made["value"].get("query_node") or {}
        recursive = query.get("type") == "RECURSIVE_CTE_NODE"
        yield from _named(made["value"], known | {name} if recursive else known)
        known |= {name}
    yield from _here(node, known)
    for key, part in node.items():
        if key != "cte_map":
            yield from _named(part, known)


def _here(node: dict[str, Any], known: frozenset[str]) -> Iterator[str]:
    """The tables that are named by this very part."""
    if node.get("type") in ("BASE_TABLE", "SHOW_REF") and node.get("table_name"):
        *schema, name = (node.get("qualified_name") or {}).get("path") or [node["table_name"]]
        if schema[-1].lower() == _OURS if schema else name.lower() not in known:
            yield name
    if str(node.get("function_name")).lower() == _BY_TEXT:
        yield from (text for text in _texts(node.get("arguments")) if text.lower() not in known)


def _texts(node: Any) -> Iterator[str]:
    for part in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from _texts(part)
    if isinstance(node, dict) and node.get("kind") == "STRING":
        yield str(node.get("text"))
