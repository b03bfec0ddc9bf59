"""What the checks of the sources share: the files, and a way to prove that each can fail.

A check is a function from a tree to its findings, one line each, and a list of samples:
files that it must find something in. `main` runs it on the repository, or with
`--samples` on each sample alone.
"""

import pathlib
import sys
import tempfile

FOLDERS = ("messages", "actors", "app", "bench", "examples", "tests")
SOURCES = (".hpp", ".cpp")
SCRIPTS = (".py", ".sh", ".cmake", "CMakeLists.txt")


def files(root, endings=SOURCES):
    """The repository's own files, as paths below `root`."""
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob("*")):
            if path.is_file() and path.name.endswith(tuple(endings)):
                yield path.relative_to(root)


def lines(root, path):
    return (root / path).read_text(encoding="utf-8").splitlines()


def plant(folder, sample):
    """Writes a sample, path to content, below `folder`."""
    for name, content in sample.items():
        path = pathlib.Path(folder) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")


def missed(check, samples, tree=None):
    """The samples in which the check finds nothing; `tree` must be clean without them."""
    result = []
    for number, sample in enumerate(samples, 1):
        with tempfile.TemporaryDirectory() as folder:
            plant(folder, tree or {})
            before = check(pathlib.Path(folder))
            plant(folder, sample)
            if before or not check(pathlib.Path(folder)):
                result.append(f"sample {number} is not told from a clean tree: {sample}")
    return result


def main(check, samples, tree=None):
    root = pathlib.Path(__file__).resolve().parents[2]
    wants_samples = "--samples" in sys.argv[1:]
    findings = missed(check, samples, tree) if wants_samples else check(root)
    for finding in findings:
        print(finding)
    print(f"{len(findings)} findings")
    sys.exit(1 if findings else 0)
