"""The shape of the sources: short files, short lines, and nothing left lying about."""

import re

import check

FILE_LINES_MAX = 300
TEST_LINES_MAX = 500
LINE_COLUMNS_MAX = 90

FORBIDDEN = [
    (re.compile(r"\b(TODO|FIXME|XXX|HACK)\b"), "is left to be done"),
    (re.compile(r"^\s*//\s*[\w:.<>*&-]+(\s+\w+)?\s*[=(].*;\s*$"), "is code in a comment"),
    (re.compile(r"\t"), "holds a tab"),
    (re.compile(r"\s$"), "ends in a blank"),
]

IN_HEADERS = [
    (re.compile(r"using\s+namespace\s+caf\b"), "opens caf for whoever includes it"),
    (re.compile(r"include\s+<caf/all\.hpp>"), "includes all of CAF"),
]

# Whoever asks it for a window's end ends the window when somebody sets the clock.
TIME_OF_DAY = (re.compile(r"\b(system_clock|high_resolution_clock|CLOCK_REALTIME)\b"),
               "reads the time of day: actors/detail/wall_clock.hpp alone does")

# Of two syncs at the same time one does not hear that pages were lost.
SYNCS = (re.compile(r"::(fsync|fdatasync|syncfs|sync_file_range|msync)\("),
         "goes past the gate of syncs: actors/storage/sync_gate.cpp alone calls them")


def rules_for(path):
    rules = list(FORBIDDEN)
    if path.parts[0] == "actors" and path.name != "wall_clock.hpp":
        rules.append(TIME_OF_DAY)
    if path.parts[0] in ("actors", "app") and path.name != "sync_gate.cpp":
        rules.append(SYNCS)
    if path.suffix == ".hpp":
        rules += IN_HEADERS
    return rules


def look_at(root, path):
    text = check.lines(root, path)
    findings = []
    lines_max = TEST_LINES_MAX if path.parts[0] == "tests" else FILE_LINES_MAX
    if len(text) > lines_max:
        findings.append(f"{path}: {len(text)} lines, {lines_max} at most")
    if path.suffix == ".hpp" and "#pragma once" not in text:
        findings.append(f"{path}: without #pragma once")
    for number, line in enumerate(text, 1):
        if len(line) > LINE_COLUMNS_MAX:
            findings.append(f"{path}:{number}: {len(line)} columns")
        findings += [f"{path}:{number}: {what}" for rule, what in rules_for(path)
                     if rule.search(line)]
    return findings


def shape(root):
    own = "tests/checks/"
    return [finding for path in check.files(root, check.SOURCES + check.SCRIPTS)
            if not path.as_posix().startswith(own) for finding in look_at(root, path)]


SAMPLES = [
    {"app/x.cpp": "int x;\n" * 301},
    {"app/x.cpp": "//" + "x" * 89 + "\n"},
    {"app/x.cpp": "// TODO: the rest\n"},
    {"app/x.cpp": "// int x = 5;\n"},
    {"app/x.cpp": "\tint x;\n"},
    {"app/x.cpp": "int x; \n"},
    {"app/x.hpp": "int x;\n"},
    {"app/x.hpp": "#pragma once\nusing namespace caf;\n"},
    {"app/x.hpp": "#pragma once\n#include <caf/all.hpp>\n"},
    {"app/x.cpp": "  // self->send(who, atom::stop_v);\n"},
    {"tests/x.py": "x = 1\n" * 501},
    {"actors/x.cpp": "auto now = system_clock::now();\n"},
    {"app/x.cpp": "  if (::fdatasync(file.get()) != 0)\n"},
]

if __name__ == "__main__":
    check.main(shape, SAMPLES, {"app/y.hpp": "#pragma once\n// Waits;\n" + "x" * 90 + "\n"})
