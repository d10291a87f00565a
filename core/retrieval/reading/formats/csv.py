"""CSV and TSV: the rows of a table, by the standard library."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from itertools import islice

from core.errors import DocumentError
from core.retrieval.reading.formats.plain import decode
from core.retrieval.reading.formats.tables import add_table
from core.retrieval.reading.outline import Outline, Text

_SAMPLE = 30
_SAMPLE_LENGTH = 65_536
_FIELD_LIMIT = 10_000_000


def read_csv(data: bytes) -> Text:
    """The rows of a table; whatever divides its cells is found out.

    Raises:
        DocumentError: this is no text, or no table.
    """
    text = decode(data)
    # Excel's own way of telling the delimiter.
    told = re.match(r"sep=(.)\r?\n", text)
    text = text[told.end() :] if told else text
    delimiter = told.group(1) if told else _delimiter(text)
    outline = Outline()
    csv.field_size_limit(_FIELD_LIMIT)
    try:
        rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True)
        add_table(outline, rows, header="expected")
    except csv.Error as error:
        raise DocumentError("This table cannot be read. Save it anew as CSV, in UTF-8, and add it again.") from error
    return outline.finish()


def _delimiter(text: str) -> str:
    """The delimiter by which most of the first rows have the same number of cells, and more than one."""

    lines = list(islice(io.StringIO(text[:_SAMPLE_LENGTH], newline=""), _SAMPLE))

    def score(delimiter: str) -> tuple[int, int]:
        widths = Counter(len(row) for row in csv.reader(lines, delimiter=delimiter) if len(row) > 1)
        width, count = widths.most_common(1)[0] if widths else (0, 0)
        return count, width

    return max(",;\t|", key=score)
