"""PowerPoint: slides with their titles, texts, tables, charts and notes, by python-pptx; a slide is a page."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from typing import Any

from pptx import Presentation
from pptx.slide import Slide

from core.retrieval.reading.formats.archive import broken, check_archive
from core.retrieval.reading.formats.tables import add_table
from core.retrieval.reading.outline import Outline, Text

_POINTS = 1000  # Of a chart.
_DEPTH = 20


def read_pptx(data: bytes) -> Text:
    """The blocks of a presentation; the title of a slide is their heading, its number their page.

    Raises:
        DocumentError: it is damaged, encrypted or not a presentation.
        TooLarge: it unpacks to more, or holds more text, than is taken.
    """
    check_archive(data, ".pptx")
    outline = Outline()
    with broken(".pptx"):
        presentation = Presentation(io.BytesIO(data))
        title = presentation.core_properties.title
        title = title if title != "PowerPoint Presentation" else ""
        for number, slide in enumerate(presentation.slides, 1):
            # The first slide names a presentation that has no other name.
            _slide(slide, number, outline, 1 if number == 1 and not title else 2)
    return outline.finish(title or None)


def _slide(slide: Slide, number: int, outline: Outline, level: int) -> None:
    title = slide.shapes.title
    name = title.text_frame.text.replace("\v", " ").strip() if title is not None else ""
    outline.close(2)
    if name:
        outline.heading(level, name, number)
    for shape in _shapes(slide.shapes):
        if title is None or shape.shape_id != title.shape_id:
            _shape(shape, number, outline)
    notes = slide.notes_slide.notes_text_frame if slide.has_notes_slide else None
    if notes is not None and notes.text.strip():
        outline.add(f"Notes: {notes.text}", number)


def _shapes(shapes: Iterable[Any], depth: int = 0) -> Iterator[Any]:
    """Every shape, those in groups too."""
    for shape in shapes:
        if hasattr(shape, "shapes"):
            yield from _shapes(shape.shapes, depth + 1) if depth < _DEPTH else ()
        else:
            yield shape


def _shape(shape: Any, number: int, outline: Outline) -> None:
    if shape.has_text_frame:
        for paragraph in shape.text_frame.paragraphs:
            outline.add(paragraph.text.replace("\v", "\n"), number)
    elif getattr(shape, "has_table", False):
        table = shape.table
        rows = ([cell.text for cell in row.cells] for row in table.rows)
        add_table(outline, rows, number, "given" if table.first_row else "guessed")
    elif getattr(shape, "has_chart", False):
        _chart(shape.chart, number, outline)


def _chart(chart: Any, number: int, outline: Outline) -> None:
    """The numbers a chart was drawn from, a row a category."""
    if chart.has_title and chart.chart_title.has_text_frame:
        outline.add(chart.chart_title.text_frame.text, number)
    for plot in chart.plots:
        series = [(one.name or "", list(one.values)[:_POINTS]) for one in plot.series]
        categories = [str(category) for category in plot.categories][:_POINTS]
        rows = [["", *(name for name, _ in series)]]
        for i, category in enumerate(categories):
            rows.append([category, *(_number(values[i]) if i < len(values) else "" for _, values in series)])
        add_table(outline, rows, number, "given")


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.15g}"
