"""What the bench reads of a running process, whose threads come and go."""

import importlib.util
import os
import pathlib
import threading
import types
import unittest.mock

import harness

BENCH = pathlib.Path(__file__).resolve().parents[2] / "bench" / "harness" / "service.py"


def bench_service():
    """The bench's own module, which is called as the tests' is."""
    wanted = importlib.util.spec_from_file_location("bench_service", BENCH)
    module = importlib.util.module_from_spec(wanted)
    wanted.loader.exec_module(module)
    return module


class Measuring(harness.Case):
    def test_a_thread_that_ends_meanwhile_is_passed_over(self):
        module = bench_service()
        thread = threading.Thread(target=lambda: None)
        thread.start()
        thread.join()
        threads = os.listdir

        def listed(path):
            return [*threads(path), str(thread.native_id)]

        measured = module.Service.__new__(module.Service)
        measured._process = types.SimpleNamespace(pid=os.getpid())
        with unittest.mock.patch.object(module.os, "listdir", listed):
            measured.confine_to(min(os.sched_getaffinity(0)))
            self.assertGreaterEqual(measured.wake_ups(), 0)
        self.assertEqual(len(os.sched_getaffinity(0)), 1)


if __name__ == "__main__":
    harness.main()
