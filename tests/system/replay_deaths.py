"""A record of the spool that the service dies of, start for start, is set aside by the
third: kept for a person to look at, told, and no longer in anybody's way."""

import json
import signal

import harness
from proof.trouble import TroubleCase

SLOW = ("--log.flush-interval=1h", "--session.debounce=1h", "--sqlite.queue-interval=1h")


class ReplayDeaths(TroubleCase):
    def dies(self, path, text, *options):
        """A start that is killed as it writes the text to such a file."""
        service = self.launch(*SLOW, *options, env=harness.preloaded(
            "die_at", DIE_AT_PATH=path, DIE_AT_TEXT=text))
        self.assertEqual(service.wait(), -signal.SIGKILL, service.log())

    def start_that_lives(self, path, text):
        """The same, if it does not write that any more."""
        return self.start(*SLOW, env=harness.preloaded(
            "die_at", DIE_AT_PATH=path, DIE_AT_TEXT=text))

    def kept(self, name):
        lines = (self.data / name).read_text().splitlines()
        return [json.loads(line) for line in lines]

    def test_lines_that_a_start_dies_of_are_set_aside_by_the_third(self):
        service = self.start(*SLOW)
        for line in ("a\nb\n", "c\n", "the fatal one\nand its end\n", "d\n", "e\n"):
            self.assert_status(service.post_text("/v1/logs/app", line), 202)
        self.assert_status(service.post_text("/v1/logs/other", "x\n"), 202)
        self.assert_status(
            self.queue(service, "CREATE TABLE t (x)"), 202)
        service.kill()
        self.dies("app.log", "fatal")
        self.dies("app.log", "fatal")
        third = self.start_that_lives("app.log", "fatal")
        self.assertTrue(third.comes_to_hold("app", b"a\nb\nc\nd\ne\n"))
        self.assertTrue(third.comes_to_hold("other", b"x\n"))
        self.assert_rows(third, "t", [])
        aside, = self.kept("logs/set-aside.ndjson")
        self.assertEqual(bytes.fromhex(aside.pop("data")),
                         b"the fatal one\nand its end\n")
        self.assertEqual((aside["log"], aside["lastSeq"], aside["count"]), ("app", 5, 2))
        self.assert_alert(third, "log-record-set-aside")
        troubles = third.get("/health").json["troubles"]
        self.assertEqual(troubles["log-records-set-aside"], 1)
        third.kill()
        fourth = self.start(*SLOW)
        self.assertTrue(fourth.comes_to_hold("app", b"a\nb\nc\nd\ne\n"))
        self.assertEqual(len(self.kept("logs/set-aside.ndjson")), 1)
        self.assert_green(fourth)

    def test_queued_sql_that_a_start_dies_of_is_set_aside_by_the_third(self):
        service = self.start(*SLOW)
        self.assert_ok(service.execute("CREATE TABLE t (x)"))
        self.assert_status(service.post("/v1/db/flush"), 200)
        for x in ("a", "b", "fatal", "c"):
            self.assert_ok(self.queue(service, "INSERT INTO t VALUES (?)", x))
        self.assert_status(service.post_text("/v1/logs/app", "line\n"), 202)
        service.kill()
        self.dies("sluice.db", "fatal")
        self.dies("sluice.db", "fatal")
        third = self.start_that_lives("sluice.db", "fatal")
        self.assert_rows(third, "t", ["a", "b", "c"])
        self.assertTrue(third.comes_to_hold("app", b"line\n"))
        letter, = self.kept("dead-letter.ndjson")
        self.assertEqual(letter["params"], ["fatal"])
        self.assert_alert(third, "sql-dead-letters")

    def test_one_death_sets_nothing_aside(self):
        service = self.start(*SLOW)
        for line in ("a\n", "fatal\n", "b\n"):
            self.assert_status(service.post_text("/v1/logs/app", line), 202)
        service.kill()
        self.dies("app.log", "fatal")
        second = self.start(*SLOW)
        self.assertTrue(second.comes_to_hold("app", b"a\nfatal\nb\n"))
        self.assert_green(second)


if __name__ == "__main__":
    harness.main()
