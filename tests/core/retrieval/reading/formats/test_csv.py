"""CSV: rows, whatever divides the cells."""

from __future__ import annotations

import pytest

from core.errors import DocumentError, TooLarge
from core.retrieval.reading import outline
from core.retrieval.reading.formats.csv import read_csv
from tests.core.retrieval.reading.formats.build import read_text, texts


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_the_delimiter_is_found_out(mark: str) -> None:
    """Even where other candidates stand in the text."""
    lines = [
        mark.join(cells) for cells in (["Name", "Town"], ["Anna", '"Kirkhaven, north; by the sea"'], ["Bert", "Saltby"])
    ]
    assert texts(read_text("a.csv", "\r\n".join(lines))) == [
        "Name: Anna · Town: Kirkhaven, north; by the sea",
        "Name: Bert · Town: Saltby",
    ]


def test_excel_may_tell_the_delimiter() -> None:
    """In a line of its own."""
    assert texts(read_text("a.csv", "sep=;\nName;Town\nAnna;Salt,by\n")) == ["Name: Anna · Town: Salt,by"]


def test_tabs_divide_a_tsv() -> None:
    """Commas in it are text."""
    assert texts(read_text("a.tsv", "q\ta\nWhy, then?\tNo, yes\n")) == ["q: Why, then? · a: No, yes"]


def test_quoted_cells_may_hold_lines() -> None:
    """They become one line."""
    assert texts(read_text("a.csv", 'Name,Note\nAnna,"one\ntwo"\n')) == ["Name: Anna · Note: one two"]


def test_without_a_header_cells_stand_side_by_side() -> None:
    """Numbers name nothing."""
    assert texts(read_text("a.csv", "1,2\n3,4\n")) == ["1 | 2", "3 | 4"]


def test_a_single_column_is_a_list() -> None:
    """Of lines."""
    assert texts(read_text("a.csv", "Anna\nBert\n")) == ["Anna", "Bert"]


def test_a_cell_without_end_is_kept_whole() -> None:
    """An opened quote takes the rest of the file, up to a limit."""
    assert len(read_text("a.csv", 'a,b\n1,"' + "x" * 300_000).content) > 300_000
    with pytest.raises(DocumentError, match="as CSV"):
        read_csv(b'a,b\n"' + b"x" * 10_000_001)


def test_more_rows_than_are_taken_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rather than cut off silently."""
    monkeypatch.setattr(outline, "BLOCKS", 10)
    assert len(read_text("a.csv", "1,2\n" * 10).blocks) == 10
    with pytest.raises(TooLarge, match="more than 10 paragraphs or rows"):
        read_text("a.csv", "1,2\n" * 11)
