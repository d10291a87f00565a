"""What the snapshot for analysts holds of each table: everything a person said or saw, no vectors, no file's bytes."""

from __future__ import annotations

from dataclasses import dataclass

SCHEMA = 1
"""Grows when a column changes here: an older snapshot is then written anew."""


@dataclass(frozen=True, slots=True)
class Growing:
    """A table to which rows are only added, apart from purges.

    `key` tells its rows apart, `kept_key` does so in the snapshot. `rows` gives what is kept of the rows of `source`
    with `LOW < rowid <= HIGH`, in their order; every one has a `conversation_id`. `beside` gives rows of other tables
    that belong to the same ones.
    """

    name: str
    source: str
    key: str
    kept_key: str
    rows: str
    beside: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Small:
    """A table that is written anew when `fingerprint` says that it has changed."""

    name: str
    fingerprint: str
    rows: str


def _new(table: str) -> str:
    return f"(select *, rowid as place from {table} where rowid > $LOW and rowid <= $HIGH)"


# Marks are saved in one form, `[n]`, outside code and not before a bracket, which makes a link.
_PROSE = r"regexp_replace(o.text, '```.*?(?:```|$)|`[^`\n]+`|\[\d{1,3}\]\(', '', 'gs')"
_MARKS = (
    "case when s.retrieve and contains(o.text, '[') then list_distinct(list_transform("
    rf"regexp_extract_all({_PROSE}, '\[(\d{{1,3}})\]', 1), lambda mark: mark::integer)) else [] end"
)
# Ids begin with the time, so that of the other tables little has to be read: what lies between the ids of the new rows.
_ENDED = f"""
with n as materialized (
    select o.*, s.message_id, s.conversation_id, s.seq, s.model as requested_model, {_MARKS} as marks
    from {_new("outcomes")} o join streams s on s.id = o.stream_id
)
"""


def _among(table: str, column: str, new: str) -> str:
    bounds = f"(select min({new}) from n) and (select max({new}) from n)"
    return f"(select * from {table} where {column} between {bounds})"


_ANSWERS = f"""
{_ENDED}
select n.stream_id, n.message_id, n.conversation_id, m.parent_id as question_id, n.seq, m.created_at,
    (select min(started_at) from starts where starts.stream_id = n.stream_id) as started_at,
    n.closed_at as completed_at, n.status, n.finish_reason, n.error, coalesce(n.model, n.requested_model) as model,
    n.requested_model, n.provider, n.text, length(n.text) as length, trim(n.text) = '' as blank, n.reasoning,
    n.prompt_tokens, n.completion_tokens, n.reasoning_tokens, n.cached_tokens, n.cost,
    n.times[1]::bigint as first_token_ms, n.duration_ms,
    exists (
        select 1 from {_among("retrievals", "stream_id", "stream_id")} r where r.stream_id = n.stream_id and (
            r.searched > 0 or r.document_ids is not null or r.tags <> [] or coalesce(r.since, r.until) is not null)
    ) as searched,
    n.marks, exists (
        select 1 from {_among("streams", "message_id", "message_id")} o
        where o.message_id = n.message_id and o.seq < n.seq
    ) as continues
from n join {_among("messages", "id", "message_id")} m on m.id = n.message_id
order by n.place
"""
_RETRIEVED = f"""
{_ENDED}
select n.stream_id, n.message_id, n.conversation_id, r.mark, coalesce(list_contains(n.marks, r.mark), false) as cited,
    r.rank, r.score, r.passage_id, r.document_id, r.title, r.page, r.heading, r.quote, r.lexical_rank, r.lexical_score,
    r.semantic_rank, r.semantic_score, r.rerank_score, n.closed_at as completed_at
from n join {_among("retrieved", "stream_id", "stream_id")} r on r.stream_id = n.stream_id
order by n.place, r.mark
"""
_RETRIEVALS = f"""
{_ENDED}
select n.stream_id, n.message_id, n.conversation_id, r.question, r.query, r.document_ids, r.tags, r.since, r.until,
    r.searched,
    (select count(*) from {_among("retrieved", "stream_id", "stream_id")} d where d.stream_id = n.stream_id) as found,
    r.rewrite_ms, r.wait_ms, r.embed_ms, r.lexical_ms, r.semantic_ms, r.rerank_ms, r.total_ms, r.prompt_tokens,
    r.completion_tokens, r.cost, r.created_at
from n join {_among("retrievals", "stream_id", "stream_id")} r on r.stream_id = n.stream_id
order by n.place
"""
_MESSAGES = f"""
select n.id as message_id, n.conversation_id, n.parent_id, n.seq, n.role, n.content, n.created_at
from {_new("messages")} n
order by n.place
"""
_FEEDBACK = f"""
with n as materialized {_new("feedback")}
select n.message_id, m.conversation_id, n.rating, n.comment, n.created_at
from n join {_among("messages", "id", "message_id")} m on m.id = n.message_id
order by n.place
"""
_SUPPORTS = f"""
with n as materialized {_new("supports")}
select n.message_id, m.conversation_id, n.mark, n.start_char, n.end_char, n.score,
    (select max(c.checked_at) from support_checks c where c.message_id = n.message_id) as checked_at
from n join {_among("messages", "id", "message_id")} m on m.id = n.message_id
order by n.place
"""

_RATED = "concat_ws(' ', message_id, epoch_us(created_at))"
# An answer that is looked at anew has its rows written anew, perhaps with the same places.
_SUPPORTED = "concat_ws(' ', message_id, mark, start_char, end_char, epoch_us({}))"
_CHECKED = "(select max(c.checked_at) from support_checks c where c.message_id = supports.message_id)"
_BESIDE = (("retrieved", _RETRIEVED), ("retrievals", _RETRIEVALS))

GROWING = (
    Growing("messages", "messages", "id", "message_id", _MESSAGES),
    Growing("answers", "outcomes", "stream_id", "stream_id", _ANSWERS, _BESIDE),
    Growing("feedback", "feedback", _RATED, _RATED, _FEEDBACK),
    Growing("supports", "supports", _SUPPORTED.format(_CHECKED), _SUPPORTED.format("checked_at"), _SUPPORTS),
)

SMALL = (
    Small(
        "conversations",
        "select count(*), bit_xor(hash(id, title, model, document_ids, pinned, archived)) from conversations "
        "where deleted_at is null",
        "select id as conversation_id, title, model, document_ids, pinned, archived, created_at from conversations "
        "where deleted_at is null order by created_at",
    ),
    Small(
        "costs",
        "select count(*), bit_xor(hash(stream_id, prompt_tokens, completion_tokens, reasoning_tokens, cached_tokens, "
        "cost)) from costs",
        "select stream_id, prompt_tokens, completion_tokens, reasoning_tokens, cached_tokens, cost from costs",
    ),
    Small(
        "rewrites",
        "select count(*), bit_xor(hash(stream_id, prompt_tokens, completion_tokens, cost)) from retrievals "
        "where generation_id is not null and cost is not null",
        "select stream_id, prompt_tokens, completion_tokens, cost from retrievals "
        "where generation_id is not null and cost is not null",
    ),
    Small(
        "documents",
        "select count(*), bit_xor(hash(id, title, filename, status, error, url, tags)) from documents "
        "where status <> 'removed'",
        "select d.id as document_id, d.title, d.filename, d.media_type, d.size, d.status, d.error, d.url, d.tags, "
        "count(p.document_id) as passages, d.created_at from documents d left join passages p on p.document_id = d.id "
        "where d.status <> 'removed' group by all order by d.created_at",
    ),
)

NAMES = (
    *(name for table in GROWING for name in (table.name, *(name for name, _ in table.beside))),
    *(table.name for table in SMALL),
)
"""Every table of the snapshot."""

DELETED = "select id from conversations where deleted_at is not null order by id"
"""Conversations that can still be restored: their rows are there, and the views leave them out."""
