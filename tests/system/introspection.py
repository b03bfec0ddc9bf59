"""Looking into a running service with sluicectl, and touching it."""

import json
import os
import signal
import stat
import subprocess

import harness
import looking
from proof.vestiges import connected


class Looking(looking.Case):
    def test_the_ready_line_names_a_socket_for_this_user_alone(self):
        service = self.start()
        found = os.stat(looking.socket_of(service))
        self.assertTrue(stat.S_ISSOCK(found.st_mode))
        self.assertEqual(stat.S_IMODE(found.st_mode), 0o600)
        path = looking.socket_of(service)
        self.assert_clean_exit(service)
        self.assertFalse(os.path.exists(path))

    def test_a_socket_of_ones_own_choice(self):
        path = self.runtime / "here.sock"
        service = self.start(f"--introspection.socket={path}")
        self.assertEqual(looking.socket_of(service), str(path))
        self.assertEqual(self.ask(service, "status")["version"],
                         looking.ctl("--version").stdout.split()[1])

    def test_a_path_that_can_be_no_socket_stops_the_start(self):
        taken = self.folder / "file"
        taken.write_text("precious")
        code, log = self.refusal(f"--introspection.socket={taken}")
        self.assertEqual(code, 2, log)
        self.assertIn("introspection.socket", log)
        self.assertEqual(taken.read_text(), "precious")
        code, log = self.refusal("--introspection.socket=/tmp/" + "x" * 200)
        self.assertEqual(code, 2, log)
        self.assertIn("107", log)

    def test_actors_are_those_that_http_shows(self):
        service = self.start()
        service.post_text("/v1/logs/app", "a line\n")
        told = self.ask(service, "actors")
        shown = service.get("/v1/actors").json
        names = [(x["name"], x["key"], x["id"]) for x in told]
        self.assertEqual(names, [(x["name"], x["key"], x["id"]) for x in shown])
        self.assertEqual(set(told[0]), set(shown[0]))
        buffer = next(x for x in told if x["name"] == "log-buffer")
        self.assertEqual(buffer["state"]["bufferedLines"], 1)

    def test_the_tree_shows_who_started_whom(self):
        lines = self.tell(self.start(), "actors").splitlines()
        self.assertTrue(lines[0].startswith("ACTOR"), lines[0])
        self.assertTrue(any(x.startswith("supervisor ") for x in lines))
        self.assertTrue(any(x.startswith("  log-writer ") for x in lines))

    def test_stats_are_the_objects_of_their_get(self):
        service = self.start("--log.flush-interval=1h")
        service.post_text("/v1/logs/app", "a line\n")
        service.put("/v1/sessions/main/one", {"a": 1})
        self.assertEqual(self.ask(service, "stats", "log"),
                         service.get("/v1/logs").json)
        self.assertEqual(self.ask(service, "stats", "websocket"),
                         service.get("/v1/connections").json)
        for what, path in (("session", "/v1/sessions"), ("database", "/v1/db/metrics"),
                           ("metrics", "/v1/metrics/snapshot")):
            self.assertEqual(set(self.ask(service, "stats", what)),
                             set(service.get(path).json), what)
        for what in ("log", "session", "database", "websocket", "metrics"):
            self.assertNotIn("{", self.tell(service, "stats", what))

    def test_status_and_history_are_those_of_http(self):
        service = self.start("--metrics.window=1s")
        told = self.ask(service, "status")
        self.assertLessEqual(set(service.get("/health").json), set(told))
        self.assertEqual((told["status"], told["pid"]), ("ok", service.pid))
        self.assertTrue(harness.wait_until(lambda: self.ask(service, "history")))
        self.assertEqual(set(self.ask(service, "history")[0]),
                         set(service.get("/v1/metrics/history").json[0]))
        self.assertIn("disk MB/min", self.tell(service, "history"))
        self.assertIn("ok", self.tell(service, "status"))

    def test_a_flush_brings_lines_to_their_file(self):
        service = self.start("--log.flush-interval=1h", "--session.debounce=1h")
        service.post_text("/v1/logs/app", "a line\n")
        service.put("/v1/sessions/main/one", {"a": 1})
        self.assertEqual(self.ask(service, "flush", "logs"), {"flushed": 1})
        self.assertEqual(service.log_file("app"), b"a line\n")
        self.assertEqual(self.ask(service, "flush"), {"flushed": 1})
        self.assertEqual(self.ask(service, "flush", "all"), {"flushed": 0})

    def test_a_checkpoint_empties_the_wal(self):
        service = self.start()
        service.execute("CREATE TABLE t(x)")
        told = self.ask(service, "checkpoint", "truncate")
        self.assertEqual((told["busy"], told["walBytes"]), (False, 0))
        self.assertIn("frames", self.tell(service, "checkpoint"))


class Settings(looking.Case):
    def test_get_tells_where_a_value_comes_from(self):
        service = self.start("--log.max-entries=7")
        self.assertEqual(self.ask(service, "get", "log.max-entries"),
                         {"key": "log.max-entries", "value": 7,
                          "source": "command-line", "live": True})
        self.assertEqual(self.ask(service, "get"), service.get("/v1/config").json)
        self.refused(service, "no setting", "get", "log.nothing")

    def test_set_takes_effect_at_the_next_window(self):
        service = self.start("--log.flush-interval=1h", "--adaptive=false")
        service.post_text("/v1/logs/app", "one\n")
        told = self.ask(service, "set", "log.max-entries", "2")
        self.assertEqual(told, {"key": "log.max-entries", "value": 2, "source": "set",
                                "live": True})
        service.post_text("/v1/logs/app", "two\n")
        self.assertTrue(service.comes_to_hold("app", b"one\ntwo\n"))
        self.assertEqual(service.get("/v1/config").json["log.max-entries"],
                         {"value": 2, "source": "set", "live": True})
        service.wait_for(r"setting-changed sluicectl of \S+.* set log\.max-entries to 2")
        self.ask(service, "set", "log.flush-interval", "50ms")
        service.post_text("/v1/logs/later", "three\n")
        self.assertTrue(service.comes_to_hold("later", b"three\n"))

    def test_a_bad_value_changes_nothing(self):
        service = self.start()
        before = service.get("/v1/config").json
        self.refused(service, "allowed", "set", "log.max-entries", "none")
        self.refused(service, "log.nothing", "set", "log.nothing", "1")
        self.refused(service, "cannot be changed", "set", "http.port", "1")
        self.assertEqual(service.get("/v1/config").json, before)


class Trouble(looking.Case):
    def test_a_restarted_actor_is_back_with_its_data(self):
        service = self.start("--log.flush-interval=1h", "--adaptive=false")
        service.post_text("/v1/logs/app", "a line\n")
        self.assertEqual(self.ask(service, "restart", "log-buffer/app"),
                         {"restarted": "log-buffer app"})

        def is_back():
            return [x for x in self.ask(service, "actors")
                    if x["name"] == "log-buffer" and x["restarts"] == 1]
        self.assertTrue(harness.wait_until(is_back))
        self.ask(service, "flush", "logs")
        self.assertEqual(service.log_file("app"), b"a line\n")
        self.refused(service, "no actor", "restart", "nobody")
        self.refused(service, "outlives", "restart", "directory")

    def test_an_alert_that_stands_ends_when_it_is_acknowledged(self):
        self.assert_clean_exit(self.start())
        (self.data / "alerts").write_text("spool-lost-with-data 1 it is gone\n")
        service = self.start()

        def standing():
            return [x["id"] for x in service.get("/health").json["alerts"]]
        self.assertEqual(standing(), ["spool-lost-with-data"])
        self.refused(service, "no alert", "acknowledge", "spool-lost")
        self.assertEqual(self.ask(service, "acknowledge", "spool-lost-with-data"),
                         {"acknowledged": "spool-lost-with-data"})
        self.assertEqual(standing(), [])

    def test_restarts_have_a_bound_and_then_the_service_ends_drained(self):
        service = self.start("--supervisor.restarts=2", "--log.flush-interval=1h")
        service.post_text("/v1/logs/app", "a line\n")
        for n in (1, 2):
            self.ask(service, "restart", "log-buffer/app")
            self.assertTrue(harness.wait_until(lambda n=n: any(
                x["name"] == "log-buffer" and x["restarts"] == n
                for x in service.get("/v1/actors").json)))
        self.run_ctl(service, "restart", "log-buffer/app")
        self.assertEqual(service.wait(), 1, service.log())
        self.assertRegex(service.log(), r"critical ruined log-buffer")
        # What it could not bring to the file itself the next start does.
        self.start()
        self.assertEqual((self.data / "logs" / "app.log").read_bytes(), b"a line\n")

    def test_who_comes_in_while_the_introspection_is_started_anew_is_let_go(self):
        service = self.start("--supervisor.restarts=1000")
        # One comes in as the door of the one before is closed.
        for _ in range(30):
            self.run_ctl(service, "restart", "introspection")
        self.assertTrue(harness.wait_until(lambda: not connected(service)))
        self.assertTrue(harness.wait_until(
            lambda: self.run_ctl(service, "status").returncode == 0))

    def test_the_introspection_is_back_after_its_death(self):
        service = self.start()
        self.ask(service, "restart", "introspection")

        def is_back():
            done = looking.ctl("--json", f"--socket={looking.socket_of(service)}",
                               "actors")
            return done.returncode == 0 and any(
                x["name"] == "introspection" and x["restarts"] == 1
                for x in json.loads(done.stdout))
        self.assertTrue(harness.wait_until(is_back))

    def test_who_asks_a_service_that_dies_is_told_at_once(self):
        service = self.start("--sqlite.query-timeout=60s")
        asked = self.ask_while_it_works(service, f"--socket={looking.socket_of(service)}")
        service.kill()
        _, told = asked.communicate(timeout=harness.ANSWER_SECONDS_MAX)
        self.assertEqual((asked.returncode, told.count("\n")), (1, 1), told)
        self.assertIn("has ended", told)

    def test_watch_tells_restarts_and_checkpoints(self):
        service = self.start()
        with subprocess.Popen(
                [looking.SLUICECTL, f"--socket={looking.socket_of(service)}", "--json",
                 "watch"], stdout=subprocess.PIPE, text=True) as watch:
            self.addCleanup(watch.kill)
            self.assertEqual(json.loads(watch.stdout.readline())["event"], "watching")
            self.ask(service, "restart", "topic-hub")
            told = json.loads(watch.stdout.readline())
            self.assertEqual((told["event"], told["who"]), ("restart", "topic-hub"))
            service.execute("CREATE TABLE t(x)")
            self.ask(service, "checkpoint")
            self.assertEqual(json.loads(watch.stdout.readline())["event"], "checkpoint")
            watch.send_signal(signal.SIGTERM)

    def test_who_cannot_be_reached_is_one_line(self):
        done = looking.ctl(f"--socket={self.folder}/none", "status")
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertEqual(done.stderr.count("\n"), 1)
        self.assertIn("does sluiced run", done.stderr)

    def test_of_several_services_the_sockets_are_told(self):
        first = self.start()
        self.data = self.folder / "other"
        second = self.start()
        asked = {"env": {**harness.ENVIRONMENT, "XDG_RUNTIME_DIR": str(self.runtime)},
                 "cwd": self.folder, "capture_output": True, "text": True,
                 "check": False}
        words = (os.path.abspath(looking.SLUICECTL), "status")
        done = subprocess.run(words, **asked)
        self.assertEqual((done.returncode, done.stderr.count("\n")), (1, 1), done.stderr)
        for service in (first, second):
            self.assertIn(f"--socket={looking.socket_of(service)}", done.stderr)
        # A dead one's socket is still there, and is not meant. The machine may have
        # services of its own, which are.
        first.kill()
        done = subprocess.run(words, **asked)
        self.assertNotIn(looking.socket_of(first), done.stderr)
        if done.returncode != 0:
            self.assertIn(looking.socket_of(second), done.stderr)
        self.assert_clean_exit(second)

    def test_one_question_after_the_other_is_answered(self):
        service = self.start()
        for _ in range(100):
            self.ask(service, "get", "data-dir")

    def test_wrong_questions_are_usage(self):
        for words in ((), ("nothing",), ("stats",), ("stats", "all"), ("set", "x"),
                      ("flush", "nothing"), ("--nothing", "status"), ("status", "x")):
            done = looking.ctl(*words)
            self.assertEqual((done.returncode, done.stdout), (2, ""), words)
            self.assertIn("usage: sluicectl", done.stderr)


if __name__ == "__main__":
    harness.main()
