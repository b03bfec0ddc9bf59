"""Database files that somebody deletes, replaces or writes over under a running service:
no answer promises more than the file that is there now holds, and nothing is lost that
the open files still held."""

import contextlib
import os
import shutil
import sqlite3

import harness
from proof import trouble

ALERT = "database-file-replaced"


class Files(trouble.TroubleCase):
    @property
    def file(self):
        return self.data / "sluice.db"

    def beside(self, suffix):
        return self.data / f"sluice.db{suffix}"

    def insert(self, service, value, level="disk"):
        body = {"sql": "INSERT INTO t (x) VALUES (?)", "params": [value]}
        answer = service.post(f"/v1/db/execute?durability={level}", body)
        self.assertEqual(self.assert_status(answer, 200).json["durability"], level)

    def start_with_rows(self, *options, backup=True):
        """A service whose database holds "a", as a backup does, and "b"."""
        service = self.start(*options)
        self.assert_status(
            service.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, x)"), 200)
        self.insert(service, "a")
        if backup:
            self.checkpoint(service)
            shutil.copyfile(self.file, self.folder / "backup.db")
        self.insert(service, "b")
        return service

    def checkpoint(self, service):
        answer = service.post("/v1/db/checkpoint", {"mode": "truncate"})
        self.assertFalse(self.assert_status(answer, 200).json["busy"])

    def rows(self, service):
        answer = self.assert_status(service.query("SELECT x FROM t ORDER BY id"), 200)
        return [x for (x,) in answer.json["rows"]]

    def rows_of(self, path):
        with contextlib.closing(sqlite3.connect(path)) as file:
            return [x for (x,) in file.execute("SELECT x FROM t ORDER BY id")]

    def saved(self):
        return sorted(each.name for each in self.data.glob("sluice.db*replaced-*"))

    def assert_kept(self, service, values):
        """They are there, and after a crash as well."""
        self.assertEqual(self.rows(service), values)
        service.kill()
        again = self.start()
        self.assertEqual(self.rows(again), values)
        check = again.post("/v1/db/integrity-check")
        self.assertTrue(check.json["ok"], check.body)
        return again

    # -- beside the database -------------------------------------------------------

    def test_a_wal_that_was_deleted_loses_nothing(self):
        for names in (("-wal", "-shm"), ("-wal",), ("-shm",)):
            with self.subTest(names):
                self.setUp()
                service = self.start_with_rows()
                for name in names:
                    self.beside(name).unlink()
                self.insert(service, "c")
                self.assert_alert(service, ALERT)
                self.assert_counted(service, ALERT)
                self.assert_kept(service, ["a", "b", "c"])

    def test_a_wal_that_was_deleted_is_noticed_by_a_query_and_by_health(self):
        service = self.start_with_rows()
        self.beside("-wal").unlink()
        self.assertEqual(self.rows(service), ["a", "b"])
        self.assert_alert(service, ALERT)
        self.beside("-shm").unlink()
        self.assert_alert(service, ALERT)
        self.assertTrue(harness.wait_until(
            lambda: service.get("/health").json["troubles"].get(ALERT) == 2))
        self.assert_kept(service, ["a", "b"])

    def test_a_wal_that_was_cut_is_not_written_on(self):
        service = self.start_with_rows()
        os.truncate(self.beside("-wal"), 0)
        self.insert(service, "c")
        self.assert_alert(service, ALERT)
        self.assert_kept(service, ["a", "c"])

    # -- another database ----------------------------------------------------------

    def test_a_backup_that_took_the_place_is_written_on_and_the_old_one_is_saved(self):
        service = self.start_with_rows()
        os.replace(self.folder / "backup.db", self.file)
        self.insert(service, "c")
        self.assert_alert(service, ALERT)
        self.assertEqual(self.saved(), ["sluice.db.replaced-1"])
        self.assertEqual(self.rows_of(self.beside(".replaced-1")), ["a", "b"])
        again = self.assert_kept(service, ["a", "c"])
        self.assertIn(ALERT, trouble.alerts(again))
        self.beside(".replaced-1").unlink()
        self.assertNotIn(ALERT, trouble.alerts(again))

    def test_a_backup_that_was_copied_over_is_written_on(self):
        for more in (False, True):
            with self.subTest(checkpoint=more):
                self.setUp()
                service = self.start_with_rows()
                self.checkpoint(service)
                if more:
                    self.insert(service, "c")
                shutil.copyfile(self.folder / "backup.db", self.file)
                self.insert(service, "d")
                self.assert_alert(service, ALERT)
                self.assertEqual(self.saved(),
                                 ["sluice.db-wal.replaced-1"] if more else [])
                self.assert_kept(service, ["a", "d"])

    def test_queries_see_the_backup_that_took_the_place(self):
        service = self.start_with_rows()
        self.assertEqual(self.rows(service), ["a", "b"])
        os.replace(self.folder / "backup.db", self.file)
        self.assertEqual(self.rows(service), ["a"])
        self.assert_alert(service, ALERT)

    def test_a_database_that_was_deleted_is_begun_anew_and_saved(self):
        for names in (("",), ("", "-wal", "-shm")):
            with self.subTest(names):
                self.setUp()
                service = self.start_with_rows(backup=False)
                for name in names:
                    self.beside(name).unlink()
                problem = service.execute("INSERT INTO t (x) VALUES ('c')")
                self.assertIn("no such table",
                              self.assert_problem(problem, 422).json["detail"])
                self.assertEqual(self.rows_of(self.beside(".replaced-1")), ["a", "b"])
                self.assert_status(
                    service.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, x)"), 200)
                self.insert(service, "d")
                self.assert_alert(service, ALERT)
                self.assert_kept(service, ["d"])

    def test_a_database_that_was_replaced_unnoticed_is_saved_at_the_end(self):
        service = self.start_with_rows()
        os.replace(self.folder / "backup.db", self.file)
        self.assert_clean_exit(service)
        self.assertEqual(self.rows_of(self.beside(".replaced-1")), ["a", "b"])
        self.assertEqual(self.rows(self.start()), ["a"])

    def test_without_a_wal_the_files_are_known_as_well(self):
        service = self.start_with_rows("--sqlite.wal=false", backup=False)
        shutil.copyfile(self.file, self.folder / "backup.db")
        self.insert(service, "c")
        os.replace(self.folder / "backup.db", self.file)
        self.insert(service, "d")
        self.assert_alert(service, ALERT)
        self.assertEqual(self.rows_of(self.beside(".replaced-1")), ["a", "b", "c"])
        self.assertEqual(self.rows(service), ["a", "b", "d"])

    def test_a_directory_that_is_away_for_a_while_keeps_its_database(self):
        (self.folder / "db").mkdir()
        path = self.folder / "db" / "own.db"
        service = self.start_with_rows(f"--sqlite.path={path}", backup=False)
        os.rename(self.folder / "db", self.folder / "away")
        problem = service.execute("INSERT INTO t (x) VALUES ('c')")
        self.assertIn(str(path), self.assert_problem(problem, 503).json["detail"])
        self.assert_red(service)
        self.assertFalse(path.parent.exists())
        os.mkdir(self.folder / "db")  # as a mount point would be
        self.assert_problem(service.execute("INSERT INTO t (x) VALUES ('c')"), 503)
        self.assertEqual(list(path.parent.iterdir()), [])
        os.rmdir(self.folder / "db")
        os.rename(self.folder / "away", self.folder / "db")
        self.assertTrue(harness.wait_until(
            lambda: service.execute("INSERT INTO t (x) VALUES ('d')").status == 200, 30))
        self.assertEqual(self.rows(service), ["a", "b", "d"])

    # -- what is no replacement ----------------------------------------------------

    def test_what_others_do_through_sqlite_is_no_replacement(self):
        service = self.start_with_rows()
        for n in range(3):
            with contextlib.closing(sqlite3.connect(self.file)) as other:
                other.execute("INSERT INTO t (x) VALUES ('other')")
                other.commit()
                other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                other.execute("VACUUM")
            self.insert(service, "mine")
            self.checkpoint(service)
            os.utime(self.file)
            self.insert(service, "mine")
        self.assertEqual(self.rows(service), ["a", "b"] + 3 * ["other", "mine", "mine"])
        self.assert_counted(service, ALERT, 0)
        self.assertEqual(self.saved(), [])

    # -- the queue and the sessions --------------------------------------------------

    def queue_rows(self, service, *values):
        for value in values:
            self.assert_status(
                self.queue(service, "INSERT INTO t (x) VALUES (?)", value), 202)
        self.assert_status(service.post("/v1/db/flush"), 200)

    def test_queued_sql_goes_on_by_the_mark_of_the_backup(self):
        service = self.start_with_rows("--sqlite.queue-interval=1h", backup=False)
        self.queue_rows(service, 1, 2)
        self.checkpoint(service)
        shutil.copyfile(self.file, self.folder / "backup.db")
        self.queue_rows(service, 3, 4)
        os.replace(self.folder / "backup.db", self.file)
        self.queue_rows(service, 5)
        self.assertEqual(self.rows(service), ["a", "b", 1, 2, 3, 4, 5])
        self.assert_kept(service, ["a", "b", 1, 2, 3, 4, 5])

    def test_sessions_in_the_database_go_on_after_it_was_deleted(self):
        service = self.start("--session.backend=database", "--session.debounce=50ms")
        self.assert_ok(service.put("/v1/sessions/main/k", {"a": 1}))
        self.assert_ok(service.post("/v1/sessions/flush"))
        for name in ("", "-wal", "-shm"):
            self.beside(name).unlink()
        self.assert_ok(service.put("/v1/sessions/main/l", {"b": 2}))
        self.assertTrue(harness.wait_until(
            lambda: service.post("/v1/sessions/flush").status == 200))
        self.assertEqual(service.get("/v1/sessions/main/l").json, {"b": 2})
        service.kill()
        again = self.start("--session.backend=database")
        self.assertEqual(again.get("/v1/sessions/main/l").json, {"b": 2})


if __name__ == "__main__":
    harness.main()
