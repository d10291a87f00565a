"""The words of a Word document's elements: python-docx leaves out what stands in tracked insertions and controls."""

from __future__ import annotations

from collections.abc import Iterator

from docx.oxml.ns import qn
from docx.oxml.xmlchemy import BaseOxmlElement

W = qn("w:p")[:-1]
"""The prefix of WordprocessingML's tags."""
_WRITTEN = {W + "tab": "\t", W + "br": "\n", W + "cr": "\n", W + "noBreakHyphen": "-", W + "p": "\n"}


def within(container: BaseOxmlElement, *names: str) -> Iterator[BaseOxmlElement]:
    """The nearest elements of these names in a container, whatever controls and changes are wrapped around them."""
    tags = [W + name for name in names]
    for element in container.iterchildren():
        if element.tag in tags:
            yield element
        else:
            yield from within(element, *names)


def paragraph_text(paragraph: BaseOxmlElement) -> str:
    """The text of a paragraph; that of a text box anchored in it follows on lines of its own."""
    parts = []
    for element in paragraph.iter(W + "t", *_WRITTEN):
        if element.tag == W + "t":
            parts.append(element.text or "")
        elif element is not paragraph and element.getparent().tag != W + "tabs":
            parts.append(_WRITTEN[element.tag])
    return "".join(parts)


def text_of(container: BaseOxmlElement) -> str:
    """The text of every paragraph in an element, each on its line."""
    return "\n".join(paragraph_text(paragraph) for paragraph in within(container, "p", "tbl"))
