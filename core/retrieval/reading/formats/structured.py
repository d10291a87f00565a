"""Plain text that marks its headings: reStructuredText by underlines, LaTeX by commands."""

from __future__ import annotations

import re

from core.retrieval.reading.formats.plain import decode
from core.retrieval.reading.outline import Outline, Text

_UNDERLINE = re.compile(r"([=\-~^\"'`#*+.:_])\1{2,}\s*$")
_COMMANDS = ("part", "chapter", "section", "subsection", "subsubsection", "paragraph")
_COMMAND = re.compile(rf"\s*\\({'|'.join(_COMMANDS)})\*?(?:\[[^\]]*\])?\{{(.+?)\}}(?:\s*\\label\{{[^}}]*\}})?\s*$")


def read_rst(data: bytes) -> Text:
    """The paragraphs of a reStructuredText file under its headings; the order of the underlines tells their levels.

    Raises:
        DocumentError: this is no text.
    """
    outline = Outline()
    marks: list[str] = []
    for paragraph in _paragraphs(decode(data)):
        lines = paragraph.split("\n")
        if len(lines) > 2 and _UNDERLINE.match(lines[0]) and lines[0].rstrip() == lines[2].rstrip():
            lines = lines[1:]  # A line above the heading, too.
        if len(lines) > 1 and (mark := _UNDERLINE.match(lines[1])) and len(lines[1].rstrip()) >= len(lines[0].strip()):
            if mark.group(1) not in marks:
                marks.append(mark.group(1))
            outline.heading(marks.index(mark.group(1)) + 1, lines[0])
            lines = lines[2:]
        _block("\n".join(lines), outline)
    return outline.finish()


def read_tex(data: bytes) -> Text:
    """The paragraphs of a LaTeX document under its headings, without its preamble and comments.

    Raises:
        DocumentError: this is no text.
    """
    text = re.sub(r"(?<!\\)%.*", "", decode(data).replace("\r\n", "\n"))
    title = re.search(r"\\title(?:\[[^\]]*\])?\{([^{}]+)\}", text)
    body = text.partition(r"\begin{document}")
    outline = Outline()
    for paragraph in _paragraphs((body[2] or body[0]).partition(r"\end{document}")[0]):
        kept: list[str] = []
        for line in paragraph.split("\n"):
            if command := _COMMAND.match(line):
                outline.add("\n".join(kept))
                kept = []
                outline.heading(_COMMANDS.index(command.group(1)) + 2, command.group(2))
            else:
                kept.append(line)
        outline.add("\n".join(kept))
    return outline.finish(title.group(1) if title else None)


def _paragraphs(text: str) -> list[str]:
    return re.split(r"\n\s*\n", text.replace("\r\n", "\n").replace("\r", "\n").strip("\n"))


def _block(text: str, outline: Outline) -> None:
    if text.startswith((" ", "\t")):
        outline.code(text)
    else:
        outline.add(text)
