"""The schema, as numbered migrations: each runs once, in one transaction, and is never edited after a release."""

from __future__ import annotations

from duckdb import DuckDBPyConnection

from core.errors import DatabaseTooNew

# What grows while answers stream is append-only: a state is the rows that are there, not a column that is updated.
# `chunks` is the hot table: no key, and its rows are only removed when nothing streams (`Streams.tidy`). Those with one
# row a stream have an index by its id, so that opening a conversation reads its answers alone; 50 bytes a row.
_CONVERSATIONS = """
create table conversations (
    id varchar primary key,
    title varchar not null,
    model varchar not null,
    document_ids varchar[],             -- null: all documents
    pinned boolean not null default false,
    archived boolean not null default false,
    created_at timestamptz not null,
    deleted_at timestamptz              -- set: no longer shown; its rows go when things are quiet
);
create table messages (
    id varchar not null,
    conversation_id varchar not null,
    parent_id varchar,                  -- the message it answers or follows; siblings are branches
    seq bigint not null,                -- the order of asking, whatever the clock says
    role varchar not null,
    content varchar not null,           -- empty for an answer: its text is its streams'
    client_id varchar,
    created_at timestamptz not null
);
create table feedback (                 -- the newest row of a message counts
    message_id varchar not null,
    rating tinyint not null,
    comment varchar,
    created_at timestamptz not null
);
"""

_STREAMS = """
create table streams (
    id varchar not null,
    message_id varchar not null,
    conversation_id varchar not null,
    seq bigint not null,
    model varchar not null,
    retrieve boolean not null,
    document_ids varchar[],
    created_at timestamptz not null
);
create index streams_by_id on streams (id);
create index streams_by_message on streams (message_id);
create table starts (stream_id varchar not null, started_at timestamptz not null);
create index starts_by_stream on starts (stream_id);
create table generations (              -- kept as soon as known, so that the cost can be asked for after a crash
    stream_id varchar not null,
    generation_id varchar not null
);
create table chunks (
    stream_id varchar not null,
    kind varchar not null,              -- answer or reasoning
    position integer not null,          -- characters of this kind before this chunk
    text varchar not null,
    lengths usmallint[] not null,       -- of each piece, in characters
    times uinteger[] not null           -- when each piece arrived, in ms since the stream started
);
create table outcomes (                 -- one row closes a stream; its text is whole here, and so is its trace
    stream_id varchar not null,
    status varchar not null,
    text varchar not null,
    reasoning varchar not null,
    lengths usmallint[] not null,
    times uinteger[] not null,
    reasoning_lengths usmallint[] not null,
    reasoning_times uinteger[] not null,
    finish_reason varchar,
    error varchar,
    model varchar,                      -- the name the model's side gave
    provider varchar,
    prompt_tokens bigint,
    completion_tokens bigint,
    reasoning_tokens bigint,
    cached_tokens bigint,
    cost double,                        -- US dollars
    duration_ms bigint,
    closed_at timestamptz not null
);
create index outcomes_by_stream on outcomes (stream_id);
create table costs (                    -- what the provider's books said later; it wins over the outcome
    stream_id varchar not null,
    prompt_tokens bigint,
    completion_tokens bigint,
    reasoning_tokens bigint,
    cached_tokens bigint,
    cost double
);
"""

_DOCUMENTS = """
create table documents (
    id varchar primary key,
    title varchar not null,
    filename varchar not null,
    media_type varchar not null,
    size bigint not null,
    sha256 varchar not null,
    status varchar not null,            -- indexing, ready, failed; later also cancelled, replaced, removed
    error varchar,
    created_at timestamptz not null
);
create table passages (
    id varchar not null,
    document_id varchar not null,
    ordinal integer not null,
    text varchar not null,
    heading varchar,
    page integer,
    start_char integer not null,
    end_char integer not null,
    embedding float[384] not null       -- unit length
);
create table retrieved (                -- what a generation was given: text and title as they stood then
    stream_id varchar not null,
    mark integer not null,
    rank integer not null,
    passage_id varchar not null,
    document_id varchar not null,
    title varchar not null,
    page integer,
    quote varchar not null,
    score double not null
);
"""

_EVIDENCE = """
alter table documents add column origin varchar;     -- the name or path it was given by; null: its filename
alter table documents add column url varchar;        -- the page it was saved from
alter table documents add column tags varchar[] default [];
alter table documents add column titled boolean default false;   -- a person gave its title, so that it stays
alter table documents add column replaced_by varchar;    -- its newer version's id; until that is ready, still `ready`
create table aliases (                  -- more origins at which the same bytes were found
    document_id varchar not null,
    origin varchar not null
);
create index passages_by_id on passages (id);        -- a search reads some fifty, wherever they stand
alter table retrieved add column heading varchar;
alter table retrieved add column start_char integer;
alter table retrieved add column end_char integer;
alter table retrieved add column passage_ids varchar[];  -- of the passages that were joined into it
alter table retrieved add column lexical_rank integer;
alter table retrieved add column lexical_score double;
alter table retrieved add column semantic_rank integer;
alter table retrieved add column semantic_score double;
alter table retrieved add column rerank_score double;
create table retrievals (               -- one row a search that a generation made
    stream_id varchar not null,
    question varchar not null,
    query varchar not null,             -- the question made to stand alone
    document_ids varchar[],             -- null: all documents
    tags varchar[] not null,
    since timestamptz,
    until timestamptz,
    searched bigint not null,           -- passages that passed the filter
    rewrite_ms double not null,
    wait_ms double not null,
    embed_ms double not null,
    lexical_ms double not null,
    semantic_ms double not null,
    rerank_ms double not null,
    total_ms double not null,
    generation_id varchar,              -- of the model that made it stand alone, while its cost is not known
    prompt_tokens bigint,               -- what making the question stand alone took
    completion_tokens bigint,
    reasoning_tokens bigint,
    cached_tokens bigint,
    cost double,                        -- US dollars
    created_at timestamptz not null
);
create index retrievals_by_stream on retrievals (stream_id);
create table supports (                 -- how near a sentence of an answer is to the passage that it cites
    message_id varchar not null,
    mark integer not null,
    start_char integer not null,        -- the sentence's place in the answer's text
    end_char integer not null,
    score double not null               -- cosine
);
create index supports_by_message on supports (message_id);
create table support_checks (           -- an answer whose sentences were looked at, and up to which stream
    message_id varchar not null,
    stream_id varchar not null,
    checked_at timestamptz not null
);
"""

_SHARES = """
create table shares (                   -- few, so all are held in memory; the token is nowhere, see core.sharing.tokens
    id varchar not null,
    kind varchar not null,              -- conversation or notebook
    target_id varchar not null,
    created_at timestamptz not null,
    expires_at timestamptz,             -- null: never
    revoked_at timestamptz,
    views bigint not null default 0
);
"""

_NOTEBOOKS = """
create table notebooks (
    id varchar not null,
    title varchar not null,
    created_at timestamptz not null,
    updated_at timestamptz not null
);
create table cells (                    -- of all notebooks: few, and changed as they are edited
    id varchar not null,
    notebook_id varchar not null,
    place integer not null,             -- 0 the first
    kind varchar not null,              -- markdown, sql, chart, input
    name varchar not null,
    text varchar not null,
    settings varchar not null           -- JSON
);
create table cell_results (             -- one row a SQL cell that was run; its table is a file named by both ids
    cell_id varchar not null,
    notebook_id varchar not null,
    run_id varchar not null,
    made_of varchar not null,           -- a digest of all that it was made of: another one now, and it is stale
    ran_at timestamptz not null,
    tables varchar[] not null,          -- the cells that it named; inputs with a $
    columns varchar not null,           -- JSON: name, type, whether the file holds it as another
    rows bigint not null,
    bytes bigint not null,              -- of the file; 0: there is none, as it failed
    truncated boolean not null,
    note varchar,
    error varchar,
    milliseconds double
);
"""

# A search of the history reads some fifty messages, wherever they stand; 9 bytes a row.
_FINDING = "create index messages_by_seq on messages (seq);"

MIGRATIONS: tuple[str, ...] = (_CONVERSATIONS + _STREAMS + _DOCUMENTS, _EVIDENCE, _NOTEBOOKS, _SHARES, _FINDING)


def migrate(connection: DuckDBPyConnection) -> None:
    """Brings the database to this code's version.

    Raises:
        DatabaseTooNew: a newer version of the app wrote it.
    """
    connection.execute("create table if not exists migrations (version integer not null, applied_at timestamptz)")
    row = connection.execute("select coalesce(max(version), 0) from migrations").fetchone()
    present = int(row[0]) if row else 0
    if present > len(MIGRATIONS):
        raise DatabaseTooNew(
            f"The database was written by a newer version of Throughline (its version is {present}, this one knows "
            f"{len(MIGRATIONS)}). Update Throughline, or set THROUGHLINE_DATA_DIR to another folder."
        )
    for version in range(present + 1, len(MIGRATIONS) + 1):
        _apply(connection, version)


def _apply(connection: DuckDBPyConnection, version: int) -> None:
    connection.execute("begin")
    try:
        connection.execute(MIGRATIONS[version - 1])
        connection.execute("insert into migrations values (?, now())", [version])
        connection.execute("commit")
    except BaseException:
        connection.execute("rollback")
        raise
