"""Jupyter notebooks: text, code and what the code printed."""

from __future__ import annotations

from typing import Any

from core.errors import DocumentError
from core.retrieval.reading.formats.archive import broken
from core.retrieval.reading.formats.json import parse
from core.retrieval.reading.formats.markdown import add_markdown
from core.retrieval.reading.outline import Outline, Text

_OUTPUT_LIMIT = 2000


def read_ipynb(data: bytes) -> Text:
    """The cells of a notebook under the headings of its text.

    Raises:
        DocumentError: it is damaged or not a notebook.
        TooLarge: it holds more text than is taken.
    """
    notebook = parse(data)
    outline = Outline()
    with broken(".ipynb"):
        for cell in _cells(notebook):
            _cell(cell, outline)
    return outline.finish()


def _cells(notebook: Any) -> list[dict[str, Any]]:
    if isinstance(notebook, dict) and isinstance(notebook.get("cells"), list):
        return [cell for cell in notebook["cells"] if isinstance(cell, dict)]
    if isinstance(notebook, dict) and isinstance(notebook.get("worksheets"), list):  # Version 3.
        return [cell for sheet in notebook["worksheets"] for cell in _cells(sheet)]
    raise DocumentError("This file is named .ipynb but is no notebook. Save it anew in Jupyter and add it again.")


def _cell(cell: dict[str, Any], outline: Outline) -> None:
    kind = cell.get("cell_type")
    source = _joined(cell.get("source", cell.get("input")))
    if kind == "markdown":
        add_markdown(source, outline)
    elif kind == "heading":
        outline.heading(int(cell.get("level", 1)), source)
    elif kind == "code":
        outline.code(source)
        for output in cell.get("outputs") or []:
            outline.code(_shown(output))
    else:
        outline.add(source)


def _shown(output: dict[str, Any]) -> str:
    """The text of an output; pictures have none."""
    if "ename" in output:
        return f"{output['ename']}: {output.get('evalue', '')}"[:_OUTPUT_LIMIT]
    data = output.get("data", output)
    text = _joined(data.get("text/plain") or output.get("text"))
    return text if len(text) <= _OUTPUT_LIMIT else f"{text[:_OUTPUT_LIMIT].rstrip()} …"


def _joined(lines: Any) -> str:
    return "".join(map(str, lines)) if isinstance(lines, list) else str(lines or "")
