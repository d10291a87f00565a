"""A long history of made-up conversations: words as frequent as in a language, answers of all lengths and outcomes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa

from core.ids import new_id
from core.store.database import Database
from tests.bench._made_up import MadeUp

DOCUMENTS = 200
MODELS = 5
BEGAN = datetime(2024, 1, 1, tzinfo=UTC)
_AT_ONCE = 10_000
_TURNS = 4  # Of a conversation.
_STATUSES = ("done", "error", "stopped", "timeout")
_INSERTS = {
    "conversations": "conversation, 'A talk', 'model 0', null, false, false, min(asked), null from turn group by 1",
    "messages": "question, conversation, null, 2 * i + 1, 'user', said, null, asked from turn union all select "
    "answer, conversation, question, 2 * i + 2, 'assistant', '', null, asked from turn",
    "streams": "stream, answer, conversation, 2 * i + 2, model, false, null, asked from turn",
    "starts": "stream, asked from turn",
    "outcomes": "stream, status, text, '', [4], [300], [], [], 'stop', case when status = 'error' then 'Gone.' end, "
    "model, 'Made up', 400, 200, null, null, cost, 4000, asked + interval 4 seconds from turn",
    "feedback": "answer, rating, null, asked from turn where rating <> 0",
    "retrieved (stream_id, mark, rank, passage_id, document_id, title, quote, score)": "stream, 1, 1, document, "
    "document, document, 'A quote.', 0.5 from turn where document is not null",
}


def fill(database: Database, made: MadeUp, messages: int) -> None:
    """Adds so many messages: questions of 5 to 30 words, answers of mostly 50 to 500, every fourth with a citation."""
    rng = np.random.default_rng(7)
    for first in range(0, messages // 2, _AT_ONCE):
        turns = _turns(made, rng, first, min(_AT_ONCE, messages // 2 - first))
        database.write(lambda cursor, turns=turns: _insert(cursor, turns))
        print(f"  {2 * (first + len(turns)):,} messages", end="\r", flush=True)
    database.checkpoint()


def _turns(made: MadeUp, rng: np.random.Generator, first: int, n: int) -> pa.Table:
    lengths = np.clip(rng.lognormal(5.0, 0.7, n), 5, 3_000).astype(int)
    asked = [BEGAN + timedelta(seconds=60 * (first + i)) for i in range(n)]
    cites = rng.random(n) < 0.25
    conversations = [new_id() for _ in range(-(-n // _TURNS))]
    return pa.table(
        {
            "i": np.arange(first, first + n),
            "question": [new_id() for _ in range(n)],
            "answer": [new_id() for _ in range(n)],
            "stream": [new_id() for _ in range(n)],
            "conversation": [conversations[i // _TURNS] for i in range(n)],
            "said": [made.words(int(count)) + "?" for count in rng.integers(5, 30, n)],
            "text": [
                made.words(int(count)) + (" [1]." if cited else ".")
                for count, cited in zip(lengths, cites, strict=True)
            ],
            "document": [
                f"document {d}" if c else None for d, c in zip(rng.integers(0, DOCUMENTS, n), cites, strict=True)
            ],
            "model": [f"model {number}" for number in rng.integers(0, MODELS, n)],
            "status": [_STATUSES[number] for number in rng.choice(4, n, p=(0.95, 0.02, 0.02, 0.01))],
            "rating": rng.choice([0, 1, -1], n, p=(0.9, 0.08, 0.02)),
            "cost": rng.lognormal(-7, 1, n),
            "asked": pa.array(asked, pa.timestamp("us", "UTC")),
        }
    )


def _insert(cursor: Any, turns: pa.Table) -> None:
    cursor.register("turn", turns)
    for table, rows in _INSERTS.items():
        cursor.execute(f"insert into {table} select {rows}").fetchall()
    cursor.unregister("turn")
