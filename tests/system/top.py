"""`sluicectl top` in a real terminal."""

import shlex
import shutil
import subprocess
import sys

import harness
import looking


class Top(looking.Case):
    def setUp(self):
        super().setUp()
        if not shutil.which("tmux"):
            sys.exit(harness.SKIPPED)
        self.server = str(self.folder / "tmux")

    def tmux(self, *words):
        return subprocess.run(["tmux", "-S", self.server, "-f", "/dev/null", *words],
                              capture_output=True, text=True, check=True,
                              timeout=harness.ANSWER_SECONDS_MAX).stdout

    def open_top(self, service, columns, lines):
        command = shlex.join([looking.SLUICECTL,
                              f"--socket={looking.socket_of(service)}", "top"])
        self.tmux("new-session", "-d", "-x", str(columns), "-y", str(lines),
                  f"{command}; echo ended; sleep 60")
        self.addCleanup(self.tmux, "kill-server")

    def screen(self):
        return self.tmux("capture-pane", "-p").splitlines()

    def comes(self, condition):
        return harness.wait_until(lambda: condition(self.screen()))

    def watch_it(self, columns, lines):
        service = self.start()
        service.post_text("/v1/logs/app", "a line\n")
        self.open_top(service, columns, lines)
        self.assertTrue(self.comes(lambda x: len(x) > 1 and x[1].startswith("ACTOR")),
                        self.screen())
        shown = self.screen()
        self.assertLessEqual(max(map(len, shown)), columns)
        self.assertLessEqual(len(shown), lines)
        self.assertIn("by work", shown[0])
        self.assertTrue(any(x.startswith("log-writer ") for x in shown), shown)
        self.tmux("send-keys", "m")
        self.assertTrue(self.comes(lambda x: "by mailbox" in x[0]), self.screen())
        return service

    def test_eighty_columns_and_resizing(self):
        self.watch_it(80, 24)
        self.tmux("resize-window", "-x", "120", "-y", "30")
        self.assertTrue(self.comes(lambda x: max(map(len, x)) > 80), self.screen())
        self.tmux("send-keys", "q")
        self.assertTrue(self.comes(lambda x: "ended" in x), self.screen())

    def test_two_hundred_columns_show_the_state(self):
        self.watch_it(200, 50)
        self.assertTrue(self.comes(
            lambda x: any("bufferedLines=" in line for line in x)), self.screen())

    def test_a_service_that_ends_is_told_and_found_again(self):
        service = self.watch_it(200, 50)
        service.stop()
        self.assertTrue(self.comes(lambda x: "does sluiced run" in x[0]), self.screen())
        self.start()
        self.assertTrue(self.comes(lambda x: "actors, " in x[0]), self.screen())

    def test_plain_where_nobody_looks(self):
        lines = self.tell(self.start(), "top").splitlines()
        self.assertIn("actors, ", lines[0])
        self.assertTrue(lines[1].startswith("ACTOR"))
        self.assertNotIn("\x1b", "".join(lines))


if __name__ == "__main__":
    harness.main()
