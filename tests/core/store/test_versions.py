"""Which files are new and which documents they replace, without a database."""

from __future__ import annotations

from datetime import UTC, datetime

from core.store.versions import NewDocument, Plan, Version

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def file(number: int, data: str, origin: str, tags: tuple[str, ...] = ()) -> NewDocument:
    return NewDocument(f"new{number}", NOW, "title", "name", "kind", 1, data, origin, tags=tags)


def here(name: str, data: str, origin: str, status: str = "ready", replaced_by: str | None = None) -> Version:
    return Version(name, data, origin, status, ("old",), "https://example.com", replaced_by)


def test_the_same_bytes_are_one_document_with_two_names() -> None:
    """Under another name nothing is added, and the name is kept; so in one and the same batch."""
    present = here("a", "X", "a.md")
    plan = Plan([present])
    assert plan.take(file(1, "X", "b.md")) == ("a", False)
    assert present.origins == {"a.md", "b.md"}
    assert [plan.take(file(2, "Y", "c.md")), plan.take(file(3, "Y", "d.md"))] == [("new2", True), ("new2", False)]


def test_a_newer_version_waits_to_replace_what_is_ready() -> None:
    """The old one stays ready, and its tags and address go over."""
    old = here("a", "X", "a.md")
    plan = Plan([old])
    assert plan.take(file(1, "Y", "a.md", ("new",))) == ("new1", True)
    new = plan.versions[-1]
    assert (old.status, old.replaced_by) == ("ready", "new1")
    assert (new.tags, new.url, new.status) == (("new", "old"), "https://example.com", "indexing")


def test_what_is_not_ready_is_replaced_at_once() -> None:
    """A version that waits, failed or was cancelled is of no use once there is a newer one."""
    for status in ("indexing", "failed", "cancelled"):
        old = here("a", "X", "a.md", status)
        Plan([old]).take(file(1, "Y", "a.md"))
        assert (old.status, old.replaced_by) == ("replaced", "new1")


def test_a_third_version_replaces_the_first_and_the_second() -> None:
    """The one that is ready waits for the newest, the one between is given up."""
    first, second = here("a", "X", "a.md", replaced_by="b"), here("b", "Y", "a.md", "indexing")
    Plan([first, second]).take(file(1, "Z", "a.md"))
    assert (first.status, first.replaced_by) == ("ready", "new1")
    assert (second.status, second.replaced_by) == ("replaced", "new1")


def test_a_file_that_is_changed_back_stays_what_it_was() -> None:
    """The version that is ready is the newest again, and the one that waited is given up."""
    first, second = here("a", "X", "a.md", replaced_by="b"), here("b", "Y", "a.md", "indexing")
    assert Plan([first, second]).take(file(1, "X", "a.md")) == ("a", False)
    assert (first.status, first.replaced_by, first.origin) == ("ready", None, "a.md")
    assert (second.status, second.replaced_by) == ("replaced", "a")


def test_bytes_with_another_name_stay_when_one_of_their_files_changes() -> None:
    """Whichever of the two names is the first."""
    for changed, left in (("a.md", "b.md"), ("b.md", "a.md")):
        present = here("a", "X", "a.md")
        present.aliases = {"b.md"}
        assert Plan([present]).take(file(1, "Y", changed)) == ("new1", True)
        assert (present.status, present.replaced_by, present.origins) == ("ready", None, {left})


def test_bytes_that_wait_to_be_replaced_stay_when_another_file_has_them() -> None:
    """The newer version is of the first file alone."""
    old, new = here("a", "X", "a.md", replaced_by="b"), here("b", "Y", "a.md", "indexing")
    assert Plan([old, new]).take(file(1, "X", "copy.md")) == ("a", False)
    assert (old.replaced_by, old.origins, new.status) == (None, {"copy.md"}, "indexing")


def test_a_file_that_becomes_the_copy_of_another_is_replaced_by_it() -> None:
    """At once where the other is ready, and once it is where it waits."""
    for status, expected in (("ready", "replaced"), ("indexing", "ready")):
        one, two = here("a", "X", "a.md"), here("b", "Y", "b.md", status)
        assert Plan([one, two]).take(file(1, "Y", "a.md")) == ("b", False)
        assert (one.status, one.replaced_by, two.origins) == (expected, "b", {"a.md", "b.md"})


def test_what_failed_is_tried_again_under_its_new_name() -> None:
    """The old name goes with it."""
    failed = here("a", "X", "a.txt", "failed")
    plan = Plan([failed])
    assert plan.take(file(1, "X", "a.md")) == ("new1", True)
    assert (failed.status, plan.versions[-1].origins) == ("replaced", {"a.txt", "a.md"})


def test_two_versions_in_one_batch_leave_the_later() -> None:
    """As if they had come one after the other."""
    plan = Plan([here("a", "X", "a.md")])
    plan.take(file(1, "Y", "a.md"))
    plan.take(file(2, "Z", "a.md"))
    assert [(v.id, v.status, v.replaced_by) for v in plan.versions] == [
        ("a", "ready", "new2"),
        ("new1", "replaced", "new2"),
        ("new2", "indexing", None),
    ]
