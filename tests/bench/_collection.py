"""A collection to measure retrieval on, in BEIR's layout, and how good a ranking is by its judgements."""

from __future__ import annotations

import csv
import gzip
import json
import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, TextIO, cast

CRANFIELD = Path(__file__).with_name("data") / "cranfield"


class Text(NamedTuple):
    """A document's title and text."""

    title: str
    text: str


class Collection(NamedTuple):
    """Documents and questions by id, and how well which document answers which question."""

    documents: dict[str, Text]
    questions: dict[str, str]
    judged: dict[str, dict[str, int]]


def read(folder: Path) -> Collection:
    """The collection in `folder`: corpus.jsonl, queries.jsonl and qrels.tsv (or qrels/test.tsv), each perhaps .gz."""
    documents = {row["_id"]: Text(row.get("title", ""), row["text"]) for row in _rows(folder / "corpus.jsonl")}
    judged: dict[str, dict[str, int]] = defaultdict(dict)
    flat = folder / "qrels.tsv"
    with _open(flat if flat.exists() else folder / "qrels" / "test.tsv") as file:
        for question, document, grade in list(csv.reader(file, delimiter="\t"))[1:]:
            if int(grade) > 0:
                judged[question][document] = int(grade)
    questions = {row["_id"]: row["text"] for row in _rows(folder / "queries.jsonl") if row["_id"] in judged}
    return Collection(documents, questions, {question: judged[question] for question in questions})


def scores(judged: Mapping[str, Mapping[str, int]], rankings: Mapping[str, Sequence[str]]) -> dict[str, float]:
    """nDCG@10, recall@10 and recall@100 of the documents found for each question, averaged."""
    found = [(rankings.get(question, ()), grades) for question, grades in judged.items()]
    return {
        "ndcg@10": sum(_ndcg(ranking[:10], grades) for ranking, grades in found) / len(found),
        "recall@10": sum(_recall(ranking[:10], grades) for ranking, grades in found) / len(found),
        "recall@100": sum(_recall(ranking[:100], grades) for ranking, grades in found) / len(found),
    }


def _ndcg(ranking: Sequence[str], grades: Mapping[str, int]) -> float:
    ideal = _gain(sorted(grades.values(), reverse=True)[:10])
    return _gain([grades.get(document, 0) for document in ranking]) / ideal


def _gain(grades: Sequence[int]) -> float:
    return sum(grade / math.log2(place + 2) for place, grade in enumerate(grades))


def _recall(ranking: Sequence[str], grades: Mapping[str, int]) -> float:
    return len(grades.keys() & set(ranking)) / len(grades)


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with _open(path) as file:
        yield from (json.loads(line) for line in file)


def _open(path: Path) -> TextIO:
    packed = path.with_name(path.name + ".gz")
    return cast(TextIO, gzip.open(packed, "rt", encoding="utf-8") if packed.exists() else path.open(encoding="utf-8"))
