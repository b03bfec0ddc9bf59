"""The sources are as clang-format leaves them."""

import pathlib
import shutil
import subprocess

import check

CONFIG = pathlib.Path(__file__).resolve().parents[2] / ".clang-format"
PROGRAM = "clang-format-14"


def layout(root):
    paths = [root / path for path in check.files(root)]
    if not paths:
        return []
    if shutil.which(PROGRAM) is None:
        return [f"{PROGRAM} is not installed"]
    result = subprocess.run(
        [PROGRAM, f"--style=file:{CONFIG}", "--dry-run", "--Werror", *map(str, paths)],
        capture_output=True, text=True, check=False)
    errors = [line for line in result.stderr.splitlines() if ": error:" in line]
    if result.returncode != 0 and not errors:
        errors = result.stderr.splitlines() or [f"{PROGRAM} failed"]
    return errors


SAMPLES = [
    {"app/x.cpp": "int  x;\n"},
    {"app/x.cpp": "int* f() { return nullptr; }\nint *g();\n"},
    {"app/x.hpp": '#include "b.hpp"\n#include "a.hpp"\n'},
]

if __name__ == "__main__":
    check.main(layout, SAMPLES, {"app/y.cpp": "int x;\n"})
