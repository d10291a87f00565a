"""The tables that a query sees: views over the snapshot, each with its columns explained."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from core.analysis.columns import (
    ANSWERS,
    CITATIONS,
    CONVERSATIONS,
    DOCUMENTS,
    FEEDBACK,
    MESSAGES,
    RETRIEVALS,
    SUPPORTS,
    TOKENS_BY_DAY,
    TURNS,
)

SCHEME = "stored://"
"""What the names of the snapshot's files begin with inside the worker."""


@dataclass(frozen=True, slots=True)
class View:
    """A table that a query can name; `columns` says in a line what each column holds, in their order."""

    name: str
    description: str
    columns: Mapping[str, str]
    sql: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "columns", MappingProxyType(dict(self.columns)))


# What a stream took: by the provider's books where they are known, else by its last word.
_PARTS = """
select a.* replace (
    coalesce(c.prompt_tokens, a.prompt_tokens) as prompt_tokens,
    coalesce(c.completion_tokens, a.completion_tokens) as completion_tokens,
    coalesce(c.reasoning_tokens, a.reasoning_tokens) as reasoning_tokens,
    coalesce(c.cached_tokens, a.cached_tokens) as cached_tokens,
    coalesce(c.cost, a.cost) as cost
), greatest(a.duration_ms - a.first_token_ms, 0) as writing_ms, 1 as parts
from stored.answers a left join stored.costs c using (stream_id)
"""
# Few answers are continued: only those are put together, all others are read as they are. Materialized, the list of
# them would keep a join with a few answers from reading only those.
_WHOLE = """
with continued as not materialized (select distinct message_id from stored.answers where continues)
from stored.parts anti join continued using (message_id)
union all by name
select message_id, any_value(conversation_id) as conversation_id, any_value(question_id) as question_id,
    min(created_at) as created_at, arg_min(started_at, seq) as started_at, max(completed_at) as completed_at,
    arg_max(status, seq) as status, arg_max_null(finish_reason, seq) as finish_reason,
    arg_max_null(error, seq) as error, arg_max(model, seq) as model, arg_max(requested_model, seq) as requested_model,
    arg_max_null(provider, seq) as provider, string_agg(text, '' order by seq) as text,
    sum(length)::bigint as length, bool_and(blank) as blank,
    string_agg(reasoning, '' order by seq) as reasoning, sum(prompt_tokens)::bigint as prompt_tokens,
    sum(completion_tokens)::bigint as completion_tokens, sum(reasoning_tokens)::bigint as reasoning_tokens,
    sum(cached_tokens)::bigint as cached_tokens, sum(cost) as cost,
    arg_min_null(first_token_ms, seq) as first_token_ms, sum(duration_ms)::bigint as duration_ms,
    sum(writing_ms)::bigint as writing_ms, bool_or(searched) as searched,
    list_distinct(flatten(list(marks order by seq))) as marks, count(*)::integer as parts
from stored.parts semi join continued using (message_id) group by message_id
"""
_RATINGS = """
select message_id, any_value(conversation_id) as conversation_id, arg_max(rating, created_at) as rating,
    arg_max_null(comment, created_at) as comment, max(created_at) as created_at
from stored.feedback group by message_id having arg_max(rating, created_at) <> 0
"""
_ANSWERS = """
select w.message_id, w.conversation_id, w.question_id, w.created_at, w.started_at, w.completed_at, w.status,
    w.finish_reason, w.error, w.model, w.requested_model, w.provider, w.text, w.reasoning, w.length,
    w.prompt_tokens, w.completion_tokens, w.reasoning_tokens, w.cached_tokens, w.cost, w.first_token_ms, w.duration_ms,
    round(w.completion_tokens * 1000.0 / nullif(w.writing_ms, 0), 2) as tokens_per_second, w.searched, w.marks,
    w.searched and not w.blank and len(w.marks) = 0 as unsupported, w.parts, r.rating, r.comment
from stored.whole w left join stored.ratings r using (message_id)
"""
_TURNS = """
select q.conversation_id, q.message_id as question_id, q.created_at as asked_at, q.content as question,
    a.message_id as answer_id, a.text as answer, a.completed_at, a.status, a.error, a.model, a.provider,
    a.prompt_tokens, a.completion_tokens, a.cost, a.first_token_ms, a.duration_ms, a.tokens_per_second, a.searched,
    a.unsupported, a.rating
from stored.messages q left join answers a on a.question_id = q.message_id where q.role = 'user'
"""
_MESSAGES = """
select message_id, conversation_id, parent_id, role, content, length(content) as length, created_at
from stored.messages where role <> 'assistant'
union all
select message_id, conversation_id, question_id, 'assistant', text, length, created_at from stored.whole
"""
_CONVERSATIONS = """
select c.conversation_id, c.title, c.model, c.pinned, c.archived, c.document_ids, c.created_at, m.updated_at,
    coalesce(m.messages, 0) as messages
from stored.conversations c left join (
    select conversation_id, max(created_at) as updated_at, count(*) as messages from stored.messages group by all
) m using (conversation_id)
"""
_RETRIEVALS = """
select message_id, conversation_id, created_at, question, query, document_ids, tags, since, until, searched, found,
    rewrite_ms, wait_ms, embed_ms, lexical_ms, semantic_ms, rerank_ms, total_ms,
    coalesce(c.prompt_tokens, r.prompt_tokens) as prompt_tokens,
    coalesce(c.completion_tokens, r.completion_tokens) as completion_tokens, coalesce(c.cost, r.cost) as cost
from stored.retrievals r left join stored.rewrites c using (stream_id)
"""
_CITATIONS = """
select r.message_id, r.conversation_id, r.completed_at, r.mark, r.cited, r.rank, r.score, r.document_id, r.title,
    r.page, r.heading, r.quote, r.passage_id, r.lexical_rank, r.lexical_score, r.semantic_rank, r.semantic_score,
    r.rerank_score, s.support
from stored.retrieved r left join (
    select message_id, mark, min(score) as support from stored.supports group by all
) s using (message_id, mark)
"""
_TOKENS_BY_DAY = """
select created_at::date as day, model, count(*) as answers, sum(prompt_tokens)::bigint as prompt_tokens,
    sum(completion_tokens)::bigint as completion_tokens, sum(reasoning_tokens)::bigint as reasoning_tokens,
    sum(cached_tokens)::bigint as cached_tokens, sum(cost) as cost
from stored.whole group by all
"""

VIEWS = (
    View("turns", "A question and its answer; a question that was answered anew has several rows.", TURNS, _TURNS),
    View("answers", "An answer that has ended, whole, however often it was continued.", ANSWERS, _ANSWERS),
    View("messages", "What was asked and what was answered, one message a row.", MESSAGES, _MESSAGES),
    View("conversations", "A conversation, unless it was deleted.", CONVERSATIONS, _CONVERSATIONS),
    View("retrievals", "One search of the documents that an answer stands on.", RETRIEVALS, _RETRIEVALS),
    View("citations", "A passage that an answer was given, and whether it cites it.", CITATIONS, _CITATIONS),
    View(
        "supports",
        "How near a sentence of an answer is to the passage that it cites.",
        SUPPORTS,
        "select message_id, conversation_id, mark, start_char, end_char, score from stored.supports",
    ),
    View("tokens_by_day", "Answers, tokens and cost by day and model.", TOKENS_BY_DAY, _TOKENS_BY_DAY),
    View(
        "feedback",
        "The thumb that an answer has now.",
        FEEDBACK,
        "select message_id, conversation_id, rating, comment, created_at from stored.ratings",
    ),
    View(
        "documents",
        "A document that was added, whatever became of it.",
        DOCUMENTS,
        "select document_id, title, filename, media_type, size, status, error, url, tags, passages, created_at "
        "from stored.documents",
    ),
)
_INNER = {"parts": _PARTS, "whole": _WHOLE, "ratings": _RATINGS}
_OF_A_CONVERSATION = ("messages", "answers", "retrieved", "retrievals", "feedback", "supports")


_READ = re.compile(r"\b(?:from|join) (stored\.\w+|answers)\b")


def setup(tables: Mapping[str, Sequence[str]], deleted: Sequence[str]) -> dict[str, str]:
    """The statements that make the views over the files of `tables`, without the conversations `deleted`.

    They are in their order, by the names of what they make; the schema `stored` comes first, and is always needed.
    """
    lines = {"stored": "create schema stored"}
    for name, files in tables.items():
        hides = name in _OF_A_CONVERSATION and deleted
        without = f" where conversation_id not in ({_list(deleted)})" if hides else ""
        lines[f"stored.{name}"] = f"create view stored.{name} as select * from read_parquet([{_list(files)}]){without}"
    return lines | {name: f"create view {name} as {sql}" for name, sql in _queries().items()}


def definitions() -> list[str]:
    """The statements that make the views where the schema `stored` has the tables of the snapshot."""
    return [f"create view {name} as {sql}" for name, sql in _queries().items()]


@cache
def made_of() -> dict[str, tuple[str, ...]]:
    """The names of what each view reads itself: other views, and tables of the snapshot."""
    return {name: tuple(_READ.findall(sql)) for name, sql in _queries().items()}


def _queries() -> dict[str, str]:
    """What each view is, by its name; those that others are made of come first."""
    inner = {f"stored.{name}": sql for name, sql in _INNER.items()}
    ordered = sorted(VIEWS, key=lambda view: view.name != "answers")
    return inner | {view.name: view.sql for view in ordered}


def explanations() -> list[str]:
    """The statements that keep with the views and their columns what they hold, for who opens them elsewhere."""
    lines = [f"comment on view {view.name} is {_list([view.description])}" for view in VIEWS]
    return lines + [
        f"comment on column {view.name}.{name} is {_list([text])}"
        for view in VIEWS
        for name, text in view.columns.items()
    ]


def _list(names: Sequence[str]) -> str:
    return ", ".join("'" + name.replace("'", "''") + "'" for name in names)
