"""Taking out: every format is what its readers expect, and nothing that somebody wrote becomes anything but text."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest
from selectolax.lexbor import LexborHTMLParser

from core.analysis.views import VIEWS
from core.errors import InvalidValue, NotFound
from core.exchange.exchange import FORMATS
from core.exchange.exports.html import rendered
from core.exchange.exports.pieces import branches, gathered
from core.ids import new_id
from core.models import Citation, Outcome, Role, Status
from core.store.imports import Imports, Slice
from core.store.saved import SavedConversation, SavedMessage, SavedStream
from tests.core.exchange import samples
from tests.core.exchange.support import Desk, file_of

AT = datetime(2025, 6, 1, 12, tzinfo=UTC)
NASTY = (
    "</p><script>alert(1)</script> ![x](https://evil.example/x.png) [y](javascript:alert(1)) "
    "<img src=x onerror=z> [1] [2]"
)


def answer(parent: str | None, text: str, **more: object) -> SavedMessage:
    """An answer with one passage that it may cite."""
    source = Citation(1, "p" * 26, "d" * 26, 'The "Sea" <b>', 3, "The <moon>\npulls.", 0.9, 1, heading="Tides")
    about = {
        "outcome": Outcome(Status.DONE),
        "text": text,
        "started_at": AT,
        "closed_at": AT,
        "sources": (source,),
    } | more
    stream = SavedStream(id=new_id(), model="fake/echo", created_at=AT, **about)  # type: ignore[arg-type]
    return SavedMessage(new_id(), parent, Role.ASSISTANT, AT, streams=(stream,))


def question(parent: str | None, text: str) -> SavedMessage:
    """A question."""
    return SavedMessage(new_id(), parent, Role.USER, AT, text)


def saved(desk: Desk, title: str, *messages: SavedMessage) -> SavedConversation:
    """A conversation in the database."""
    conversation = SavedConversation(new_id(), title, "fake/echo", AT, messages)
    first = desk.reserve(len(messages) * 2)
    assert Imports(desk.database).submit([Slice(conversation, messages, True)], first).result()
    return conversation


@pytest.fixture
def cited(desk: Desk) -> SavedConversation:
    """A question with two answers, the last of which cites; and everything that somebody might write."""
    asked = question(None, NASTY)
    first = answer(
        asked.id, "Nothing here.", outcome=Outcome(Status.ERROR, error="It <failed>."), reasoning="Hm, *so*."
    )
    return saved(desk, "Tides # <i>", asked, first, answer(asked.id, f"**Yes** {NASTY}"))


def text_of(desk: Desk, format_: str, *ids: str) -> str:
    """An export as text."""
    return b"".join(desk.exchange.export(format_, ids or None)).decode()


def test_the_markdown_reads_like_the_conversation(desk: Desk, cited: SavedConversation) -> None:
    """The newest branch, sources with their quotes, then what the other branch has of its own."""
    text = text_of(desk, "markdown")
    assert text.startswith("# Tides # \\<i\\>\n".replace("# \\<", "\\# \\<"))
    places = [text.index(part) for part in ("## You", "**Yes**", "**[1]**", "> The <moon>\n> pulls.", "Another branch")]
    assert places == sorted(places)
    assert 'The "Sea" \\<b\\>, Tides, p. 3' in text
    assert "*(error: It \\<failed\\>.)*" in text[places[-1] :]
    assert "<summary>Reasoning</summary>\n\nHm, *so*." in text[places[-1] :]
    assert cited.messages[0].text in text


def test_the_html_runs_and_fetches_nothing(desk: Desk, cited: SavedConversation) -> None:
    """No scripts, no pictures, no handlers, no strange links; a policy that forbids them; every word is there."""
    page = LexborHTMLParser(text_of(desk, "html"))
    for selector in ("script", "img", "iframe", "link", "object", "form", "[onerror]", "[onclick]", "[src]"):
        assert page.css(selector) == [], selector
    links = [node.attributes.get("href") or "" for node in page.css("a")]
    assert all(link.startswith(("#", "https://")) for link in links)
    policy = page.css_first("meta[http-equiv]").attributes["content"] or ""
    assert policy.startswith("default-src 'none'")
    assert page.css_first("article.user .said").text() == cited.messages[0].text
    assert page.css_first("h1").text() == "Tides # <i>"
    assert "light dark" in page.css_first("style").text()


def test_marks_in_the_html_lead_to_their_quotes(desk: Desk, cited: SavedConversation) -> None:
    """A mark that names a source is a link to it; one that names none is text."""
    page = LexborHTMLParser(text_of(desk, "html"))
    inner = [node for node in page.css("article.assistant .said a") if (node.attributes.get("href") or "")[:1] == "#"]
    assert [node.text() for node in inner] == ["[1]"]
    source = page.css_first(f'li[id="{(inner[0].attributes["href"] or "")[1:]}"]')
    assert 'The "Sea" <b>, Tides, p. 3' in source.text()
    assert source.css_first("blockquote").text() == "The <moon>\npulls."
    assert page.css_first(".state").text() == "error: It <failed>."
    assert page.css_first(".branch a").attributes["href"] == f"#m-{cited.messages[2].id}"


def test_very_long_texts_are_not_rendered() -> None:
    """Markdown that would take for ever is shown as it is."""
    assert rendered("> " * 150_000).startswith("<pre>&gt; &gt;")
    assert rendered("[1] `[1]`", "m", [Citation(1, "", "", "", None, "", 0, 1)]).count("href") == 1


def test_lines_have_the_newest_branch(desk: Desk, cited: SavedConversation) -> None:
    """One line a conversation, as OpenAI's tools take it; answers that say nothing are left out."""
    empty = question(None, "Hello?")
    saved(desk, "Empty", empty, answer(empty.id, ""))
    first, second = [json.loads(line) for line in text_of(desk, "jsonl").splitlines()]
    assert [(each["role"], each["content"]) for each in first["messages"]] == [
        ("user", NASTY), ("assistant", f"**Yes** {NASTY}"),
    ]  # fmt: skip
    assert (first["id"], first["model"], first["created_at"]) == (cited.id, "fake/echo", "2025-06-01T12:00:00Z")
    assert second["messages"] == [{"role": "user", "content": "Hello?"}]


def test_a_line_has_no_other_breaks(desk: Desk) -> None:
    """Whatever a reader takes for the end of a line."""
    broken = "a\x85b\u2028c\u2029d\x0b\x0c\x1c\r\n"
    saved(desk, broken, question(None, broken))
    (line,) = text_of(desk, "jsonl").splitlines()
    assert json.loads(line)["messages"] == [{"role": "user", "content": broken}]


def test_some_conversations_are_taken_out_alone(desk: Desk, cited: SavedConversation) -> None:
    """Those that are named, each once; a deleted one and one that never was are not there."""
    other = saved(desk, "Other", question(None, "Only this."))
    assert "Tides" not in text_of(desk, "markdown", other.id, other.id)
    assert text_of(desk, "markdown", other.id, other.id).count("Only this.") == 1
    desk.conversations.delete(cited.id)
    assert "Tides" not in text_of(desk, "markdown")
    for gone in (cited.id, "nothing"):
        with pytest.raises(NotFound):
            desk.exchange.export("json", [other.id, gone])
    with pytest.raises(InvalidValue, match="markdown"):
        desk.exchange.export("docx")


@pytest.mark.parametrize("format_", FORMATS)
def test_an_empty_history_is_a_file_too(desk: Desk, format_: str, tmp_path: Path) -> None:
    """Every format has a form for nothing, and nothing but the snapshot stays behind on disk."""
    before = set(tmp_path.iterdir())
    assert isinstance(b"".join(desk.exchange.export(format_)), bytes)
    assert set(tmp_path.iterdir()) - {tmp_path / "snapshot"} == before


def test_parquet_has_a_row_for_each_message(
    desk: Desk, cited: SavedConversation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the text of answers, their model and how they ended."""
    desk.exchange.import_(file_of([samples.openwebui()]))
    monkeypatch.setattr("core.store.table_exports._SLICE", 2)  # A long history is written bit by bit.
    path = tmp_path / "out.parquet"
    path.write_bytes(b"".join(desk.exchange.export("parquet")))
    rows = duckdb.sql(
        f"select role, content, model, status, rating, prompt_tokens from '{path}' order by seq"
    ).fetchall()
    assert len(rows) == 7
    assert rows[1] == ("assistant", "Nothing here.", "fake/echo", "error", None, None)
    assert ("assistant", "255", "deepseek-r1", "done", 1, 12) in rows
    path.write_bytes(b"".join(desk.exchange.export("parquet", [cited.id])))
    assert duckdb.sql(f"select distinct conversation_id from '{path}'").fetchall() == [(cited.id,)]


def test_a_duckdb_file_has_the_tables_of_the_app(desk: Desk, cited: SavedConversation, tmp_path: Path) -> None:
    """Under the same names, explained, and only what was chosen; they can be asked elsewhere as here."""
    desk.exchange.import_(file_of([samples.claude()]))
    path = tmp_path / "out.duckdb"
    path.write_bytes(b"".join(desk.exchange.export("duckdb", [cited.id])))
    with duckdb.connect(str(path), read_only=True) as opened:
        views = opened.execute(
            "select view_name, comment from duckdb_views() where not internal and schema_name = 'main'"
        ).fetchall()
        assert dict(views) == {view.name: view.description for view in VIEWS}
        for view in VIEWS:
            columns = opened.execute(
                "select column_name, comment from duckdb_columns() where table_name = ? and schema_name = 'main'",
                [view.name],
            )
            assert dict(columns.fetchall()) == dict(view.columns)
        assert opened.execute("select conversation_id, title from conversations").fetchall() == [
            (cited.id, "Tides # <i>")
        ]
        assert opened.execute("select count(*) from messages").fetchall() == [(3,)]
        assert opened.execute("select mark, quote from citations").fetchall() == [(1, "The <moon>\npulls.")] * 2
        assert opened.execute("select count(*) from turns where answer is not null").fetchall() == [(2,)]


def test_a_duckdb_file_of_everything_has_what_is_not_deleted(
    desk: Desk, cited: SavedConversation, tmp_path: Path
) -> None:
    """And nothing of a conversation that waits to be purged."""
    desk.exchange.import_(file_of([samples.claude()]))
    desk.conversations.delete(cited.id)
    path = tmp_path / "out.duckdb"
    path.write_bytes(b"".join(desk.exchange.export("duckdb")))
    with duckdb.connect(str(path), read_only=True) as opened:
        held = opened.execute("select count(*), count(*) filter (conversation_id = ?) from messages", [cited.id])
        ((messages, deleted),) = held.fetchall()
        assert messages > 0 and deleted == 0
        assert opened.execute("select count(*) from citations").fetchall() == [(0,)]


def test_every_message_is_in_one_branch() -> None:
    """However the tree branches; and a long one takes no longer for it."""
    roots = [question(None, str(number)) for number in range(3)]
    answers = [answer(root.id, f"{root.text}{number}") for root in roots for number in range(2)]
    found = SavedConversation("c", "T", "m", AT, (*roots, *answers))
    own = [[message.text for message in branch.messages] for branch in branches(found)]
    assert own == [["2", "21"], ["0", "01"], ["1", "11"], ["00"], ["10"], ["20"]]
    assert [branch.beside and branch.beside.text for branch in branches(found)] == [None, "2", "2", "01", "11", "21"]
    many = SavedConversation("c", "T", "m", AT, tuple(question(None, "x") for _ in range(30_000)))
    assert sum(len(branch.messages) for branch in branches(many)) == 30_000


def test_an_export_is_read_piece_by_piece(desk: Desk) -> None:
    """What is not asked for is not read: memory holds some conversations at a time."""
    taken = 0

    def texts() -> Iterator[str]:
        nonlocal taken
        while True:
            taken += 1
            yield "x" * 1_000

    pieces = gathered(texts())
    assert len(next(pieces)) == taken * 1_000 < 100_000
    for number in range(3):
        saved(desk, f"Long {number}", *(question(None, "word " * 20) for _ in range(1_500)))
    exported = desk.exchange.export("json")
    size = len(next(exported))
    desk.conversations.delete(desk.conversations.page(1)[0].id)
    rest = b"".join(exported)
    assert size < 800_000
    assert rest.count(b'"title"') == 1


def test_everything_comes_back_through_a_file(desk: Desk, cited: SavedConversation) -> None:
    """What is taken out as JSON adds nothing where it came from."""
    report = desk.exchange.import_(io.BytesIO(text_of(desk, "json").encode()))
    assert (report.format, report.conversations, report.new, report.already_present) == ("throughline", 1, 0, 3)
    assert len(cited.messages) == 3
