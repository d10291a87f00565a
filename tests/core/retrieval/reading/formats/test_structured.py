"""Plain text that marks its headings."""

from __future__ import annotations

from tests.core.retrieval.reading.formats.build import read_text, rows

RST = """=====
Title
=====

Intro.

Section
-------
Text here
goes on.

    x = 1

Below
~~~~~
Last.

Next
----

End.
"""
TEX = r"""\documentclass{article}
\title{Of fish}
\begin{document}
\section{Intro}\label{a}
Herring % not cod
costs 5\% more.

\subsection*{Deep}
More.
\end{document}
Nothing.
"""


def test_underlines_make_headings_in_rst() -> None:
    """Their order tells the levels; what is indented keeps its lines."""
    text = read_text("a.rst", RST)
    assert text.title == "Title"
    assert rows(text) == [
        (None, "Intro."),
        ("Section", "Text here\ngoes on."),
        ("Section", "    x = 1"),
        ("Section › Below", "Last."),
        ("Next", "End."),
    ]


def test_commands_make_headings_in_latex() -> None:
    """The preamble and comments are left out."""
    text = read_text("a.tex", TEX)
    assert text.title == "Of fish"
    assert rows(text) == [("Intro", "Herring\ncosts 5\\% more."), ("Intro › Deep", "More.")]
