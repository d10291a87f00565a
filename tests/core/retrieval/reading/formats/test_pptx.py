"""Presentations: a slide is a page, its title a heading."""

from __future__ import annotations

import pytest
from pptx import Presentation
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.util import Inches

from core.errors import DocumentError
from core.retrieval.reading.outline import Block
from core.retrieval.reading.read import read
from tests.core.retrieval.reading.formats.build import saved, zipped

BOX = (Inches(1), Inches(1), Inches(4), Inches(2))


def slides(*titles: str) -> Presentation:
    presentation = Presentation()
    for title in titles:
        presentation.slides.add_slide(presentation.slide_layouts[1]).shapes.title.text = title
    return presentation


def test_slides_keep_titles_numbers_and_notes() -> None:
    """The first slide's title names the presentation; notes are marked as such."""
    presentation = slides("The harbour", "Fees")
    first, second = presentation.slides
    first.placeholders[1].text = "by Anna"
    second.placeholders[1].text = "A boat pays.\nA cat does not."
    second.notes_slide.notes_text_frame.text = "Smile here."
    text = read("a.pptx", saved(presentation))
    assert text.title == "The harbour"
    assert text.blocks == (
        Block("by Anna", None, 1),
        Block("A boat pays.", "Fees", 2),
        Block("A cat does not.", "Fees", 2),
        Block("Notes: Smile here.", "Fees", 2),
    )


def test_a_slide_without_a_title_stands_under_no_other() -> None:
    """Nor is a slide lost that has nothing but a title."""
    presentation = slides("One", "Two", "Three")
    presentation.core_properties.title = "A talk"
    bare = presentation.slides.add_slide(presentation.slide_layouts[6])
    bare.shapes.add_textbox(*BOX).text_frame.text = "Words"
    assert read("a.pptx", saved(presentation)).blocks == (
        Block("One", None, 1),
        Block("Two", None, 2),
        Block("Three", None, 3),
        Block("Words", None, 4),
    )


def test_tables_groups_and_charts_are_read() -> None:
    """A chart gives the numbers it was drawn from."""
    presentation = slides("T")
    shapes = presentation.slides[0].shapes
    table = shapes.add_table(2, 2, *BOX).table
    for i, cell in enumerate(["Fish", "Price", "Herring", "12"]):
        table.cell(i // 2, i % 2).text = cell
    shapes.add_group_shape().shapes.add_textbox(*BOX).text_frame.text = "in a group"
    data = CategoryChartData()
    data.categories = ["May", "June"]
    data.add_series("Visitors", (120, 340.5))
    shapes.add_chart(XL_CHART_TYPE.COLUMN_CLUSTERED, *BOX, data)
    assert [block.text for block in read("a.pptx", saved(presentation)).blocks] == [
        "Fish: Herring · Price: 12",
        "in a group",
        "May · Visitors: 120",
        "June · Visitors: 340.5",
    ]


@pytest.mark.parametrize("data", [zipped({"ppt/presentation.xml": "<a/>"}), saved(slides("x"))[:-300]])
def test_a_broken_presentation_is_refused(data: bytes) -> None:
    """With what to do about it."""
    with pytest.raises(DocumentError, match=r"save it as \.pptx"):
        read("a.pptx", data)
