"""Each program's export as it really looks: who said what, when, by which model, after what, and what was thought."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from core.exchange.formats import Hints, format_of, read
from core.exchange.threads import Broken
from core.models import Role, Status, Usage
from core.store.saved import SavedConversation, SavedMessage
from tests.core.exchange import samples
from tests.core.exchange.support import tree_of

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def conversation(value: dict[str, Any], ratings: dict[str, int] | None = None) -> SavedConversation:
    """The conversation that a record makes."""
    found = format_of(value)
    assert found is not None
    return read(found, value, Hints(NOW, "fake/default", ratings)).conversation


def message(found: SavedConversation, text: str) -> SavedMessage:
    """The message that begins like that."""
    return next(each for each in found.messages if each.text.startswith(text))


def test_chatgpt_keeps_branches_and_leaves_out_what_was_hidden() -> None:
    """Instructions, tools and recaps go; edited questions and regenerated answers stand beside each other."""
    found = conversation(samples.chatgpt())
    assert tree_of(found) == {
        "How do I roll back?": None,
        "Run `helm rollback` ([Helm](https://helm.sh/docs)).": "How do I roll back?",
        "Use the console.": "How do I roll back?",
        "How do I roll forward?": None,
        "Deploy again.": "How do I roll forward?",
    }
    assert (found.title, found.model) == ("Deploying", "gpt-5")
    assert found.created_at == datetime.fromtimestamp(1756000000.25, UTC)


def test_chatgpt_tells_how_an_answer_came_about() -> None:
    """Thoughts, code and its output are the reasoning of the answer that came of them, and of no other."""
    found = conversation(samples.chatgpt(), {"a1": 1})
    answer = message(found, "Run")
    thoughts = ["Helm, I guess.", "[Tool: python]", "```\nprint(1)\n```", "[Output: python]", "```\n1\n```"]
    assert answer.reasoning.split("\n\n") == thoughts
    assert message(found, "Use").reasoning == ""
    assert (answer.model, answer.streams[0].outcome.finish_reason) == ("o4-mini", "stop")
    assert answer.created_at == datetime.fromtimestamp(1756000006, UTC)
    assert answer.rating is not None
    assert answer.rating.rating == 1


@pytest.mark.parametrize(
    ("said", "about", "shown"),
    [
        ("A【12†source】b", {}, "Ab"),
        ("A 【4:0†file.pdf】.", {}, "A."),
        ("Keep 【this】 and †", {}, "Keep 【this】 and †"),
        ("A \ue200cite\ue202turn0search1\ue201.", {}, "A."),
        (
            "A \ue200cite\ue202turn0search1\ue201.",
            {
                "content_references": [
                    {
                        "matched_text": "\ue200cite\ue202turn0search1\ue201",
                        "items": [{"title": "T] [x", "url": "https://a.example/b"}],
                    }
                ]
            },
            "A ([T x](https://a.example/b)).",
        ),
        (
            "See \ue200entity\ue202x\ue201!",
            {"content_references": [{"matched_text": "\ue200entity\ue202x\ue201", "alt": "Paris"}]},
            "See Paris!",
        ),
        (
            "A【1†s】",
            {"citations": [{"start_ix": 1, "end_ix": 6, "metadata": {"title": "x", "url": "javascript:alert(1)"}}]},
            "A",
        ),
        ("A【1†s】", {"citations": [{"start_ix": -1, "end_ix": 10**9}, None, 7]}, "A"),
    ],
)
def test_chatgpt_marks_become_links_or_go(said: str, about: dict[str, Any], shown: str) -> None:
    """A mark whose page is known leads there; one that leads nowhere is no use to anybody."""
    value = samples.chatgpt()
    value["mapping"] = {"a": samples.node("a", None, "assistant", said, metadata=about)}
    assert conversation(value).messages[0].text == shown


def test_chatgpt_keeps_a_question_that_is_but_a_file() -> None:
    """Files that came with a question are named; a picture that is shown already is not said twice."""
    report = {"id": "file-1", "name": "Report.pdf", "mime_type": "application/pdf"}
    picture = {"id": "file-2", "name": "heron.png", "mime_type": "image/png"}
    shown = {"content_type": "multimodal_text", "parts": [{"content_type": "image_asset_pointer"}, "And this?"]}
    value = samples.chatgpt()
    nodes = [
        samples.node("q", None, "user", "", metadata={"attachments": [report, picture, None]}),
        samples.node("a", "q", "assistant", "Sales rose."),
        samples.node("p", "a", "user", shown, metadata={"attachments": [picture]}),
    ]
    value["mapping"] = {each["id"]: each for each in nodes}
    question, second = "[File: Report.pdf]\n\n[Image: heron.png]", "[Image]\n\nAnd this?"
    assert tree_of(conversation(value)) == {question: None, "Sales rose.": question, second: "Sales rose."}


def test_chatgpt_says_what_pictures_and_sounds_were_there() -> None:
    """Parts that are no text become a note, those a tool made too."""
    image = {"content_type": "image_asset_pointer", "asset_pointer": "sediment://file_1", "width": 1}
    drawn = image | {"metadata": {"dalle": {"prompt": "a red fox"}}}
    spoken = {"content_type": "audio_transcription", "text": "hello there", "direction": "in"}
    value = samples.chatgpt()
    nodes = [
        samples.node("q", None, "user", {"content_type": "multimodal_text", "parts": [image, spoken, "Draw it", None]}),
        samples.node("t", "q", "tool", {"content_type": "multimodal_text", "parts": [drawn]}),
    ]
    value["mapping"] = {each["id"]: each for each in nodes}
    found = conversation(value)
    assert [each.text for each in found.messages] == ["[Image]\n\nhello there\n\nDraw it", "[Image: a red fox]"]
    assert [each.role for each in found.messages] == [Role.USER, Role.ASSISTANT]


def test_claude_keeps_branches_thoughts_files_and_pages() -> None:
    """What was pasted is part of the question, a cited page is a link, thoughts and tools are reasoning."""
    found = conversation(samples.claude())
    question = "Why are there tides?\n\n[File: notes.txt]\n\nLow at 6.\n\n[File: sea.png]"
    said = "The moon does it. ([tides.example](https://tides.example/moon)) So it is."
    assert tree_of(found) == {question: None, said: question, "The sun, too.": question, "Thanks.": said}
    answer = message(found, "The moon")
    assert answer.reasoning == 'Gravity.\n\n[Tool: web_search]\n\n```\n{"query": "tides"}\n```'
    assert answer.model == "claude"
    assert found.messages[0].created_at == datetime(2025, 3, 4, 10, 1, 0, 123456, UTC)
    assert (found.title, found.model) == ("Tides", "fake/default")


def test_claude_keeps_what_was_made_with_a_tool() -> None:
    """A page that was written is in the reasoning; a sentence in place of what cannot be shown is not kept."""
    page = {"id": "p", "title": "Page", "content": "<h1>Tides</h1>\n```\nx"}
    value = samples.claude()
    value["chat_messages"][1]["content"] = [{"type": "tool_use", "name": "artifacts", "input": page}]
    value["chat_messages"][1]["text"] = "This block is not supported on your current device yet."
    answer = conversation(value).messages[1]
    made = '[Tool: artifacts]\n\n```\n{"id": "p", "title": "Page"}\n```\n\n````\n<h1>Tides</h1>\n```\nx\n````'
    assert (answer.text, answer.reasoning) == ("", made)


def test_older_claude_exports_have_one_branch() -> None:
    """Without parents each message follows the one before; without blocks its text counts."""
    value = samples.claude()
    for each in value["chat_messages"]:
        del each["parent_message_uuid"], each["content"]
    texts = [each.text for each in conversation(value).messages]
    assert [tree_of(conversation(value))[text] for text in texts] == [None, *texts[:-1]]


def test_open_webui_keeps_models_usage_ratings_and_errors() -> None:
    """Both models' answers stand beside each other; a folded thought is unfolded into the reasoning."""
    found = conversation(samples.openwebui())
    question = "What is 15 * 17?\n\n[Image]\n\n[File: sums.csv]"
    assert tree_of(found) == {question: None, "255": question, "": question, "Thanks": "255"}
    answer, failed = message(found, "255"), found.messages[2]
    assert answer.reasoning == "150 + 105 < 300\nso 255"
    assert answer.streams[0].outcome.usage == Usage(12, 34)
    assert answer.rating is not None
    assert (answer.rating.rating, answer.rating.comment) == (1, "right")
    assert failed.streams[0].outcome.status is Status.ERROR
    assert (failed.streams[0].outcome.error, failed.model) == ("Model not found", "llama3")
    assert (found.archived, found.pinned) == (True, False)


def test_open_webui_keeps_calls_of_tools_and_the_words_before_them() -> None:
    """What a tool was called with and code that was run are reasoning; the words around are paragraphs."""
    arguments = "&quot;{\\&quot;city\\&quot;: \\&quot;Oslo\\&quot;}&quot;"
    called = f'<details type="tool_calls" done="true" name="weather" arguments="{arguments}" result="&quot;sun&quot;">'
    code = "<summary>Analyzed</summary>\n```python\n1 &lt; 2\n```\n"
    ran = f'<details type="code_interpreter" done="true">\n{code}</details>'
    value = samples.openwebui()
    said = f"Let me look.\n{called}\n<summary>Tool Executed</summary>\n</details>\n{ran}\nIt is sunny."
    value["chat"]["history"]["messages"]["m2"]["content"] = said
    answer = message(conversation(value), "Let")
    assert answer.text == "Let me look.\n\nIt is sunny."
    notes = ["[Tool: weather]", '```\n{"city": "Oslo"}\n```', "[Tool]", "```python\n1 < 2\n```"]
    assert answer.reasoning.split("\n\n") == notes


def test_a_chat_without_id_is_known_by_its_content() -> None:
    """As Open WebUI's manual has files to import: the same is the same, another is another."""
    value = {"chat": {"title": "Hi", "history": {"messages": {"1": {"id": "1", "role": "user", "content": "hello"}}}}}
    assert conversation(value) == conversation(json.loads(json.dumps(value)))
    other = json.loads(json.dumps(value).replace("hello", "hallo"))
    assert conversation(other).id != conversation(value).id


def test_early_open_webui_exports_have_a_list() -> None:
    """Without a tree the messages follow each other."""
    value = samples.openwebui()
    messages = list(value["chat"].pop("history")["messages"].values())
    value["chat"]["messages"] = [{"role": each["role"], "content": each["content"] or "no"} for each in messages]
    assert [each.parent_id is None for each in conversation(value).messages] == [True, False, False, False]


@pytest.mark.parametrize("recursive", [False, True])
def test_librechat_is_the_same_as_a_list_and_as_a_tree(recursive: bool) -> None:
    """Both shapes give the same messages with the same ids; an error is said, be it a part of the content."""
    found = conversation(samples.librechat(recursive=recursive))
    assert tree_of(found) == {
        "tell me a story": None,
        "Once upon a time": "tell me a story",
        "In an age long": "tell me a story",
        "go on": "Once upon a time",
        "": "go on",
    }
    assert found == conversation(samples.librechat(recursive=not recursive))
    answer, cut, failed = message(found, "Once"), message(found, "In an age"), found.messages[-1]
    assert (answer.reasoning, answer.streams[0].outcome.usage) == ("A tale.", Usage(20, 78))
    assert cut.streams[0].outcome.finish_reason == "length"
    assert cut.rating is not None
    assert cut.rating.rating == -1
    assert (failed.streams[0].outcome.status, failed.streams[0].outcome.error) == (Status.ERROR, "overloaded")
    value = samples.librechat(recursive=False)
    value["messages"][-1] |= {"text": "", "content": [{"type": "error", "error": "Rate limit reached"}]}
    assert conversation(value).messages[-1].streams[0].outcome.error == "Rate limit reached"


def test_openai_lines_have_pictures_as_notes_and_tools_as_reasoning() -> None:
    """The system's words are left out; an answer that is but a call is kept."""
    found = conversation(samples.openai_line())
    assert [(each.role, each.text) for each in found.messages] == [
        (Role.USER, "What is this?\n\n[Image]"),
        (Role.ASSISTANT, "A cat."),
    ]
    notes = "[Tool: look]\n\n[Output]\n\n```\na cat\n```"
    assert (found.messages[1].reasoning, found.messages[1].model) == (notes, "gpt-4o-mini")
    assert found.title == "What is this? [Image]"
    value = samples.openai_line()
    del value["messages"][3:]
    call = conversation(value).messages[1]
    assert (call.text, call.reasoning) == ("", "[Tool: look]")


def test_openai_lines_with_the_same_id_are_told_apart() -> None:
    """`request-1` of another file is another conversation; one that went on is the same, and what was said is there."""

    def line(*said: str, answer: str = "") -> SavedConversation:
        roles = ("user", "assistant")
        messages = [{"role": roles[number % 2], "content": text} for number, text in enumerate(said)]
        response = {"response": {"choices": [{"message": {"role": "assistant", "content": answer}}]}}
        return conversation({"custom_id": "request-1", "messages": messages} | (response if answer else {}))

    first, grown, other = line("Hi", answer="Yo"), line("Hi", "Yo", "More?"), line("Bye")
    assert first.id == grown.id != other.id
    assert [each.id for each in grown.messages[:2]] == [each.id for each in first.messages]
    assert not {each.id for each in other.messages} & {each.id for each in grown.messages}
    assert line("Hi", "No, yo").messages[1].id != first.messages[1].id


def test_preferred_answers_are_rated_branches() -> None:
    """The line of a preference has both answers, the better one last, as it is shown first."""
    answers = {
        "preferred_output": [{"role": "assistant", "content": "Good"}],
        "non_preferred_output": [{"role": "assistant", "content": "Bad"}],
    }
    found = conversation({"input": {"messages": ASKED}} | answers)
    assert tree_of(found) == {"Hi": None, "Bad": "Hi", "Good": "Hi"}
    assert [each.rating.rating for each in found.messages if each.rating] == [-1, 1]


def test_openai_logs_have_every_choice_as_a_branch() -> None:
    """A request and its response are a question and its answers, with time, model and usage."""
    found = conversation(samples.openai_log())
    assert tree_of(found) == {"Heads or tails?": None, "Heads.": "Heads or tails?", "Tails.": "Heads or tails?"}
    stream = found.messages[1].streams[0]
    assert (stream.model, stream.outcome.usage) == ("gpt-4o-2024-08-06", Usage(11, 4, 1, 3))
    assert found.messages[2].streams[0].outcome.finish_reason == "length"
    assert found.created_at == datetime(2025, 1, 2, 3, 4, 5, tzinfo=UTC)


ASKED = [{"role": "user", "content": "Hi"}]
CHOICES = {"choices": [{"message": {"role": "assistant", "content": "Yo"}}]}


@pytest.mark.parametrize(
    "value",
    [
        {"input": ASKED, "output": CHOICES},
        {"request": json.dumps({"messages": ASKED}), "response": json.dumps(CHOICES)},
        {"custom_id": "1", "body": {"messages": ASKED}, "response": {"body": CHOICES}},
        {"conversationId": "1", "messages": [*ASKED, {"role": "assistant", "content": "Yo"}]},
    ],
)
def test_openai_logs_come_in_several_shapes(value: dict[str, Any]) -> None:
    """Whatever the fields are called, the messages are found."""
    assert [each.text for each in conversation(value).messages] == ["Hi", "Yo"]


@pytest.mark.parametrize(
    "value",
    [None, 1, "x", [], {}, {"messages": []}, {"messages": ["x"]}, {"messages": [{"text": "x"}]}, {"mapping": []},
     {"chat": {}}, {"chat_messages": {}}, {"throughline": 1}],
)  # fmt: skip
def test_what_is_of_no_format_is_of_none(value: object) -> None:
    """A record that merely looks similar is not taken for a conversation."""
    assert format_of(value) is None


@pytest.mark.parametrize(
    "value",
    [
        {"mapping": {}, "id": "1"}, {"mapping": {"a": 1, "b": None, "c": {"message": 3}}, "id": "1"},
        {"mapping": {"a": {}}}, {"chat_messages": [], "uuid": "1"}, {"chat_messages": [1, None, {}], "uuid": "1"},
        {"chat_messages": [{}]}, {"id": "1", "chat": {"history": {"messages": {}}}},
        {"conversationId": "1", "messages": [None, 3, {"text": []}]}, {"messages": [{"messageId": "1", "text": "x"}]},
        {"messages": [{"role": "system", "content": "x"}]}, {"messages": [{"role": 3}]},
        {"throughline": 1, "messages": []}, {"throughline": 2, "messages": []},
    ],
)  # fmt: skip
def test_a_conversation_without_id_or_messages_is_broken(value: dict[str, Any]) -> None:
    """It is said why, and nothing else happens."""
    with pytest.raises(Broken, match=r"\w"):
        conversation(value)
