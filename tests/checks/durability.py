"""Each test that docs/durability.md names is there."""

import re

import check

FILE = "docs/durability.md"
NAMED = re.compile(r"`((?:system\.)?[a-z0-9_]+\.[^`]* [^`]*)`")
CASE = re.compile(r"^CAF_TEST\(([^)]+)\)", re.MULTILINE)
FUNCTION = re.compile(r"^    def test_([a-z0-9_]+)\(", re.MULTILINE)


def tests(root):
    """The names of all tests, as ctest has them."""
    for path in (root / "tests").glob("*.cpp"):
        for sentence in CASE.findall(path.read_text(encoding="utf-8")):
            yield f"{path.stem}.{sentence.strip()}"
    for path in (root / "tests/system").glob("*.py"):
        for sentence in FUNCTION.findall(path.read_text(encoding="utf-8")):
            yield f"system.{path.stem}.{sentence.replace('_', ' ')}"


def durability(root):
    path = root / FILE
    named = NAMED.findall(path.read_text(encoding="utf-8")) if path.exists() else []
    there = set(tests(root))
    return [f"{FILE}: there is no test `{name}`" for name in named if name not in there]


TREE = {
    "tests/a.cpp": "CAF_TEST(it holds) {\n",
    "tests/system/b.py": "class B:\n    def test_it_holds(self):\n",
    FILE: "| rule | `a.it holds`, `system.b.it holds` |\n",
}

SAMPLES = [
    {FILE: "| rule | `a.it does` |\n"},
    {FILE: "| rule | `system.b.it does` |\n"},
    {FILE: "| rule | `b.it holds` |\n"},
]

if __name__ == "__main__":
    check.main(durability, SAMPLES, TREE)
