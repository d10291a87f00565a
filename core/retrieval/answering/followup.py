"""Follow-up questions: “And how tall is it?” is made to stand alone, so that a search finds what it means.

A model does it best, in any language. Where none can be asked, or its reply is no question, the question is searched
together with the words of the one before, as far as it leans on that.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from core.models import Turn
from core.retrieval.answering.citations import without_marks
from core.retrieval.answering.words import FILLERS, content_words

REPLY_LIMIT = 400
"""Characters of a reply that may still be a question."""
_LONG = 600  # So many characters say what they mean; the embedding model reads no more of them anyway.
_PLAIN = 6  # Content words of an English question that needs no other.
_FEW = 3
_REACH = 3  # Questions that are looked back at.
_TURNS = 4
_TURN_LIMIT = 600

_SYSTEM = (
    "Rewrite the last question of a conversation so that it stands alone: a search engine that has seen nothing of the "
    "conversation has to find what it means. Say the names that words such as “it” or “there” stand for. Keep the "
    "question's language, its numbers and names, and add nothing else. Do not answer it. If it stands alone already, "
    "repeat it. Reply with the question alone, on one line."
)
# Words that only English has among the languages that share our stop words, two of which tell it.
_ENGLISH = frozenset(re.findall(r"\w+", "the what which how does are who when where why with and from"))
_REFERS = re.compile(
    r"\b(?:it|its|itself|he|him|his|she|her|hers|they|them|their|theirs|this|these|those|there|former|latter|same|ones?"
    r"|else|above|instead|mentioned|ihn|ihm|ihr|ihre[nmrs]?|seine[nmrs]?|diese[nmrs]?|dies|dort|dessen|deren"
    r"|da(?:von|für|mit|zu|ran|rüber|nach|bei|gegen)|celui|celle|ceux|cela|ça|ceci|elles?|ella|ellos|ellas|eso|esto"
    r"|es[ao]s|aquello|esso|questo|quest[aie]|quello|loro|ele|ela|eles|elas|isso|isto|aquilo|deze|dit|hij|ervan|daarvan)\b"
    r"|\b(?:is|was|does|did|about|of|for|with|like|to|in|at|after|before) that\b|\bthat\s*[?.!,]",
    re.IGNORECASE,
)
_GOES_ON = re.compile(
    r"\s*(?:and|but|or|so|also|then|why|what about|how about|und|aber|oder|warum|et|mais|ou|pourquoi|y|pero|o|por qué"
    r"|e|ma|mas|en|maar|waarom|а|и|но|почему)\b",
    re.IGNORECASE,
)
# Scripts that put no blanks between words.
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")
_REFUSES = re.compile(
    r"(?:i['’]?m (?:sorry|unable)|sorry|i can(?:no|['’])t|i (?:am|was) (?:sorry|unable|not able)|as an ai|unfortunately"
    r"|es tut mir leid|tut mir leid|ich kann (?:nicht|leider)|désolée?|je (?:ne peux|suis désolé)|lo siento|no puedo"
    r"|mi dispiace|desculpe|sinto muito|het spijt me|извините|申し訳|抱歉|对不起|죄송)",
    re.IGNORECASE,
)
_LABEL = re.compile(r"(?:the\s+)?(?:stand-?alone|rewritten|last|search)?\s*(?:question|query)\s*:\s*", re.IGNORECASE)


def stands_alone(question: str) -> bool:
    """Whether a question plainly needs nothing of what was said before, so that no model has to be asked.

    Told where it is sure: a question that is long by any measure, or an English one with words enough of its own and
    none that points back. In other languages pronouns hide in endings, so a model is asked there.
    """
    if len(question) > _LONG:
        return True
    return _is_english(question) and len(content_words(question)) >= _PLAIN and not _points_back(question)


def request(history: Sequence[Turn], question: str) -> tuple[Turn, ...]:
    """The turns that ask a model to make `question` stand alone."""
    said = "\n".join(f"{_SPEAKERS.get(turn.role, turn.role)}: {_short(turn)}" for turn in history[-_TURNS:])
    return Turn("system", _SYSTEM), Turn("user", f"The conversation:\n{said}\n\nThe last question: {question}")


def checked(reply: str, history: Sequence[Turn], question: str) -> str | None:
    """The question in a model's reply; None where there is none: a refusal, an answer of many lines, other words."""
    lines = [line.strip() for line in re.sub(r"(?s)<think>.*?</think>", "", reply).splitlines() if line.strip("` \t\r")]
    if len(lines) == 2 and lines[0].endswith(":"):
        del lines[0]
    if len(lines) != 1 or len(lines[0]) > max(REPLY_LIMIT, len(question) + REPLY_LIMIT // 2):
        return None
    found = _LABEL.sub("", lines[0].strip(_QUOTES), count=1).strip(_QUOTES)
    if not found or (_REFUSES.match(found) and not _REFUSES.match(question.strip())):
        return None
    known = _units(question).union(*(_units(turn.content) for turn in history[-_TURNS:]))
    return found if _units(found) & known else None


def joined(history: Sequence[Turn], question: str) -> str:
    """The question as it is searched where no model made it stand alone: with the words of the one that it leans on."""
    said, words = {word.casefold() for word in _words(question)}, list[str]()
    leans = _leans(question)
    for turn in [turn for turn in reversed(history) if turn.role == "user"][:_REACH]:
        if not leans:
            break
        content = turn.content[:_TURN_LIMIT]
        for word in _words(content):
            if word.casefold() not in FILLERS | said:
                said.add(word.casefold())
                words.append(word)
        leans = _leans(content)
    return f"{question} {' '.join(words)}" if words else question


_SPEAKERS = {"user": "Person", "assistant": "Assistant"}
_QUOTES = " \t`*\"'“”„«»‘’「」"


def _leans(question: str) -> bool:
    """Whether a question is short, or points to what was said before."""
    if len(question) > _LONG:
        return False
    return _points_back(question) or _is_short(question)


def _points_back(question: str) -> bool:
    return bool(_REFERS.search(question) or _GOES_ON.match(question))


def _is_short(question: str) -> bool:
    if _UNSPACED.search(question):
        return len(question) <= 4 * _FEW
    words = question.split()
    if not _is_english(question, least=1):
        return len(words) <= _FEW + 1
    named = any(word[:1].isupper() and word not in ("I", "I'm") for word in words[1:])
    return len(content_words(question)) < _FEW and not named


def _is_english(text: str, least: int = 2) -> bool:
    return len(_ENGLISH & set(re.findall(r"[a-z]+", text.lower()))) >= least


def _words(text: str) -> list[str]:
    return re.findall(r"\w+(?:[.'’-]\w+)*", text)


def _units(text: str) -> frozenset[str]:
    """What two texts on one matter share: content words, or pairs of characters where words are not set apart."""
    pairs = {a + b for a, b in pairwise(text) if _UNSPACED.match(a) and _UNSPACED.match(b)}
    return content_words(text) | pairs


def _short(turn: Turn) -> str:
    text = without_marks(turn.content[:_TURN_LIMIT]) if turn.role == "assistant" else turn.content[:_TURN_LIMIT]
    return " ".join(text.split()) + ("…" if len(turn.content) > _TURN_LIMIT else "")
