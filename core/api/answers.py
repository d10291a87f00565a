"""What the API answers with: values of `core.models` as the JSON of the contract."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from starlette.responses import JSONResponse

from core.models import Asked, Citation, Conversation, Document, Message, Model, Retrieval


def answer(value: dict[str, Any], status: int = 200) -> JSONResponse:
    """A JSON answer that nobody keeps."""
    return JSONResponse(value, status, {"Cache-Control": "no-store"})


def asked(ids: Asked) -> JSONResponse:
    """The four ids of what was just asked."""
    return answer(asdict(ids), 201)


def conversation_summary(conversation: Conversation) -> dict[str, Any]:
    """A conversation in a list."""
    return {
        "id": conversation.id,
        "title": conversation.title,
        "model": conversation.model,
        "created_at": timestamp(conversation.created_at),
        "updated_at": timestamp(conversation.updated_at),
        "message_count": conversation.message_count,
    }


def conversation_whole(conversation: Conversation) -> dict[str, Any]:
    """A conversation alone."""
    return conversation_summary(conversation) | {"pinned": conversation.pinned, "archived": conversation.archived}


def message_said(message: Message) -> dict[str, Any]:
    """A message as whoever may read it may know it, without what it stands on and what it took."""
    return {
        "id": message.id,
        "parent_id": message.parent_id,
        "role": message.role,
        "content": message.content,
        "reasoning": message.reasoning,
        "status": message.status,
        "model": message.model,
        "stream_id": message.stream_id,
        "created_at": timestamp(message.created_at),
        "completed_at": timestamp(message.completed_at) if message.completed_at else None,
        "finish_reason": message.finish_reason,
        "error": message.error,
    }


def message_whole(message: Message) -> dict[str, Any]:
    """A message with all that is known of it."""
    return message_said(message) | {
        "usage": asdict(message.usage),
        "citations": [_citation(citation) | _support(message, citation.mark) for citation in message.citations],
        "retrieval": _retrieval(message.retrieval) if message.retrieval else None,
    }


def _retrieval(retrieval: Retrieval) -> dict[str, Any]:
    return {
        "query": retrieval.query,
        "searched": retrieval.searched,
        "found": len(retrieval.citations),
        "timings": asdict(retrieval.timings),
    }


def _support(message: Message, mark: int) -> dict[str, Any]:
    """The score of the sentence that the passage supports least, of those that cite it; null until it is known."""
    return {"support": min((support.score for support in message.supports if support.mark == mark), default=None)}


def _citation(citation: Citation) -> dict[str, Any]:
    return {
        "mark": citation.mark,
        "passage_id": citation.passage_id,
        "document_id": citation.document_id,
        "title": citation.title,
        "page": citation.page,
        "quote": citation.quote,
        "score": citation.score,
    }


def passage_found(citation: Citation) -> dict[str, Any]:
    """A passage that a search found."""
    return {
        "passage_id": citation.passage_id,
        "document_id": citation.document_id,
        "title": citation.title,
        "page": citation.page,
        "text": citation.quote,
        "score": citation.score,
    }


def document_whole(document: Document) -> dict[str, Any]:
    """A document and how far it is."""
    return {
        "document_id": document.id,
        "title": document.title,
        "status": document.status,
        "passages": document.passages,
        "filename": document.filename,
        "media_type": document.media_type,
        "size": document.size,
        "origin": document.origin,
        "url": document.url,
        "tags": list(document.tags),
        "error": document.error,
        "created_at": timestamp(document.created_at),
    }


def model_offered(model: Model) -> dict[str, Any]:
    """A model that can answer."""
    pricing = {"prompt": model.prompt_price, "completion": model.completion_price}
    return {"id": model.id, "name": model.name, "context_length": model.context_length, "pricing": pricing}


def timestamp(at: datetime) -> str:
    """RFC 3339 in UTC."""
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
