"""One conversation in the shape of each program's export, with what real ones have: branches, tools, thoughts."""

from __future__ import annotations

from typing import Any

NO_PARENT = "00000000-0000-0000-0000-000000000000"


def node(
    at: str, parent: str | None, role: str, content: dict[str, Any] | str, time: float | None = None, **message: Any
) -> dict[str, Any]:
    """A node of ChatGPT's mapping."""
    body = {"content_type": "text", "parts": [content]} if isinstance(content, str) else content
    said = {
        "id": at,
        "author": {"role": role, "name": None, "metadata": {}},
        "create_time": time,
        "update_time": None,
        "content": body,
        "status": "finished_successfully",
        "end_turn": None,
        "weight": 1.0,
        "metadata": {},
        "recipient": "all",
        "channel": None,
    }
    return {"id": at, "message": said | message, "parent": parent, "children": []}


def chatgpt() -> dict[str, Any]:
    """A conversation with custom instructions, thoughts, code, a regenerated answer and an edited question."""
    nodes = [
        {"id": "root", "message": None, "parent": None, "children": ["context"]},
        node(
            "context", "root", "user",
            {"content_type": "user_editable_context", "user_profile": "An SRE.", "user_instructions": "Be brief."},
            metadata={"is_visually_hidden_from_conversation": True, "is_user_system_message": True},
        ),
        node("system", "context", "system", ""),
        node("q1", "system", "user", "How do I roll back?", 1756000001.5),
        node(
            "thoughts", "q1", "assistant",
            {"content_type": "thoughts", "thoughts": [{"summary": "Look", "content": "Helm, I guess.", "chunks": []}]},
            1756000002.0,
        ),
        node(
            "call", "thoughts", "assistant",
            {"content_type": "code", "language": "python", "text": "print(1)"}, 1756000003.0, recipient="python",
        ),
        node(
            "output", "call", "tool", {"content_type": "execution_output", "text": "1"}, 1756000004.0,
            author={"role": "tool", "name": "python", "metadata": {}},
        ),
        node("recap", "output", "assistant", {"content_type": "reasoning_recap", "content": "For 2s"}, 1756000005),
        node(
            "a1", "recap", "assistant", "Run `helm rollback`【1†source】.", 1756000006.0,
            metadata={
                "model_slug": "o4-mini", "finish_details": {"type": "stop"},
                "citations": [
                    {
                        "start_ix": 19, "end_ix": 29,
                        "metadata": {"type": "webpage", "title": "Helm", "url": "https://helm.sh/docs"},
                    }
                ],
            },
        ),
        node("a2", "q1", "assistant", "Use the console.", 1756000010.0, metadata={"model_slug": "gpt-5"}),
        node("q1b", "system", "user", "How do I roll forward?", 1756000020.0),
        node("a3", "q1b", "assistant", "Deploy again.", 1756000021.0, metadata={"model_slug": "gpt-5"}),
    ]  # fmt: skip
    return {
        "title": "Deploying",
        "create_time": 1756000000.25,
        "update_time": 1756000400.0,
        "mapping": {each["id"]: each for each in nodes},
        "moderation_results": [],
        "current_node": "a3",
        "conversation_id": "6b0f0d9c-0000-4000-8000-000000000001",
        "id": "6b0f0d9c-0000-4000-8000-000000000001",
        "default_model_slug": "gpt-5",
        "is_archived": False,
        "is_starred": None,
    }


def claude() -> dict[str, Any]:
    """A conversation with thoughts, a tool, a pasted file, a citation and two branches."""

    def message(at: str, parent: str, sender: str, minute: int, *blocks: dict[str, Any], **more: Any) -> dict[str, Any]:
        when = f"2025-03-04T10:{minute:02}:00.123456Z"
        text = "\n".join(block["text"] for block in blocks if block["type"] == "text")
        about = {"uuid": at, "text": text, "content": list(blocks), "sender": sender, "created_at": when}
        return about | {"updated_at": when, "attachments": [], "files": [], "parent_message_uuid": parent} | more

    searched = {
        "type": "text",
        "text": "The moon does it. So it is.",
        "citations": [
            {"uuid": "x", "start_index": 0, "end_index": 17, "details": {"url": "https://tides.example/moon"}}
        ],
    }
    pasted = {"file_name": "notes.txt", "file_type": "txt", "file_size": 9, "extracted_content": "Low at 6."}
    return {
        "uuid": "0f3c0000-0000-4000-8000-00000000000c",
        "name": "Tides",
        "summary": "",
        "created_at": "2025-03-04T10:00:00.000000Z",
        "updated_at": "2025-03-04T10:09:00.000000Z",
        "account": {"uuid": "me"},
        "chat_messages": [
            message(
                "h1", "00000000-0000-4000-8000-000000000000", "human", 1,
                {"type": "text", "text": "Why are there tides?"},
                attachments=[pasted], files=[{"file_name": "sea.png"}],
            ),
            message(
                "c1", "h1", "assistant", 2,
                {"type": "thinking", "thinking": "Gravity.", "summaries": [], "cut_off": False},
                {"type": "tool_use", "name": "web_search", "input": {"query": "tides"}},
                {"type": "tool_result", "name": "web_search", "content": [{"type": "text", "text": "pages"}]},
                searched,
            ),
            message("c2", "h1", "assistant", 5, {"type": "text", "text": "The sun, too."}),
            message("h2", "c1", "human", 6, {"type": "text", "text": "Thanks."}),
        ],
    }  # fmt: skip


def openwebui() -> dict[str, Any]:
    """A chat with a folded thought, usage, a rating, an image, a failed answer and two models side by side."""
    thought = '<details type="reasoning" done="true" duration="3">\n<summary>Thought for 3 seconds</summary>\n'
    messages: list[dict[str, Any]] = [
        {
            "id": "m1", "parentId": None, "childrenIds": ["m2", "m3"], "role": "user", "content": "What is 15 * 17?",
            "timestamp": 1700000000, "models": ["deepseek-r1", "llama3"],
            "files": [{"type": "image", "url": "data:image/png;base64,AA=="}, {"type": "file", "name": "sums.csv"}],
        },
        {
            "id": "m2", "parentId": "m1", "childrenIds": [], "role": "assistant", "model": "deepseek-r1", "modelIdx": 0,
            "content": thought + "&gt; 150 + 105 &lt; 300\n&gt; so 255\n</details>\n255", "done": True,
            "timestamp": 1700000010,
            "usage": {"prompt_tokens": 12, "completion_tokens": 34, "total_tokens": 46},
            "annotation": {"rating": 1, "comment": "right"},
        },
        {
            "id": "m3", "parentId": "m1", "childrenIds": ["m4"], "role": "assistant", "model": "llama3", "modelIdx": 1,
            "content": "", "timestamp": 1700000010, "done": True, "error": {"content": "Model not found"},
        },
        {"id": "m4", "parentId": "m2", "childrenIds": [], "role": "user", "content": "Thanks", "timestamp": 1700000020},
    ]  # fmt: skip
    return {
        "id": "chat-1",
        "user_id": "u1",
        "title": "Sums",
        "chat": {
            "title": "Sums",
            "models": ["deepseek-r1", "llama3"],
            "history": {"currentId": "m4", "messages": {message["id"]: message for message in messages}},
            "messages": [],
        },
        "created_at": 1700000000,
        "updated_at": 1700000020,
        "share_id": None,
        "archived": True,
        "pinned": False,
    }


def librechat(*, recursive: bool) -> dict[str, Any]:
    """A conversation with a part of thought, an answer that was cut and one that failed; as a list or as a tree."""

    def message(at: str, parent: str, second: int, said: str, **more: Any) -> dict[str, Any]:
        when = f"2024-05-28T18:08:{second:02}.014Z"
        about = {"messageId": at, "conversationId": "27b593be", "parentMessageId": parent, "createdAt": when}
        return about | {"isCreatedByUser": at[0] == "u", "sender": "User", "text": said, "error": False} | more

    parts = [{"type": "think", "think": "A tale."}, {"type": "text", "text": {"value": "Once upon a time"}}]
    flat = [
        message("u1", NO_PARENT, 1, "tell me a story", tokenCount=9),
        message("r1", "u1", 2, "", content=parts, model="gpt-4o", finish_reason="stop", promptTokens=20, tokenCount=78),
        message("r2", "u1", 3, "In an age long", model="gpt-4o", unfinished=True, feedback={"rating": "thumbsDown"}),
        message("u2", "r1", 4, "go on"),
        message("r3", "u2", 5, "overloaded", model="gpt-4o", error=True),
    ]
    about = {
        "conversationId": "27b593be-9500-479c-94cb-050cab8f5033",
        "endpoint": "openAI",
        "title": "A story",
        "exportAt": "08:12:16 GMT-0400 (Eastern Daylight Time)",
        "branches": True,
        "recursive": recursive,
        "options": {"model": "gpt-4o", "temperature": 1},
    }
    if not recursive:
        return about | {"messages": flat}
    by_id = {each["messageId"]: each | {"children": []} for each in flat}
    for each in by_id.values():
        if each["parentMessageId"] in by_id:
            by_id[each["parentMessageId"]]["children"].append(each)
    return about | {"messagesTree": [by_id["u1"]]}


def openai_line() -> dict[str, Any]:
    """A line with messages alone."""
    return {
        "messages": [
            {"role": "system", "content": "You are brief."},
            {
                "role": "user",
                "content": [{"type": "text", "text": "What is this?"}, {"type": "image_url", "image_url": {}}],
            },
            {"role": "assistant", "content": None, "tool_calls": [{"function": {"name": "look", "arguments": "{}"}}]},
            {"role": "tool", "content": "a cat"},
            {"role": "assistant", "content": "A cat."},
        ],
        "model": "gpt-4o-mini",
    }


def openai_log() -> dict[str, Any]:
    """A request and its response with two choices, as a log keeps them."""
    return {
        "id": "req-1",
        "timestamp": "2025-01-02T03:04:05Z",
        "request": {"body": {"model": "gpt-4o", "messages": [{"role": "user", "content": "Heads or tails?"}], "n": 2}},
        "response": {
            "status_code": 200,
            "body": {
                "id": "chatcmpl-1",
                "created": 1735787046,
                "model": "gpt-4o-2024-08-06",
                "choices": [
                    {"index": 0, "message": {"role": "assistant", "content": "Heads."}, "finish_reason": "stop"},
                    {"index": 1, "message": {"role": "assistant", "content": "Tails."}, "finish_reason": "length"},
                ],
                "usage": {
                    "prompt_tokens": 11,
                    "completion_tokens": 4,
                    "prompt_tokens_details": {"cached_tokens": 3},
                    "completion_tokens_details": {"reasoning_tokens": 1},
                },
            },
        },
    }
