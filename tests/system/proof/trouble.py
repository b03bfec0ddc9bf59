"""What tests of trouble share: numbered lines that keep coming, and what `/health`
says of them."""

import concurrent.futures
import contextlib
import threading

import harness


def alerts(service):
    """The names of the alerts that stand."""
    return {each["id"] for each in service.get("/health").json["alerts"]}


class TroubleCase(harness.Case):
    def assert_alert(self, service, name, seconds=10):
        """It comes, and readiness is red while it stands."""
        self.assertTrue(harness.wait_until(lambda: name in alerts(service), seconds),
                        service.get("/health").text)
        health = service.get("/health").json
        self.assertEqual(health["status"], "degraded")
        self.assertGreater(health["troubles"].get(name, 0), 0)

    def assert_counted(self, service, name, times=1):
        """It was too short to be seen, but it is kept in mind."""
        troubles = service.get("/health").json["troubles"]
        self.assertEqual(troubles.get(name), times, troubles)

    def assert_red(self, service):
        self.assertTrue(harness.wait_until(
            lambda: service.get("/health/ready").status == 503),
            service.get("/health/ready").text)

    def assert_green(self, service, seconds=25):
        """Nothing stands any more, and nobody had to do a thing for it."""
        self.assertTrue(harness.wait_until(
            lambda: service.get("/health/ready").status == 200, seconds),
            service.get("/health").text)
        # Dead letters stay an alert until somebody reads them.
        self.assertTrue(harness.wait_until(
            lambda: alerts(service) <= {"sql-dead-letters"}),
            service.get("/health").text)

    def assert_rows(self, service, table, values):
        self.assert_status(service.post("/v1/db/flush"), 200)
        rows = service.query(f"SELECT x FROM {table} ORDER BY rowid").json["rows"]
        self.assertEqual([x for x, in rows], values)

    def queue(self, service, sql, *params):
        return service.post("/v1/db/execute?queue=true",
                            {"sql": sql, "params": list(params)})

    def post_until_refused(self, service, log, size, count=40):
        """Posts big numbered lines; returns those that were taken, and the refusal."""
        taken = []
        for n in range(count):
            line = f"{n} ".ljust(size, ".") + "\n"
            answer = service.post_text(f"/v1/logs/{log}", line)
            if answer.status != 202:
                return taken, answer
            taken.append(line)
        self.fail(f"{count} requests were taken")
        return None


class Lines:
    """A thread that posts numbered lines to a log and remembers what was taken. What it
    dies of is the test's failure."""

    def __init__(self, service, log):
        self.service, self.log = service, log
        self.taken, self.refused = [], []
        self.over = threading.Event()
        self.pool = concurrent.futures.ThreadPoolExecutor(1)
        self.working = None

    def work(self):
        with contextlib.closing(self.service.connect()) as connection:
            n = 0
            while not self.over.wait(0.001):
                line = f"line {n}\n"
                n += 1
                answer = harness.exchange(connection, "POST", f"/v1/logs/{self.log}",
                                          line, harness.TEXT)
                to = self.taken if answer.status == 202 else self.refused
                to.append(line)

    def come(self, count):
        """Waits until so many more were taken."""
        wanted = len(self.taken) + count
        if not harness.wait_until(lambda: len(self.taken) >= wanted
                                  or self.working.done(), 30):
            raise AssertionError(f"{wanted - len(self.taken)} lines were not taken")

    def __enter__(self):
        self.working = self.pool.submit(self.work)
        return self

    def __exit__(self, kind, *_):
        self.over.set()
        self.pool.shutdown()
        # What the test itself has failed of comes first.
        if kind is None:
            self.working.result()
