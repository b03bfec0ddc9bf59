"""Other users who are first: at the spool's place, at sockets, and with FIFOs and devices
where files are to be; and rights that let them in."""

import contextlib
import os
import pathlib
import shutil
import socket
import stat
import subprocess
import sys
import tempfile

import certifying
import harness
import looking

ANOTHER_USER = 65534
# Nobody runs anything as this one, so its place in /dev/shm is free; no other run of
# these tests does either.
OWN_USER = 100_000 + os.getpid() % 100_000
OWN_BASE = pathlib.Path(f"/dev/shm/sluice-{OWN_USER}")
AS_OWN_USER = ("setpriv", f"--reuid={OWN_USER}", f"--regid={OWN_USER}", "--clear-groups")
SECONDS_MAX = 20


class Case(looking.Case):
    def setUp(self):
        super().setUp()
        if os.geteuid() != 0:
            sys.exit(harness.SKIPPED)

    def squat(self, path, kind):
        """Another user's file, folder, FIFO, link, socket or device of that path."""
        if kind == "folder":
            path.mkdir(0o755)
        elif kind == "file":
            path.write_text("")
        elif kind == "FIFO":
            os.mkfifo(path)
        elif kind == "link":
            path.symlink_to("/dev/zero")
        elif kind == "socket":
            with socket.socket(socket.AF_UNIX) as made:
                made.bind(str(path))
        elif kind == "device":
            os.mknod(path, stat.S_IFCHR | 0o666, os.makedev(1, 5))
        os.chown(path, ANOTHER_USER, ANOTHER_USER, follow_symlinks=False)


class Bases(Case):
    """As a user whose place in /dev/shm another may have."""

    def setUp(self):
        super().setUp()
        self.remove_bases()
        self.addCleanup(self.remove_bases)
        self.folder.chmod(0o755)
        self.data.mkdir()
        os.chown(self.data, OWN_USER, OWN_USER)

    def remove_bases(self):
        for each in OWN_BASE.parent.glob(OWN_BASE.name + "*"):
            if each.is_dir() and not each.is_symlink():
                shutil.rmtree(each)
            else:
                each.unlink()

    def launch(self, *options, **more):
        return super().launch(*options, before=AS_OWN_USER,
                              env={"XDG_RUNTIME_DIR": "none"}, **more)

    def spool(self):
        return pathlib.Path((self.data / "spool-location").read_text().strip())

    def leave_a_line(self, service):
        answer = service.post_text("/v1/logs/app", "a line\n")
        self.assertEqual(self.assert_ok(answer).json["durability"], "ram")
        service.kill()

    def test_a_place_that_another_has_is_gone_around_and_found_again(self):
        for kind in ("folder", "file", "FIFO", "link", "socket", "device"):
            with self.subTest(kind):
                self.remove_bases()
                shutil.rmtree(self.data)
                self.data.mkdir()
                os.chown(self.data, OWN_USER, OWN_USER)
                self.squat(OWN_BASE, kind)
                service = self.start("--log.flush-interval=1h")
                self.assertEqual(service.log().count("\n"), 2, service.log())
                service.wait_for(rf"spool-elsewhere {OWN_BASE} is another user's")
                place = self.spool()
                self.assertRegex(str(place.parent), rf"^{OWN_BASE}-[0-9a-f]{{16}}$")
                self.assertEqual(stat.S_IMODE(place.parent.stat().st_mode), 0o700)
                self.leave_a_line(service)
                again = self.start("--log.flush-interval=1h")
                self.assertEqual((self.spool(), again.log_file("app")),
                                 (place, b"a line\n"))
                self.assert_clean_exit(again)

    def test_a_second_data_directory_shares_the_further_place(self):
        self.squat(OWN_BASE, "folder")
        self.start()
        place = self.spool()
        self.data = self.folder / "other"
        self.data.mkdir()
        os.chown(self.data, OWN_USER, OWN_USER)
        self.start()
        self.assertEqual(self.spool().parent, place.parent)

    def test_once_the_other_is_gone_what_lies_elsewhere_is_brought_to_disk(self):
        self.squat(OWN_BASE, "folder")
        self.leave_a_line(self.start("--log.flush-interval=1h"))
        OWN_BASE.rmdir()
        again = self.start()
        self.assertEqual((self.spool().parent, again.log_file("app")),
                         (OWN_BASE, b"a line\n"))

    def test_a_place_remembered_that_another_has_by_now_holds_nothing_of_ours(self):
        self.assert_clean_exit(self.start())
        place = self.spool()
        self.remove_bases()
        for mode in (0o700, 0o755):
            with self.subTest(oct(mode)):
                self.squat(OWN_BASE, "folder")
                place.mkdir(0o755)
                (place / "header").write_text("a trap")
                OWN_BASE.chmod(mode)
                service = self.start()
                self.assertNotEqual(self.spool(), place)
                self.assert_clean_exit(service)
                (self.data / "spool-location").write_text(f"{place}\n")
                self.remove_bases()

    def test_sluicectl_finds_the_service_in_the_further_place(self):
        self.squat(OWN_BASE, "folder")
        service = self.start()
        done = subprocess.run([*AS_OWN_USER, os.path.abspath(looking.SLUICECTL),
                               "status"], cwd="/",
                              capture_output=True, text=True, check=False,
                              env={"XDG_RUNTIME_DIR": "none"}, timeout=SECONDS_MAX)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(str(service.pid), done.stdout)


class Files(Case):
    """Something else where a file is to be."""

    KINDS = ("FIFO", "folder", "link", "socket", "device")

    def prepared(self):
        """A data directory that has been used, and what its spool holds still."""
        shutil.rmtree(self.data, ignore_errors=True)
        service = self.start("--log.flush-interval=1h", "--session.debounce=1h")
        self.assert_ok(service.post_text("/v1/logs/app?durability=disk", "a line\n"))
        self.assert_ok(service.put("/v1/sessions/main/a?durability=disk", {"n": 1}))
        self.assert_ok(service.execute("CREATE TABLE t (x)"))
        self.assert_ok(service.post_text("/v1/logs/app", "another\n"))
        service.kill()
        spool = pathlib.Path((self.data / "spool-location").read_text().strip())
        (spool / "introspection.sock").unlink()
        return spool

    def put_in_place(self, path, kind):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
        self.squat(path, kind)

    @contextlib.contextmanager
    def squatted(self, path, kind, *kept):
        """Something else there; afterwards these directories are as they were."""
        with (self.subTest(f"{kind} at {path.name}"),
              tempfile.TemporaryDirectory() as kept_in):
            for i, each in enumerate(kept):
                shutil.copytree(each, f"{kept_in}/{i}")
            try:
                self.put_in_place(path, kind)
                yield
            finally:
                for i, each in enumerate(kept):
                    shutil.rmtree(each, ignore_errors=True)
                    shutil.copytree(f"{kept_in}/{i}", each)

    def assert_answers(self, path, kind):
        """It serves, or says in one line what is there and ends; it never hangs."""
        service = self.launch()
        self.assertTrue(harness.wait_until(
            lambda: service.process.poll() is not None
            or harness.READY.search(service.log()), SECONDS_MAX), (path, kind))
        if service.process.poll() is None:
            service.address = harness.READY.search(service.log())[1]
            service.get("/health")
            service.kill()
            return
        told = service.log().splitlines()
        self.assertIn(service.process.returncode, (1, 2, 3), told)
        self.assertTrue([x for x in told if path.name in x], told)

    def test_what_is_no_file_holds_up_no_start(self):
        spool = self.prepared()
        places = [self.data / x for x in
                  ("id", "lock", "spool-location", "alerts", "sluice.db",
                   "sluice.db-wal", "logs/app.log", "dead-letter.ndjson", "id.new",
                   "spool-location.new", "sessions/set-aside.ndjson")]
        places += [spool / "header", *spool.glob("*.segment")][:2]
        places += [*(self.data / "sessions").glob("main.*")]
        self.assertGreater(len(places), 12, places)
        for path in places:
            for kind in self.KINDS:
                with self.squatted(path, kind, self.data, spool):
                    self.assert_answers(path, kind)

    def test_what_is_no_file_holds_up_no_look_into_a_spool(self):
        spool = self.prepared()
        for path in (self.data / "id", self.data / "spool-location", spool / "header",
                     next(spool.glob("*.segment"))):
            for kind in self.KINDS:
                with self.squatted(path, kind, self.data, spool):
                    for where in (spool, self.data):
                        # One that hangs is an error of this.
                        looking.ctl("spool", str(where))

    def test_what_is_told_of_it_is_what_is_there(self):
        self.prepared()
        for kind, words in (("FIFO", "a FIFO"), ("folder", "a directory"),
                            ("link", "a symbolic link"), ("socket", "a socket"),
                            ("device", "a device")):
            for name in ("id", "lock", "spool-location"):
                path = self.data / name
                kept = path.read_bytes()
                self.put_in_place(path, kind)
                code, log = self.refusal()
                self.assertIn(code, (2, 3), log)
                self.assertEqual(log.count("\n"), 1, log)
                self.assertIn(f"{path} is {words}, no file: move it away", log)
                self.put_in_place(path, "file")
                path.write_bytes(kept)

    def test_files_that_settings_name_are_files(self):
        fifo = self.folder / "fifo"
        os.mkfifo(fifo, 0o600)
        for options in ((f"--config-file={fifo}",), (f"--http.token-file={fifo}",),
                        (f"--http.certificate={fifo}", f"--http.key={fifo}"),
                        ("--config-file=/dev/zero",), ("--http.token-file=/dev/zero",)):
            code, log = self.refusal(*options)
            self.assertEqual((code, log.count("\n")), (2, 1), log)
            self.assertIn("no file: move it away", log)


class Rights(Case):
    """What is refused with a line that says the chmod."""

    def assert_told(self, path, how, code, *options):
        found, log = self.refusal(*options)
        self.assertEqual((found, log.count("\n")), (code, 1), log)
        self.assertIn(f"chmod {how} {path}", log)

    def test_a_token_that_everybody_may_read_is_refused(self):
        token = self.folder / "token"
        token.write_text("s3cret")
        for mode in (0o644, 0o604, 0o602):
            token.chmod(mode)
            self.assert_told(token, "o-rwx", 2, f"--http.token-file={token}")
        token.chmod(0o640)
        self.start(f"--http.token-file={token}")

    def test_a_key_that_everybody_may_read_is_refused(self):
        pair = certifying.Authority(self.folder).issue("localhost")
        pair.key.chmod(0o644)
        self.assert_told(pair.key, "o-rwx", 2, f"--http.certificate={pair.certificate}",
                         f"--http.key={pair.key}")

    def test_a_spool_that_a_group_may_write_is_refused(self):
        self.start().kill()
        spool = pathlib.Path((self.data / "spool-location").read_text().strip())
        for mode in (0o770, 0o702):
            spool.chmod(mode)
            self.assert_told(spool, "go-w", 3)
        spool.chmod(0o700)
        self.start()

    def test_a_data_directory_that_everybody_may_write_is_refused(self):
        self.start().kill()
        for path in (self.data, self.data / "logs", self.data / "sessions"):
            path.mkdir(exist_ok=True)
            path.chmod(0o777)
            self.assert_told(path, "o-w", 2)
            path.chmod(0o775)
        self.start()


class Sockets(Case):
    def listen(self, path, uid):
        """Another user's process that listens there, and writes to whoever comes."""
        code = ("import os, socket, sys\n"
                "os.setgid(int(sys.argv[2])); os.setuid(int(sys.argv[2]))\n"
                "s = socket.socket(socket.AF_UNIX); s.bind(sys.argv[1]); s.listen()\n"
                "print(flush=True)\n"
                "while True:\n"
                "    peer, _ = s.accept(); peer.sendall(b'\\x1b[2J')\n")
        other = subprocess.Popen([sys.executable, "-c", code, str(path), str(uid)],
                                 stdout=subprocess.PIPE)
        self.addCleanup(other.stdout.close)
        self.addCleanup(other.wait)
        self.addCleanup(other.kill)
        other.stdout.readline()

    def test_root_asks_no_service_of_another_users(self):
        folder = self.make_folder()
        folder.chmod(0o777)
        place = folder / "socket"
        self.listen(place, ANOTHER_USER)
        done = looking.ctl(f"--socket={place}", "status")
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
        self.assertIn(f"uid {ANOTHER_USER}", done.stderr)
        self.assertIn("sudo -u", done.stderr)

    def test_a_socket_that_was_given_to_root_is_still_another_users(self):
        folder = self.make_folder()
        folder.chmod(0o777)
        place = folder / "socket"
        self.listen(place, ANOTHER_USER)
        os.chown(place, 0, 0)
        done = looking.ctl(f"--socket={place}", "status")
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn(f"uid {ANOTHER_USER}", done.stderr)

    def test_a_socket_planted_where_root_works_is_not_asked(self):
        folder = self.make_folder()
        folder.chmod(0o777)
        (folder / "var").mkdir()
        (folder / "var").chmod(0o777)
        self.listen(folder / "var" / "introspection.sock", ANOTHER_USER)
        done = subprocess.run([os.path.abspath(looking.SLUICECTL), "status"], cwd=folder,
                              capture_output=True, text=True, check=False,
                              timeout=SECONDS_MAX)
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("not trusted", done.stderr)


if __name__ == "__main__":
    harness.main()
