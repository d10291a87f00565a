"""Notebooks: text, code, and what the code printed."""

from __future__ import annotations

import json

import pytest

from core.errors import DocumentError
from core.retrieval.reading.outline import Block, Text
from tests.core.retrieval.reading.formats.build import read_text, texts


def code(source: str, *outputs: dict[str, object]) -> dict[str, object]:
    return {"cell_type": "code", "source": source, "outputs": list(outputs)}


def notebook(*cells: dict[str, object]) -> str:
    return json.dumps({"nbformat": 4, "cells": cells})


def test_cells_are_read_in_order() -> None:
    """Markdown gives the headings, code and its outputs keep their lines."""
    text = read_text(
        "a.ipynb",
        notebook(
            {"cell_type": "markdown", "source": ["# Fares\n", "All in crowns.\n", "## Sum"]},
            code(
                "total = 1\ntotal", {"output_type": "execute_result", "data": {"text/plain": ["1"], "image/png": "x"}}
            ),
            code("print(2)", {"output_type": "stream", "text": ["2\n"]}),
            code("x", {"output_type": "error", "ename": "NameError", "evalue": "no x", "traceback": ["\x1b[31m"]}),
        ),
    )
    pieces = ["total = 1\ntotal", "1", "print(2)", "2", "x", "NameError: no x"]
    assert text == Text("Fares", (Block("All in crowns."), *(Block(piece, "Sum", None, "code") for piece in pieces)))


def test_long_outputs_are_cut() -> None:
    """They say so."""
    output = texts(read_text("a.ipynb", notebook(code("x", {"text": "word " * 1000}))))[1]
    assert len(output) < 2010
    assert output.endswith(" …")


def test_old_notebooks_are_read() -> None:
    """Those of version 3."""
    cells = [{"cell_type": "heading", "level": 2, "source": "A"}, {"cell_type": "code", "input": "x", "outputs": []}]
    assert read_text("a.ipynb", json.dumps({"worksheets": [{"cells": cells}]})).blocks == (
        Block("x", "A", None, "code"),
    )


@pytest.mark.parametrize("data", ["{}", "[1]", '{"cells": 3}', '{"cells": [', "[" * 100_000])
def test_what_is_no_notebook_is_refused(data: str) -> None:
    """Whatever its name says."""
    with pytest.raises(DocumentError):
        read_text("a.ipynb", data)
