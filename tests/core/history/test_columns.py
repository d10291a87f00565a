"""The columns against the same done message by message."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest

from core.history.columns import Columns
from core.history.filter import EVERYTHING, HistoryFilter
from core.models import Role, Status

AT = datetime(2025, 1, 1, tzinfo=UTC)
Row = dict[str, object]


def table(rows: list[Row]) -> pa.Table:
    """Rows as the store gives them."""
    types = {"seq": pa.int64(), "created_at": pa.int64(), "rating": pa.int8(), "cost": pa.float64()}
    types |= {"version": pa.uint64(), "failed": pa.bool_()}
    names = ("seq", "conversation_id", "created_at", "role", "status", "model", "failed", "rating", "cost", "version")
    return pa.table({name: pa.array([row[name] for row in rows], types.get(name, pa.string())) for name in names})


def micros(at: datetime) -> int:
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def made_up(rng: random.Random, seq: int) -> Row:
    role = rng.choice(list(Role))
    answer = role is Role.ASSISTANT
    status = rng.choice(list(Status)) if answer else Status.DONE
    return {
        "seq": seq,
        "conversation_id": f"c{rng.randrange(20)}",
        "created_at": micros(AT + timedelta(minutes=rng.randrange(100))),
        "role": role.value,
        "status": status.value,
        "model": rng.choice(["m1", "m2"]) if answer else None,
        "failed": status is Status.ERROR,
        "rating": rng.choice([0, 0, 1, -1]) if answer else 0,
        "cost": rng.choice([None, 0.1, 0.2]) if answer else None,
        "version": rng.randrange(1, 9),
    }


def passes(row: Row, f: HistoryFilter) -> bool:
    cost, at = row["cost"], row["created_at"]
    return all(
        (
            f.since is None or at >= micros(f.since),  # type: ignore[operator]
            f.until is None or at < micros(f.until),  # type: ignore[operator]
            not f.models or row["model"] in f.models,
            not f.statuses or row["status"] in f.statuses,
            f.rating is None or row["rating"] == f.rating,
            f.min_cost is None or (cost is not None and cost >= f.min_cost),  # type: ignore[operator]
            f.max_cost is None or (cost is not None and cost <= f.max_cost),  # type: ignore[operator]
            f.failed is None or row["failed"] == f.failed,
            f.role is None or row["role"] == f.role,
            f.conversation_id is None or row["conversation_id"] == f.conversation_id,
        )
    )


FILTERS = (
    EVERYTHING,
    HistoryFilter(since=AT + timedelta(minutes=30), until=AT + timedelta(minutes=60)),
    HistoryFilter(models=("m2", "unknown"), failed=False),
    HistoryFilter(statuses=(Status.ERROR, Status.DONE), rating=-1),
    HistoryFilter(min_cost=0.1, max_cost=0.15),
    HistoryFilter(role=Role.USER, conversation_id="c7"),
    HistoryFilter(failed=True, role=Role.USER),
)


@pytest.mark.parametrize("filter", FILTERS)
def test_a_mask_holds_what_passes(filter: HistoryFilter) -> None:
    """However often rows are brought in again with other values, and whatever the order of their numbers."""
    rng, columns, rows = random.Random(3), Columns(), dict[int, Row]()
    for _ in range(6):
        some = [made_up(rng, seq) for seq in rng.sample(range(1, 4_000), 900)]
        columns.take(table(some))
        rows |= {int(str(row["seq"])): row for row in some}
    hidden = ["c1", "c2", "unknown"]
    expected = [seq for seq, row in rows.items() if passes(row, filter) and row["conversation_id"] not in hidden]
    assert np.flatnonzero(columns.mask(filter, hidden)).tolist() == sorted(expected)
    newest = sorted(expected, key=lambda seq: (rows[seq]["created_at"], seq), reverse=True)
    assert columns.newest(columns.mask(filter, hidden), 25) == newest[:25]
    assert columns.newest(columns.mask(filter, hidden), 10_000) == newest
    assert columns.models() == ("m1", "m2")


def test_what_is_behind_is_known() -> None:
    """New, changed and gone texts, each until they are held in their version."""
    columns, rng = Columns(), random.Random(1)
    columns.take(table([{**made_up(rng, seq), "version": seq} for seq in range(1, 6)]))
    columns.hold("worded", [1, 2, 3, 4, 5], [1, 2, 3, 4, 5])
    assert columns.behind("worded").tolist() == []
    assert columns.behind("embedded").tolist() == [1, 2, 3, 4, 5]
    columns.take(table([{**made_up(rng, 2), "version": 2**64 - 1}]))
    columns.forget(np.array([4]))
    assert columns.behind("worded").tolist() == [2, 4]
    assert columns.behind("embedded").tolist() == [1, 2, 3, 5]
    assert columns.present().tolist() == [1, 2, 3, 5]
    columns.hold("worded", [2, 4], np.array([2**64 - 1, 0], np.uint64))
    assert columns.behind("worded").tolist() == []


def test_citations_are_those_of_the_text_that_is_held() -> None:
    """What an older text cited does not count."""
    columns, rng = Columns(), random.Random(1)
    columns.take(table([{**made_up(rng, seq), "version": 7} for seq in (1, 2)]))
    columns.hold("worded", [1, 2], [7, 7])
    columns.cite(np.array([1, 2, 2]), np.array([7, 7, 6], np.uint64), ["a", "b", "c"])
    columns.cite(np.array([1]), np.array([7], np.uint64), ["b"])

    def citing(document: str) -> list[int]:
        return np.flatnonzero(columns.mask(HistoryFilter(document_id=document), ())).tolist()

    assert [citing(name) for name in ("a", "b", "c", "unknown")] == [[1], [1, 2], [], []]
