"""Times as the visitor's clock shows them."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st


def zone() -> tzinfo:
    """The visitor's time zone, as the browser names it."""
    try:
        return ZoneInfo(st.context.timezone or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        return UTC


def moment(at: datetime) -> str:
    """A time in a few words: `3 Nov 2026, 14:05`."""
    return f"{at.astimezone(zone()):%-d\u00a0%b\u00a0%Y, %H:%M}"


def midnight(day: date) -> datetime:
    """When a day begins where the visitor is."""
    return datetime.combine(day, time(), zone())
