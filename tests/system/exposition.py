"""What Prometheus scrapes: valid by its own tool, and exact."""

import re
import shutil
import subprocess

import harness


class Exposition(harness.Case):
    def scrape(self, service):
        answer = self.assert_status(service.get("/metrics"), 200)
        self.assertTrue(answer.headers["Content-Type"].startswith("text/plain;"))
        return answer.body.decode()

    def value(self, text, name):
        found = re.findall(rf"^{re.escape(name)} (\S+)$", text, re.MULTILINE)
        self.assertEqual(len(found), 1, name)
        return float(found[0])

    def test_promtool_finds_nothing_wrong(self):
        if not shutil.which("promtool"):
            self.skipTest("promtool is not here")
        service = self.start()
        service.post_text("/v1/logs/app", "a line\n")
        checked = subprocess.run(["promtool", "check", "metrics"], text=True,
                                 input=self.scrape(service), capture_output=True)
        self.assertEqual(checked.returncode, 0, checked.stderr)
        self.assertEqual(checked.stdout + checked.stderr, "")

    def test_counts_are_exact(self):
        service = self.start("--log.flush-interval=1h")
        service.post_text("/v1/logs/app", "one\ntwo\n")
        text = self.scrape(service)
        self.assertEqual(self.value(text, "sluice_log_lines_accepted_total"), 2)
        self.assertEqual(self.value(text, "sluice_log_lines_written_total"), 0)
        service.post("/v1/logs/flush")
        text = self.scrape(service)
        self.assertEqual(self.value(text, "sluice_log_lines_written_total"), 2)
        self.assertEqual(self.value(text, "sluice_log_written_bytes_total"), 8)
        self.assertEqual(self.value(text, 'sluice_actors{actor="log-buffer"}'), 1)
        for what, count in (("requests", 2), ("requested_bytes", 8), ("writes", 1),
                            ("written_bytes", 8)):
            self.assertEqual(self.value(text, f"sluice_ledger_{what}_total"
                                              '{subsystem="log",name="app"}'), count)

    def test_scraping_writes_nothing(self):
        service = self.start()
        before = self.value(self.scrape(service), "sluice_disk_writes_total")
        for _ in range(20):
            text = self.scrape(service)
        self.assertEqual(self.value(text, "sluice_disk_writes_total"), before)


if __name__ == "__main__":
    harness.main()
