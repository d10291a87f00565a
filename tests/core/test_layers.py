"""The house: imports run one way, the pages' library stays out of the core, SQL stays in the store."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# Each room may import the rooms above it and itself, never one below or beside it.
_ROOMS = [
    [("core", "core.errors", "core.settings", "core.models", "core.clock", "core.ids", "core.notebook.values")],
    [("core.store",), ("core.branches",), ("core.questions",)],
    [("core.providers",), ("core.retrieval.encoders",)],
    [("core.retrieval", "core.retrieval.reading")],
    [("core.retrieval.documents",), ("core.retrieval.answering",)],
    [("core.retrieval.searching",)],
    [("core.streams",), ("core.exchange",), ("core.analysis",)],
    [("core.generation",), ("core.history",), ("core.notebook",)],
    [("core.shelf",)],
    [("core.chat",)],
    [("core.sharing",)],
    [("core.maintenance",)],
    [("core.service",)],
    [("core.api",)],
    [("pages._common",)],
    [("pages._exchange",), ("pages._documents",)],
    [("pages._chat",), ("pages._notebook",)],
    [("pages._history",)],
    [("pages",)],
    [("app",)],
]
# The views that analysts see are SQL, and the process that runs their queries runs SQL: on a snapshot, in a database
# of its own. Neither touches the app's.
_SQL_ELSEWHERE = {f"core.analysis.{name}" for name in ("views", "examples", "worker", "keeping", "naming", "tables")}
_PLACES = {name: (floor, room) for floor, rooms in enumerate(_ROOMS) for room in rooms for name in room}
_SQL = re.compile(
    r"\bselect\b.+\bfrom\b|\binsert\s+into\b|\bupdate\s+\w+\s+set\b|\bdelete\s+from\b|\b(create|alter|drop)\s+table\b",
    re.IGNORECASE | re.DOTALL,
)


def sources() -> Iterator[Path]:
    yield ROOT / "app.py"
    yield from sorted((ROOT / "core").rglob("*.py"))
    yield from sorted((ROOT / "pages").rglob("*.py"))


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def place_of(module: str) -> tuple[int, tuple[str, ...]] | None:
    """The floor and the room of a module of ours."""
    while module:
        if module in _PLACES:
            return _PLACES[module]
        module = module.rpartition(".")[0]
    return None


def imported(tree: ast.AST, package: str) -> Iterator[str]:
    """Every module that is imported anywhere in a file."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                base = ".".join([*package.split(".")[: len(package.split(".")) - node.level + 1], base]).rstrip(".")
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)


def text_constants(tree: ast.AST) -> Iterator[str]:
    """Every string that is not a docstring."""
    comments = {node.value for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in comments:
            yield node.value


FILES = {name_of(path): path for path in sources()}


def test_every_module_has_a_room() -> None:
    """A new part of the core is given its place here before anything imports it."""
    loose = [name for name in FILES if place_of(name) == _PLACES["core"] and name not in _PLACES]
    assert loose == []
    assert len(FILES) > 60


@pytest.mark.parametrize("name", FILES)
def test_imports_run_one_way(name: str) -> None:
    """A module imports its own room and those above, never one below or beside."""
    floor, room = place_of(name) or (99, ())
    package = name if FILES[name].name == "__init__.py" else name.rpartition(".")[0]
    for other in imported(ast.parse(FILES[name].read_text("utf-8")), package):
        place = place_of(other) if other.partition(".")[0] in ("core", "pages", "app") else None
        if place is None or place[1] == room:
            continue
        assert place[0] < floor, f"{name} imports {other}"


@pytest.mark.parametrize(
    "name", [name for name in FILES if not name.startswith("core.store") and name not in _SQL_ELSEWHERE]
)
def test_only_the_store_writes_sql(name: str) -> None:
    """No query and no call that takes one stands anywhere else."""
    tree = ast.parse(FILES[name].read_text("utf-8"))
    assert [text for text in text_constants(tree) if _SQL.search(text)] == []
    calls = [
        node.func.attr for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    ]
    assert not {"execute", "executemany", "fetch", "appender"} & set(calls)


def test_the_sql_of_the_store_would_be_seen() -> None:
    """The pattern finds the queries where they are, so that it would find them elsewhere."""
    found = [
        name
        for name, path in FILES.items()
        if any(_SQL.search(text) for text in text_constants(ast.parse(path.read_text("utf-8"))))
    ]
    assert {"core.store.conversations", "core.store.streams", "core.store.migrations"} <= set(found)


def test_importing_the_core_does_not_load_streamlit() -> None:
    """All of the core can be used without the pages' library."""
    work = (
        "import importlib, sys\n"
        f"for name in {[name for name in FILES if name.startswith('core')]!r}:\n"
        "    importlib.import_module(name)\n"
        "print([name for name in sys.modules if name.partition('.')[0] in ('streamlit', 'pages', 'app')])"
    )
    done = subprocess.run([sys.executable, "-c", work], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.stdout.strip(), done.returncode) == ("[]", 0), done.stderr


@pytest.mark.parametrize("name", [name for name in FILES if name.startswith("core")])
def test_the_core_does_not_name_streamlit(name: str) -> None:
    """Not even inside a function."""
    modules = imported(ast.parse(FILES[name].read_text("utf-8")), name)
    assert not [module for module in modules if module.partition(".")[0] == "streamlit"]
