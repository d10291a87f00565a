"""A long history made inside the database: questions and answers with all that belongs to them.

As in real ones, ids begin with what grows.
"""

from __future__ import annotations

from duckdb import DuckDBPyConnection

_WORDS = 4_000


def _text(words: int) -> str:
    return (
        f"(select string_agg(words.words[1 + (hash(i * 1000 + w) % {_WORDS})::integer], ' ') "
        f"from words, range({words}) r(w))"
    )


_TURN = """
create or replace temp table turn as select i, printf('%08x%018d', i, 0) as question,
    printf('%08x%018d', i, 1) as answer, printf('%08x%018d', i, 2) as stream,
    printf('%08x%018d', i // 20 * 20, 3) as conversation,
    timestamptz '2024-01-01 00:00:00+00' + to_seconds(i * 60) as asked,
    'model ' || (hash(i) % 5) as model, i % 2 = 0 as searches, hash(i * 7) % 50 as luck
from range({}, {}) t(i)
"""
_ROWS = (
    """
    insert into conversations select conversation, 'Title ' || min(i), min(model), null, false, false, min(asked), null
    from turn where conversation not in (select id from conversations) group by conversation
    """,
    f"""
    insert into messages select question, conversation, null, 2 * i, 'user', {_text(10)}, null, asked from turn
    """,
    """
    insert into messages select answer, conversation, question, 2 * i + 1, 'assistant', '', null, asked from turn
    """,
    """
    insert into streams select stream, answer, conversation, 2 * i + 1, model, searches, null, asked from turn
    """,
    "insert into starts select stream, asked from turn",
    f"""
    insert into outcomes select stream,
        case when luck = 0 then 'error' when luck = 1 then 'stopped' else 'done' end,
        {_text(75)} || case when searches and luck > 5 then ' [1][2] ' else ' ' end || {_text(75)}, '',
        [4], [(300 + hash(i) % 900)::uinteger], [], [], 'stop', case when luck = 0 then 'The model is gone.' end,
        model, 'Fake', 400 + hash(i) % 1000, 100 + hash(i) % 100, null, null, 0.0001 * (hash(i) % 100),
        2500 + hash(i) % 3000, asked + interval 4 seconds
    from turn
    """,
    f"""
    insert into retrieved (stream_id, mark, rank, passage_id, document_id, title, page, quote, score)
    select stream, m, m, 'p' || (hash(i * 5 + m) % 5000), 'd' || (hash(i * 5 + m) % 100),
        'Document ' || (hash(i * 5 + m) % 100), 1, {_text(60)}, 1 / m
    from turn, range(1, 6) marks(m) where searches
    """,
    """
    insert into retrievals (stream_id, question, query, tags, searched, rewrite_ms, wait_ms, embed_ms, lexical_ms,
        semantic_ms, rerank_ms, total_ms, created_at)
    select stream, 'q', 'q', [], 5000, 0, 0, 10, 3, 4, 0, 20, asked from turn where searches
    """,
    """
    insert into supports select answer, m, 0, 50, (hash(i * m) % 100) / 100
    from turn, range(1, 3) marks(m) where searches and luck > 5
    """,
    "insert into support_checks select answer, stream, asked from turn where searches",
    """
    insert into feedback select answer, case when luck < 10 then -1 else 1 end, null, asked from turn where luck % 5 = 0
    """,
)


def add_turns(cursor: DuckDBPyConnection, first: int, turns: int) -> None:
    """Adds the turns from number `first` on: 20 to a conversation, one a minute, answers of some 150 words.

    Every second one was given five passages, and mostly cites two of them.
    """
    cursor.execute(f"create or replace temp table words as select list('word ' || range) as words from range({_WORDS})")
    cursor.execute(_TURN.format(first, first + turns))
    for sql in _ROWS:
        cursor.execute(sql).fetchall()
