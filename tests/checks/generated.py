"""The files that `sluiced` prints are the ones in conf/. SLUICED names the program."""

import os
import subprocess

import check

FILES = {
    "conf/sluice.ini": "--print-config",
    "conf/README.md": "--print-config=markdown",
}


def printed(option):
    return subprocess.run([os.environ["SLUICED"], option], capture_output=True, text=True,
                          check=True, timeout=60).stdout


def generated(root):
    findings = []
    for name, option in FILES.items():
        path = root / name
        if not path.exists() or path.read_text(encoding="utf-8") != printed(option):
            findings.append(f"{name} is out of date: sluiced {option} > {name}")
    return findings


if __name__ == "__main__":
    TREE = {name: printed(option) for name, option in FILES.items()}
    check.main(generated, [{name: text + "x"} for name, text in TREE.items()], TREE)
