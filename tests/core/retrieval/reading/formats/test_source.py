"""Source code: definitions under their names."""

from __future__ import annotations

import pytest

from core.retrieval.reading.formats.source import definitions
from tests.core.retrieval.reading.formats.build import read_text, rows

PYTHON = '''"""A module."""

import os

LIMIT = 3


# What it is for.
@dataclass
class Boat(Base):
    """A boat."""

    @property
    def name(self) -> str:
        def inner() -> str:
            return "x"

        return inner()


async def sail(
    boat: Boat,
) -> None:
    boat.go()


print(LIMIT)
'''
JAVA = """package x;

/** Keeps things. */
@Component
public class Cache<K> extends Base {
    private final Map<K, V> map = new HashMap<>();

    public Cache(int size) {
        for (int i = 0; i < size; i++) {
            grow(i);
        }
    }

    @Override
    public V get(K key) throws IOException {
        if (check(key)) {
            throw new Missing(
                "a");
        }
        return map.get(key);
    }
}
"""


def names(text: str) -> list[str]:
    return [" › ".join(path) for path, _ in definitions(text.expandtabs(4).split("\n"))]


def test_python_is_divided_at_definitions() -> None:
    """Decorators and comments go with what they stand above; what is inside a function stays inside."""
    found = [text.strip("\n") for _, text in definitions(PYTHON.split("\n"))]
    assert names(PYTHON) == ["", "Boat", "Boat › name", "sail", ""]
    assert found[1] == '# What it is for.\n@dataclass\nclass Boat(Base):\n    """A boat."""'
    assert found[2].startswith("    @property\n    def name")
    assert found[2].endswith("return inner()")
    assert found[3].endswith(") -> None:\n    boat.go()")
    assert found[4] == "print(LIMIT)"


def test_definitions_of_a_line_or_two_stand_together() -> None:
    """Under what they are in, up to some length; longer ones stand alone under their names."""
    short = "".join(f"    def get{n}(self) -> int:\n        return self.value_of_number_{n}\n\n" for n in range(9))
    long = "    def long(self) -> None:\n" + "        call_something(self)\n" * 9
    text = read_text("a.py", f"class A:\n{short}{long}")
    assert [block.heading for block in text.blocks] == ["A", "A", "A › long"]
    assert text.blocks[0].text.startswith("class A:\n    def get0")


def test_no_line_is_lost() -> None:
    """Code comes out as it went in, but for empty lines."""
    for name, text in (("a.py", PYTHON), ("a.java", JAVA)):
        kept = [line for line in read_text(name, text).content.split("\n") if line.strip()]
        assert kept == [line for line in text.split("\n") if line.strip()]


def test_java_methods_are_found_by_their_shape() -> None:
    """Calls and loops are none."""
    assert names(JAVA) == ["", "Cache<K>", "Cache<K> › Cache", "Cache<K> › get"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (
            "#define X\nstruct p {\n  int a;\n};\n\nint main(int c,\n         char **v)\n{\n  run(1,\n 2);\n}\n",
            ["p", "main"],
        ),
        ("void Boat::sail(int k) const {\n}\n\nBoat::~Boat() {\n}\n", ["Boat::sail", "Boat::~Boat"]),
        ("type R struct {\n\ta int\n}\n\nfunc (r *R) Read(p []byte) error {\n}\n", ["R", "Read"]),
        ("impl<T> fmt::Display for Foo {\n    fn fmt(&self) {\n    }\n}\n", ["fmt::Display for Foo", "fmt"]),
        (
            "export const add = (a: number): number => a;\nclass A {\n  async run<T>(a: T) {\n  }\n}\n",
            ["add", "A", "run"],
        ),
        ("module A\n  class B < C\n    def run(x)\n    end\n  end\nend\n", ["A", "B", "run"]),
        ("data class P(val x: Int)\nfun P.twice(): Int {\n}\n", ["P", "P.twice"]),
        ("class A {\n    public function run($x) {\n    }\n}\n", ["A", "run"]),
        ("local function f(x)\n  g(x)\nend\n", ["f"]),
        ("twice <- function(x) {\n  x\n}\n", ["twice"]),
        ("run() {\n  echo\n}\n", ["run"]),
        ("-- who\nCREATE TABLE IF NOT EXISTS people (\n  id int\n);\nselect 1;\n", ["people", ""]),
        ("struct A {\n    func run() {\n    }\n}\n", ["A", "run"]),
        (
            "namespace N {\n    class A {\n        public int B(int c)\n        {\n        }\n    }\n}\n",
            ["N", "A", "B"],
        ),
    ],
)
def test_definitions_of_many_languages_are_found(text: str, found: list[str]) -> None:
    """By their words or their shape; each stands under what it is in."""
    assert [name.rpartition(" › ")[2] for name in names(text)] == found


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.toml", "x = 1\n# about a\n[a]\ny = 2\n[[b.c]]\nz = 3\n"),
        ("a.yaml", "x: 1\na:\n  y: 2\n"),
        ("a.ini", "[x]\ny=1\n[a]\nz=2\n"),
    ],
)
def test_settings_are_divided_at_sections(name: str, text: str) -> None:
    """Comments go with the section below them."""
    expected = {
        "a.toml": [(None, "x = 1"), ("a", "# about a\n[a]\ny = 2"), ("b.c", "[[b.c]]\nz = 3")],
        "a.yaml": [("x", "x: 1"), ("a", "a:\n  y: 2")],
        "a.ini": [("x", "[x]\ny=1"), ("a", "[a]\nz=2")],
    }
    assert rows(read_text(name, text)) == expected[name]


def test_lines_of_machines_are_not_searched_for_names() -> None:
    """However long they are."""
    assert names("function a(){}" + "x(" * 200_000) == [""]
