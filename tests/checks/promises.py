"""Each test that a page of promises names is there."""

import re

import check

PAGES = ("docs/durability.md", "docs/security.md")
NAMED = re.compile(r"`((?:system\.(?:hostile\.)?)?[a-z0-9_]+\.[^`]* [^`]*)`")
CASE = re.compile(r"^CAF_TEST\(([^)]+)\)", re.MULTILINE)
FUNCTION = re.compile(r"^    def test_([a-z0-9_]+)\(", re.MULTILINE)


def tests(root):
    """The names of all tests, as ctest has them."""
    for path in (root / "tests").glob("*.cpp"):
        for sentence in CASE.findall(path.read_text(encoding="utf-8")):
            yield f"{path.stem}.{sentence.strip()}"
    system = root / "tests/system"
    for path in (*system.glob("*.py"), *system.glob("hostile/*.py")):
        area = ".".join(path.relative_to(system).with_suffix("").parts)
        for sentence in FUNCTION.findall(path.read_text(encoding="utf-8")):
            yield f"system.{area}.{sentence.replace('_', ' ')}"


def promises(root):
    there = set(tests(root))
    named = [(page, name) for page in PAGES if (root / page).exists()
             for name in NAMED.findall((root / page).read_text(encoding="utf-8"))]
    return [f"{page}: there is no test `{name}`" for page, name in named
            if name not in there]


TREE = {
    "tests/a.cpp": "CAF_TEST(it holds) {\n",
    "tests/system/b.py": "class B:\n    def test_it_holds(self):\n",
    "tests/system/hostile/c.py": "class C:\n    def test_it_holds(self):\n",
    PAGES[0]: "| rule | `a.it holds`, `system.b.it holds` |\n",
    PAGES[1]: "| limit | `system.hostile.c.it holds` |\n",
}

SAMPLES = [
    {PAGES[0]: "| rule | `a.it does` |\n"},
    {PAGES[0]: "| rule | `system.b.it does` |\n"},
    {PAGES[0]: "| rule | `b.it holds` |\n"},
    {PAGES[1]: "| limit | `system.hostile.c.it does` |\n"},
    {PAGES[1]: "| limit | `system.c.it holds` |\n"},
]

if __name__ == "__main__":
    check.main(promises, SAMPLES, TREE)
