"""The actors, as the service shows them: who they are, and what they have done."""

import harness


class Actors(harness.Case):
    def actors(self, service, query=""):
        return self.assert_status(service.get(f"/v1/actors{query}"), 200).json

    def the(self, service, name, key=None):
        found = [x for x in self.actors(service) if (x["name"], x["key"]) == (name, key)]
        self.assertEqual(len(found), 1, name)
        return found[0]

    def test_every_actor_is_listed_under_who_started_it(self):
        service = self.start()
        service.post_text("/v1/logs/app", "a line\n")
        all_actors = self.actors(service)
        names = {x["name"] for x in all_actors}
        self.assertLessEqual({
            "alert-keeper", "checkpoint-scheduler", "database", "directory", "disk-watch",
            "edge", "log-buffer", "log-writer", "metrics-aggregator", "session-debouncer",
            "session-journal", "spool-keeper", "sql-queue", "sqlite-reader",
            "sqlite-writer", "supervisor", "topic-hub"}, names)
        ids = [x["id"] for x in all_actors]
        self.assertEqual(ids, sorted(set(ids)))
        for each in all_actors:
            self.assertIn(each["parent"], [0, *ids], each)
            self.assertEqual((each["restarts"], each["lastError"]), (0, None))

    def test_counts_are_exact(self):
        service = self.start("--log.flush-interval=1h")
        service.post_text("/v1/logs/app", "line\n")
        before = self.the(service, "log-buffer", "app")
        for _ in range(100):
            service.post_text("/v1/logs/app", "line\n")
        now = self.the(service, "log-buffer", "app")
        # And the question for its state.
        self.assertEqual(now["handled"] - before["handled"], 101)
        self.assertEqual((now["mailbox"], now["oldestMs"]), (0, 0))
        self.assertEqual(now["state"]["bufferedLines"], 101)

    def test_states_are_asked_for_or_not(self):
        service = self.start()
        self.assertTrue(any(x["state"] for x in self.actors(service)))
        before = self.the(service, "topic-hub")["handled"]
        for _ in range(10):
            listed = self.actors(service, "?state=false")
            self.assertFalse(any(x["state"] for x in listed))
        self.assertEqual(self.the(service, "topic-hub")["handled"], before + 1)
        self.assert_status(service.get("/v1/actors?state=yes"), 400)


if __name__ == "__main__":
    harness.main()
