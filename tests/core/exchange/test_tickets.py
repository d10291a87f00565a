"""Leave to fetch an export."""

from __future__ import annotations

import pytest

from core.errors import Refused
from core.exchange import tickets
from core.exchange.tickets import Tickets, Wanted


def test_a_ticket_is_for_what_it_was_issued_for() -> None:
    """As often as one likes; no two are alike, and a wrong one is for nothing."""
    issued = Tickets()
    one, other = issued.issue("json", ["a", "b"]), issued.issue("json", None)
    assert one != other
    assert [issued.wanted(one), issued.wanted(one)] == [Wanted("json", ("a", "b"))] * 2
    assert issued.wanted(other) == Wanted("json", None)
    with pytest.raises(Refused):
        issued.wanted(one[:-1])


def test_a_ticket_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """After its time it is for nothing."""
    monkeypatch.setattr(tickets, "_LASTS", -1.0)
    issued = Tickets()
    ticket = issued.issue("json", None)
    with pytest.raises(Refused):
        issued.wanted(ticket)


def test_only_the_newest_tickets_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many are issued, memory is bounded."""
    monkeypatch.setattr(tickets, "_MOST", 2)
    issued = Tickets()
    first, second, third = (issued.issue("json", None) for _ in range(3))
    assert issued.wanted(second) == issued.wanted(third)
    with pytest.raises(Refused):
        issued.wanted(first)
