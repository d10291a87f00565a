"""Server-sent events: bytes in, comments and data out, whatever way the bytes were cut up."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Comment:
    """A line that only shows that the other side is still there."""

    text: str


class Decoder:
    """Decodes one stream; data events come out as `str`, comments as `Comment`.

    Lines end at CR, LF or CRLF and nowhere else: U+2028 and its kin are text inside JSON.
    """

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._data: list[bytes] = []
        self._after_cr = False
        self._at_start = True
        self.held = 0
        """Bytes of an event that is not complete yet."""

    def feed(self, chunk: bytes) -> list[str | Comment]:
        """The events that `chunk` completes."""
        if self._after_cr and chunk:
            self._after_cr = False
            chunk = chunk.removeprefix(b"\n")
        if b"\r" in chunk:
            self._after_cr = chunk.endswith(b"\r")
            chunk = chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        head, *lines = chunk.split(b"\n")
        self._pieces.append(head)
        self.held += len(head)
        if not lines:
            return []
        lines.insert(0, b"".join(self._pieces))
        self._pieces = [lines.pop()]
        events = self._events(lines)
        self.held = len(self._pieces[0]) + sum(map(len, self._data))
        return events

    def end(self) -> list[str | Comment]:
        """The event left over when the stream ended without its blank line; it may itself be cut short."""
        rest = b"".join(self._pieces)
        self._pieces = []
        return self._events([rest, b""] if rest else [b""])

    def _events(self, lines: list[bytes]) -> list[str | Comment]:
        if self._at_start:
            self._at_start = False
            lines[0] = lines[0].removeprefix(b"\xef\xbb\xbf")
        events: list[str | Comment] = []
        for line in lines:
            if not line:
                if self._data:
                    events.append(b"\n".join(self._data).decode("utf-8", "replace"))
                    self._data = []
            elif line.startswith(b":"):
                events.append(Comment(line[1:].strip().decode("utf-8", "replace")))
            elif line.startswith(b"data:"):
                self._data.append(line[6:] if line.startswith(b"data: ") else line[5:])
        return events
