"""The pages are in plain sentences: none of more than 30 words, and no line of more than
120 characters. What stands in a table or in code may make a line longer; a cell is still
made of sentences. What is in backquotes is one word."""

import re

import check

# Those that are written so; one that is rewritten is added.
PAGES = (
    "README.md",
    "bench/README.md",
    "conf/README.md",
    "docs/api.md",
    "docs/architecture.md",
    "docs/developing.md",
    "docs/durability.md",
    "docs/glossary.md",
    "docs/operating.md",
    "docs/security.md",
)

WORDS_MAX = 30
LINE_CHARACTERS_MAX = 120

FENCE = re.compile(r"^\s*(```|~~~)")
TABLE = re.compile(r"^\s*\|")
CELLS = re.compile(r"(?<!\\)\|")
NEW_BLOCK = re.compile(r"^\s*(#+|[-*+]|\d+\.|>)\s+")
IN_BACKQUOTES = re.compile(r"`[^`]*`")
LINK = re.compile(r"\[([^]]*)\]\([^)]*\)")
END = re.compile(r"(?<=[.!?])[\"')*_]*\s+(?=[\"'(*_]*[A-Z0-9@])")
WORD = re.compile(r"[\w@][\w'’@/.,-]*")
# Stands for what was in backquotes.
CODE = "@"


def outside_code(lines):
    """(number, line) of all lines that stand in no code block."""
    inside = False
    for number, line in enumerate(lines, 1):
        if FENCE.match(line):
            inside = not inside
        elif not inside:
            yield number, line


def blocks(lines):
    """(number of the first line, text) of each paragraph, item, heading and cell."""
    first, text = 0, ""
    last = 0
    for number, line in outside_code(lines):
        goes_on = line.strip() and not TABLE.match(line) and not NEW_BLOCK.match(line)
        if text and (not goes_on or number != last + 1):
            yield first, text
            text = ""
        if TABLE.match(line):
            bare = IN_BACKQUOTES.sub(CODE, line)
            yield from ((number, cell) for cell in CELLS.split(bare))
        elif line.strip():
            first = first if text else number
            text += " " + NEW_BLOCK.sub("", line).strip()
        last = number
    if text:
        yield first, text


def sentences(text):
    bare = LINK.sub(r"\1", IN_BACKQUOTES.sub(CODE, text))
    return END.split(bare.strip())


def look_at(page, lines):
    for number, line in outside_code(lines):
        if len(line) > LINE_CHARACTERS_MAX and not TABLE.match(line):
            yield f"{page}:{number}: {len(line)} characters"
    for number, text in blocks(lines):
        for sentence in sentences(text):
            words = len(WORD.findall(sentence))
            if words > WORDS_MAX:
                beginning = " ".join(sentence.split()[:6])
                yield f"{page}:{number}: a sentence of {words} words: {beginning} ..."


def words(root):
    return [finding for page in PAGES if (root / page).exists()
            for finding in look_at(page, check.lines(root, page))]


HALF = "Words" + " more" * (WORDS_MAX // 2 - 1)
FULL = f"{HALF}\n{HALF}"
ITEM = "Words" + " more" * (WORDS_MAX - 1)
CODE_OF_MANY = "`" + "code " * 9 + "`"
TREE = {"README.md": f"""# A heading

{FULL}.
{FULL}.
{FULL}. One
more.

- {HALF}
- {HALF}

  {FULL}
| {ITEM} | {ITEM} |

```sh
{"x " * 200}
```

{HALF}
{CODE_OF_MANY} {HALF[:-5]}.
See [a text](https://example.org/and/more/{"x" * 50}).
{HALF}
"""}

SAMPLES = [
    {"README.md": f"One {FULL}.\n"},
    {"README.md": f"- One {FULL}.\n"},
    {"README.md": f"| good | Good. One {ITEM}. |\n"},
    {"README.md": f"First. One {FULL}.\n"},
    {"README.md": f"One {HALF}\n{CODE_OF_MANY} {HALF}.\n"},
    {"README.md": f"```\ncode\n```\nOne {FULL}\n"},
    {"README.md": "x" * (LINE_CHARACTERS_MAX + 1) + "\n"},
    {"README.md": f"Ends. `code` {FULL}.\n"},
]

if __name__ == "__main__":
    check.main(words, SAMPLES, TREE)
