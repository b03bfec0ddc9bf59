"""What there is little of: descriptors, which connections may not take from files."""

import contextlib
import json

import harness

DESCRIPTORS = 256
LOGS = 40


class Bounds(harness.Case):
    def test_connections_leave_descriptors_for_files(self):
        service = self.start(
            "--http.max-connections=1000", "--websocket.max-connections=1",
            before=("sh", "-c", f'ulimit -n {DESCRIPTORS}; exec "$0" "$@"'))
        self.assertIn("descriptors-few", service.log())
        with contextlib.ExitStack() as held:
            asking = held.enter_context(contextlib.closing(service.connect()))
            self.assertEqual(harness.exchange(asking, "GET", "/health/live").status, 200)
            for _ in range(DESCRIPTORS):
                held.enter_context(contextlib.closing(service.socket()))
            # However many of them the service keeps, the files have their part.
            for n in range(LOGS):
                answer = harness.exchange(asking, "POST",
                                          f"/v1/logs/a{n}?durability=disk", "line\n",
                                          harness.TEXT)
                self.assertEqual(answer.json["durability"], "disk", n)
            health = json.loads(harness.exchange(asking, "GET", "/health").body)
            self.assertEqual(health["alerts"], [])


if __name__ == "__main__":
    harness.main()
