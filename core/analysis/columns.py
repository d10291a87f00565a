"""What the columns of the views hold, as pages show it beside the editor."""

from __future__ import annotations

_ANSWER = "id of the answer"
_CONVERSATION = "id of the conversation"
_MODEL = "the model that answered, as its provider names it"
_COST = "US dollars, as far as they are known"
_USAGE = {
    "prompt_tokens": "tokens of the prompt",
    "completion_tokens": "tokens that were written, thinking among them",
    "reasoning_tokens": "tokens of thinking",
    "cached_tokens": "tokens of the prompt that the provider had kept",
    "cost": _COST,
}
_STATUS = "done, stopped, error, timeout or interrupted"
_SPEED = {
    "first_token_ms": "ms from the start to the first token of the answer",
    "duration_ms": "ms from the start to the end",
    "tokens_per_second": "tokens a second from the first token on",
}
_SEARCHED = "whether documents were searched for it"
_UNSUPPORTED = "documents were searched for it, it has ended with some text, and no mark stands in it"
_RATING = "1 thumb up, -1 thumb down, null none"

TURNS = {
    "conversation_id": _CONVERSATION,
    "question_id": "id of the question",
    "asked_at": "when it was asked",
    "question": "its text",
    "answer_id": f"{_ANSWER}; null until it has ended, as all that follows",
    "answer": "the answer's text",
    "completed_at": "when the answer ended",
    "status": _STATUS,
    "error": "why it failed",
    "model": _MODEL,
    "provider": "who ran the model",
    "prompt_tokens": _USAGE["prompt_tokens"],
    "completion_tokens": _USAGE["completion_tokens"],
    "cost": _COST,
    **_SPEED,
    "searched": _SEARCHED,
    "unsupported": _UNSUPPORTED,
    "rating": _RATING,
}
ANSWERS = {
    "message_id": _ANSWER,
    "conversation_id": _CONVERSATION,
    "question_id": "id of the question that it answers",
    "created_at": "when it was asked for",
    "started_at": "when the model was first asked",
    "completed_at": "when it ended",
    "status": _STATUS,
    "finish_reason": "why the model ended: stop, length, …",
    "error": "why it failed, in a sentence",
    "model": _MODEL,
    "requested_model": "the model that was asked for",
    "provider": "who ran the model",
    "text": "the answer",
    "reasoning": "what the model thought, where it shows that",
    "length": "characters of the answer",
    **_USAGE,
    **_SPEED,
    "searched": _SEARCHED,
    "marks": "the marks [n] that stand in it",
    "unsupported": _UNSUPPORTED,
    "parts": "generations that it is made of: 1, and 1 more each time it was continued",
    "rating": _RATING,
    "comment": "what was said with the thumb",
}
MESSAGES = {
    "message_id": "id of the message",
    "conversation_id": _CONVERSATION,
    "parent_id": "the message that it answers or follows",
    "role": "user or assistant",
    "content": "its text; an answer appears once it has ended",
    "length": "characters",
    "created_at": "when it was asked, or asked for",
}
CONVERSATIONS = {
    "conversation_id": _CONVERSATION,
    "title": "its title",
    "model": "the model that is asked next",
    "pinned": "whether it is pinned",
    "archived": "whether it is archived",
    "document_ids": "the documents that it searches; null all",
    "created_at": "when it began",
    "updated_at": "when its newest message was asked for",
    "messages": "questions and answers in it, on all branches",
}
RETRIEVALS = {
    "message_id": _ANSWER,
    "conversation_id": _CONVERSATION,
    "created_at": "when it was searched",
    "question": "the question as it was asked",
    "query": "the question as it was searched for, made to stand alone",
    "document_ids": "the documents that were searched; null all",
    "tags": "the tags that they had to have one of",
    "since": "only documents added from then on",
    "until": "only documents added before",
    "searched": "passages that passed the filter",
    "found": "passages that the answer was given",
    "rewrite_ms": "ms to make the question stand alone",
    "wait_ms": "ms of waiting for documents or the embedding model",
    "embed_ms": "ms to embed the question",
    "lexical_ms": "ms to search by words",
    "semantic_ms": "ms to search by meaning",
    "rerank_ms": "ms to rank anew",
    "total_ms": "ms in all",
    "prompt_tokens": "tokens read to make the question stand alone",
    "completion_tokens": "tokens written to make it stand alone",
    "cost": "US dollars that took",
}
CITATIONS = {
    "message_id": _ANSWER,
    "conversation_id": _CONVERSATION,
    "completed_at": "when the answer ended",
    "mark": "its number [n] in the answer",
    "cited": "whether that mark stands in the answer",
    "rank": "its place in what was found, 1 the best",
    "score": "the score that the rank goes by",
    "document_id": "id of the document",
    "title": "the document's title as it was then",
    "page": "page of the document",
    "heading": "the heading above it",
    "quote": "the passage as it stood then",
    "passage_id": "id of the passage",
    "lexical_rank": "its place by words",
    "lexical_score": "its score by words (BM25)",
    "semantic_rank": "its place by meaning",
    "semantic_score": "its score by meaning (cosine)",
    "rerank_score": "its score when ranked anew",
    "support": "how near the sentence that cites it is to it (cosine); the weakest of several",
}
SUPPORTS = {
    "message_id": _ANSWER,
    "conversation_id": _CONVERSATION,
    "mark": "the mark [n] of the passage",
    "start_char": "where the sentence begins in the answer's text",
    "end_char": "where it ends",
    "score": "cosine of sentence and passage",
}
TOKENS_BY_DAY = {
    "day": "the day in UTC",
    "model": _MODEL,
    "answers": "answers that were asked for that day and have ended",
    **_USAGE,
}
FEEDBACK = {
    "message_id": _ANSWER,
    "conversation_id": _CONVERSATION,
    "rating": "1 thumb up, -1 thumb down",
    "comment": "what was said with it",
    "created_at": "when it was given",
}
DOCUMENTS = {
    "document_id": "id of the document",
    "title": "its title",
    "filename": "the name of its file",
    "media_type": "its kind",
    "size": "bytes",
    "status": "ready, indexing, failed, cancelled, or replaced by a newer version",
    "error": "why it failed",
    "url": "the page that it was saved from",
    "tags": "its tags",
    "passages": "pieces that it is searched by",
    "created_at": "when it was added",
}
