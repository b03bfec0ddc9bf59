"""Whose the files are: what umask leaves of files.mode, and what is private whatever it
says."""

import stat

import harness

# Not data: theirs alone who run the service.
PRIVATE = {"alerts", "id", "lock", "spool-location"}


def with_umask(umask):
    return ("sh", "-c", f"umask {umask}; exec \"$@\"", "sh")


def mode(path):
    return stat.S_IMODE(path.lstat().st_mode)


class FileModes(harness.Case):
    def run_with(self, umask, *options):
        """A service that has made every file that it makes in an ordinary run."""
        service = self.start(f"--http.socket={self.folder}/http.sock", *options,
                             before=with_umask(umask))
        self.assert_ok(service.post_text("/v1/logs/app?durability=disk", "a line\n"))
        for _ in range(2):
            self.assert_ok(service.put("/v1/sessions/main/alice", {"n": 1}))
        self.assert_ok(service.execute("CREATE TABLE IF NOT EXISTS t (x)"))
        self.assert_ok(service.post("/v1/sessions/flush"))
        self.assertTrue(harness.wait_until(
            lambda: any(self.data.glob("sessions/main.*"))))
        return service

    def check(self, file_mode, folder_mode):
        seen = 0
        for path in (self.data, *self.data.rglob("*")):
            if path.is_dir():
                self.assertEqual(oct(mode(path)), oct(folder_mode), path)
            elif path.name not in PRIVATE:
                seen += 1
                self.assertEqual(oct(mode(path)), oct(file_mode), path)
            else:
                self.assertEqual(mode(path), 0o600, path)
        self.assertGreaterEqual(seen, 4)

    def check_private(self, service):
        """Spool, and sockets."""
        self.assertEqual(mode(self.folder / "http.sock"), 0o600)
        spool = list(self.runtime.rglob("*"))
        self.assertGreater(len(spool), 3, service.log())
        for path in spool:
            self.assertEqual(mode(path), 0o700 if path.is_dir() else 0o600, path)

    def test_a_groups_readers_can_read_what_umask_leaves_them(self):
        for umask, file_mode, folder_mode in (("022", 0o640, 0o750),
                                              ("077", 0o600, 0o700),
                                              ("000", 0o640, 0o750)):
            self.data = self.folder / f"data {umask}"
            service = self.run_with(umask)
            self.check(file_mode, folder_mode)
            self.check_private(service)
            self.assert_clean_exit(service)
            self.check(file_mode, folder_mode)

    def test_files_mode_says_what_umask_may_narrow(self):
        for value, umask, file_mode, folder_mode in (
                ("0600", "000", 0o600, 0o700), ("664", "002", 0o664, 0o775),
                ("0664", "027", 0o640, 0o750)):
            self.data = self.folder / f"data {value} {umask}"
            service = self.run_with(umask, f"--files.mode={value}")
            self.check(file_mode, folder_mode)
            self.check_private(service)
            self.assert_clean_exit(service)

    def test_a_mode_that_no_file_of_ours_may_have_is_refused(self):
        for value in ("", "640x", "0400", "0700", "0666", "0650", "1640", "06400", "-640",
                      "0x1a0", "689"):
            code, log = self.refusal(f"--files.mode={value}")
            self.assertEqual((code, log.count("\n")), (2, 1), log)
            self.assertIn("from 0600 to 0664", log)

    def test_files_that_are_there_keep_their_rights(self):
        service = self.run_with("022")
        self.assert_clean_exit(service)
        for path in self.data.rglob("*"):
            path.chmod(0o700 if path.is_dir() else 0o600)
        service = self.run_with("022")
        self.assertEqual(mode(self.data / "logs"), 0o700)
        self.assertEqual(mode(self.data / "logs" / "app.log"), 0o600)
        self.assertEqual(mode(self.data / "sluice.db"), 0o600)
        self.assertEqual(mode(self.data / "sluice.db-wal"), 0o600)
        self.assert_clean_exit(service)

    def test_few_descriptors_are_told_with_what_is_served(self):
        service = self.start(before=("sh", "-c", 'ulimit -n 256; exec "$@"', "sh"))
        self.assertIn("descriptors-few the system allows 256, enough for 9 of "
                      "http.max-connections=1000, 91 of "
                      "websocket.max-connections=10000, and the files of 32 of "
                      "log.max-logs=256 at once", service.log())
        config = service.get("/v1/config").json
        self.assertEqual(config["http.max-connections"]["value"], 9)
        self.assert_clean_exit(service)


if __name__ == "__main__":
    harness.main()
