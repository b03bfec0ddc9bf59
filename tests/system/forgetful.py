"""The forgetful file system forgets what it must and nothing else: what a power cut
leaves behind is only as good a test as this."""

import contextlib
import errno
import os
import sqlite3
import threading
import time

import harness
from proof import forgetful_disk

CUTS = 60


def write(path, content, sync=True):
    with open(path, "wb") as file:
        file.write(content)
        file.flush()
        if sync:
            os.fsync(file.fileno())


def sync_directory(path):
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    os.fsync(descriptor)
    os.close(descriptor)


class Forgetful(harness.Case):
    def setUp(self):
        super().setUp()
        if why := forgetful_disk.missing():
            self.skipTest(why)

    def mount(self, mode):
        disk = forgetful_disk.ForgetfulDisk(self.folder / mode, mode)
        self.addCleanup(disk.close)
        return disk

    def modes(self):
        for mode in ("ext4", "strict"):
            yield self.mount(mode)

    def outcomes(self, disk, prepare, look):
        """What is there after each of many cuts that follow the same steps."""
        result = set()
        for seed in range(CUTS):
            prepare()
            disk.cut(seed)
            result.add(look())
        return result

    def test_what_is_synced_with_its_directory_stays(self):
        for disk in self.modes():
            write(disk.where / "a", b"x" * 5000)
            os.mkdir(disk.where / "d")
            write(disk.where / "d" / "b", b"y")
            sync_directory(disk.where / "d")
            sync_directory(disk.where)
            for seed in range(CUTS):
                disk.cut(seed)
                self.assertEqual((disk.where / "a").read_bytes(), b"x" * 5000)
                self.assertEqual((disk.where / "d" / "b").read_bytes(), b"y")

    def test_what_is_not_synced_comes_back_in_part(self):
        for disk in self.modes():
            path = disk.where / "a"

            def prepare(path=path, disk=disk):
                write(path, b"")
                sync_directory(disk.where)
                write(path, b"x" * 1024, sync=False)

            found = self.outcomes(disk, prepare, path.read_bytes)
            self.assertIn(b"", found)
            self.assertIn(b"x" * 512, found)
            self.assertIn(b"x" * 1024, found)
            hole = b"\0" * 512 + b"x" * 512
            self.assertEqual(hole in found, disk.where.name == "strict")

    def test_overwrites_come_back_in_any_order_and_version(self):
        for disk in self.modes():
            path = disk.where / "a"

            def prepare(path=path, disk=disk):
                write(path, b"0" * 1024)
                sync_directory(disk.where)
                with open(path, "r+b", buffering=0) as file:
                    for version in (b"1", b"2"):
                        os.pwrite(file.fileno(), version * 1024, 0)

            found = self.outcomes(disk, prepare, path.read_bytes)
            starts = {(content[:1], content[512:513]) for content in found}
            self.assertGreaterEqual(len(starts), 7, starts)

    def test_a_truncation_survives_without_the_data_after_it(self):
        for disk in self.modes():
            path = disk.where / "a"

            def prepare(path=path, disk=disk):
                write(path, b"old" * 200)
                sync_directory(disk.where)
                write(path, b"new", sync=False)

            found = self.outcomes(disk, prepare, path.read_bytes)
            self.assertIn(b"", found)
            self.assertIn(b"old" * 200, found)
            self.assertIn(b"new", found)

    def test_a_name_needs_its_directory_synced(self):
        disk = self.mount("strict")
        found = set()
        for seed in range(CUTS):
            write(disk.where / f"f{seed}", b"x")
            disk.cut(seed)
            found.add((disk.where / f"f{seed}").exists())
        self.assertEqual(found, {True, False})

    def test_in_ext4_a_later_sync_carries_earlier_names(self):
        disk = self.mount("ext4")
        for seed in range(CUTS):
            write(disk.where / f"f{seed}", b"", sync=False)
            write(disk.where / "other", b"x")
            disk.cut(seed)
            self.assertTrue((disk.where / f"f{seed}").exists())

    def test_a_rename_gets_there_whole_or_not_at_all(self):
        for disk in self.modes():
            target, other = disk.where / "a", disk.where / "b"

            def prepare(target=target, other=other, disk=disk):
                write(target, b"old")
                sync_directory(disk.where)
                write(other, b"new")
                os.rename(other, target)

            found = self.outcomes(disk, prepare, target.read_bytes)
            self.assertEqual(found, {b"old", b"new"})

    def test_a_failed_sync_loses_its_pages_and_the_next_says_ok(self):
        for disk in self.modes():
            path = disk.where / "a.log"
            write(path, b"first")
            sync_directory(disk.where)
            disk.fail_sync("a.log")
            with open(path, "ab", buffering=0) as file:
                file.write(b"second")
                with self.assertRaises(OSError) as caught:
                    os.fsync(file.fileno())
                os.fsync(file.fileno())
            self.assertEqual(caught.exception.errno, errno.EIO)
            self.assertEqual(path.read_bytes(), b"firstsecond")
            disk.cut(1)
            self.assertEqual(path.read_bytes(), b"first")

    def test_a_full_disk_writes_short_and_then_refuses(self):
        disk = self.mount("ext4")
        with open(disk.where / "a", "wb", buffering=0) as file:
            disk.leave_room(1000)
            self.assertEqual(os.write(file.fileno(), b"x" * 1500), 1000)
            with self.assertRaises(OSError) as caught:
                os.write(file.fileno(), b"x")
            self.assertEqual(caught.exception.errno, errno.ENOSPC)
            disk.leave_room()
            self.assertEqual(os.write(file.fileno(), b"x" * 1500), 1500)

    def test_a_cut_inside_a_sync_leaves_it_undone_or_half_done(self):
        for disk in self.modes():
            path = disk.where / "a"
            found = set()
            for seed in range(CUTS):
                disk.slow_syncs(0)
                write(path, b"0" * 1024)
                sync_directory(disk.where)
                disk.slow_syncs(60)
                failed = []

                def overwrite(path=path, failed=failed):
                    try:
                        with open(path, "r+b") as file:
                            file.write(b"1" * 1024)
                            file.flush()
                            os.fsync(file.fileno())
                    except OSError:
                        failed.append(True)

                writer = threading.Thread(target=overwrite)
                writer.start()
                time.sleep(0.02)
                disk.freeze()
                writer.join()
                self.assertEqual(failed, [True])
                disk.come_back(seed)
                content = path.read_bytes()
                found.add((content[:1], content[512:513]))
            self.assertGreaterEqual(len(found), 3, found)

    def test_sqlite_keeps_what_it_committed_in_full(self):
        for disk in self.modes():
            path = disk.where / "x.db"
            committed = 0
            for seed in range(15):
                with contextlib.closing(sqlite3.connect(path)) as database:
                    database.execute("PRAGMA journal_mode=WAL")
                    database.execute("PRAGMA synchronous=FULL")
                    database.execute("CREATE TABLE IF NOT EXISTS t (x)")
                    count, = database.execute("SELECT count(*) FROM t").fetchone()
                    check, = database.execute("PRAGMA integrity_check").fetchone()
                    self.assertEqual(check, "ok")
                    self.assertGreaterEqual(count, committed)
                    sync_directory(disk.where)
                    for row in range(10):
                        with database:
                            database.execute("INSERT INTO t VALUES (?)", (row,))
                    committed = count + 10
                    disk.freeze()
                disk.come_back(seed)


if __name__ == "__main__":
    harness.main()
