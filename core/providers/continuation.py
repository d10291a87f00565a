"""Going on from a text: what to send, and how to drop what the model says a second time."""

from __future__ import annotations

import re

from core.models import Turn

_TELLING = 20
"""From this length on, text that repeats what was there is taken for an echo even after other whitespace."""
_REACH = 2000
"""How far back a model is looked for that starts again at an earlier word."""

_GO_ON = (
    "Your answer above was interrupted. Go on from exactly where it stops, in the middle of the word if need be. "
    "Do not repeat any of it and do not comment on the interruption."
)


def prefilled(turns: tuple[Turn, ...], text: str) -> tuple[Turn, ...]:
    """The prompt that ends in the answer so far.

    Whitespace at its end is left out: some providers refuse it. `Continuation` mends the seam.
    """
    said = text.rstrip()
    return (*turns, Turn("assistant", said)) if said else turns


def asked_to_go_on(turns: tuple[Turn, ...], text: str) -> tuple[Turn, ...]:
    """The prompt for models that do not take a prefilled answer."""
    return (*prefilled(turns, text), Turn("user", _GO_ON))


class Continuation:
    """Takes the deltas that follow `text` and gives out what is new.

    Text is held back only while it can still turn out to be an echo. With `loose`, a model may also have started
    again at any earlier word, as they do when asked in words.
    """

    def __init__(self, text: str, *, loose: bool = False) -> None:
        said = text.rstrip()
        self._seam = text[len(said) :]
        self._echoes = _echoes(said, loose)
        self._held = ""
        self._settled = not self._echoes

    def feed(self, delta: str) -> str:
        """The new text that is sure so far."""
        if self._settled and not self._seam:
            return delta
        self._held += delta
        if not self._settled and any(_may_become(self._held, echo) for echo in self._echoes):
            return ""
        return self._release()

    def end(self) -> str:
        """The rest, now that no more comes; the beginning of an echo that broke off is dropped."""
        held = self._held.strip()
        if not self._settled and len(held) >= _TELLING and any(echo.startswith(held) for echo in self._echoes):
            self._held = ""
        return self._release()

    def _release(self) -> str:
        text, self._held = self._held, ""
        if not self._settled:
            self._settled = True
            text = max((_without(text, echo) for echo in self._echoes), key=lambda found: found[0])[1]
        return self._mend(text)

    def _mend(self, text: str) -> str:
        """Drops the whitespace that already stands before the seam."""
        same = 0
        while same < min(len(text), len(self._seam)) and text[same] == self._seam[same]:
            same += 1
        self._seam = self._seam[same:] if same == len(text) else ""
        return text[same:]


def _echoes(said: str, loose: bool) -> tuple[str, ...]:
    """The texts that, coming next, would be a repetition, without whitespace at either end."""
    whole = said.lstrip()
    # Less than a word doubled is ordinary text: "1" → "11", "-" → "--".
    found = [whole] if len(re.findall(r"[^\W\d_]", whole)) >= 3 else []
    if loose:
        tail = whole[-_REACH:]
        found += [tail[m.start() :] for m in re.finditer(r"(?<!\S)\S", tail) if _is_telling(tail[m.start() :])]
    return tuple(dict.fromkeys(found))


def _is_telling(text: str) -> bool:
    """Whether a repetition can hardly be meant, as it may be in a row of dashes or a table."""
    return len(text) >= _TELLING and len(set(text)) >= 8


def _aligned(text: str, echo: str) -> str:
    return text.lstrip() if len(echo) >= _TELLING else text


def _may_become(text: str, echo: str) -> bool:
    start = _aligned(text, echo)
    return len(start) < len(echo) and echo.startswith(start)


def _without(text: str, echo: str) -> tuple[int, str]:
    """How much of an echo `text` starts with, and the rest."""
    start = _aligned(text, echo)
    return (len(echo), start[len(echo) :]) if start.startswith(echo) else (0, text)
