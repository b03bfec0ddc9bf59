"""What `./run` and `./test` share says nothing where there is nothing to do, so that what
a person asked for stands alone."""

import pathlib
import subprocess

import harness

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(harness.SLUICED).resolve().parents[1]


class Builds(harness.Case):
    def build(self):
        return subprocess.run(
            ["bash", "-euo", "pipefail", "-c",
             f"source '{ROOT}/cmake/build.sh'; build '{BUILD}' sluiced"],
            capture_output=True, text=True, check=False, timeout=600)

    def test_a_build_that_has_nothing_to_do_says_nothing(self):
        if not (BUILD / "build.ninja").exists():
            self.skipTest("this build is not Ninja's")
        self.assertEqual(self.build().returncode, 0)
        done = self.build()
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))


if __name__ == "__main__":
    harness.main()
