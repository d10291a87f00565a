"""What can be asked of each view, in a line."""

from __future__ import annotations

EXAMPLES = {
    "turns": "select asked_at, question, answer from turns order by asked_at desc limit 20",
    "answers": "select model, count(*) as answers, avg(first_token_ms) as first_token_ms from answers group by all",
    "messages": "select created_at::date as day, count(*) as questions from messages where role = 'user' group by all",
    "conversations": "select title, messages from conversations order by messages desc limit 20",
    "retrievals": "select approx_quantile(total_ms, 0.95) as p95_ms, avg(found) as passages from retrievals",
    "citations": "select title, count(*) as cited from citations where cited group by all order by cited desc",
    "supports": "select round(score, 1) as score, count(*) as sentences from supports group by all order by score",
    "tokens_by_day": "select day, model, cost from tokens_by_day order by day",
    "feedback": "select rating, count(*) as answers from feedback group by all",
    "documents": "select title, passages, created_at from documents where status = 'ready' order by created_at desc",
}
"""One line of SQL for each view."""
