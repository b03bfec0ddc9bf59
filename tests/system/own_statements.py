"""Limits on users' SQL bind users' SQL: the service has none of them for its own."""

import harness

STORE = "/v1/sessions/main"
DOCUMENTS = 300
TIGHT = ("--sqlite.max-result-bytes=4096", "--sqlite.max-memory-bytes=1MiB",
         "--sqlite.max-temp-bytes=1MiB", "--sqlite.cache-kib=100",
         "--sqlite.query-timeout=10ms", "--session.max-entries=10000")


class OwnStatements(harness.Case):
    def documents(self, n):
        return {f"key-{i}": {"n": n, "text": "x" * 20_000} for i in range(DOCUMENTS)}

    def put_store(self, service, documents):
        self.assert_ok(service.put(STORE, documents))
        self.assert_ok(service.post("/v1/sessions/flush?durability=disk"))

    def test_whole_stores_come_and_go_whatever_users_may_take(self):
        service = self.start("--session.backend=database", *TIGHT)
        for n in range(2):
            self.put_store(service, self.documents(n))
            self.assertEqual(service.get(STORE).json, self.documents(n))
        self.assertEqual(service.get("/health/ready").status, 200)

    def test_sessions_change_their_place_whatever_users_may_take(self):
        service = self.start("--session.backend=journal", *TIGHT)
        self.put_store(service, self.documents(1))
        self.assert_clean_exit(service)
        for backend in ("database", "journal", "database"):
            service = self.start(f"--session.backend={backend}", *TIGHT)
            self.assertEqual(service.get(STORE).json, self.documents(1))
            self.assert_clean_exit(service)

    def test_what_is_too_much_is_found_whatever_users_may_take(self):
        service = self.start("--session.backend=database", *TIGHT)
        self.put_store(service, self.documents(1))
        self.assert_clean_exit(service)
        service = self.start("--session.backend=database", *TIGHT,
                             "--session.max-entries=1")
        self.assert_ok(service.put(STORE + "/key-0", {"n": 2}))
        self.assert_ok(service.post("/v1/sessions/flush?durability=disk"))
        found = f"{DOCUMENTS - 1} of them beyond session.max-entries"
        self.assertTrue(harness.wait_until(
            lambda: found in service.get("/health").text), service.get("/health").text)
        self.assertNotIn('"id":"session-maintenance-failed"', service.get("/health").text)


if __name__ == "__main__":
    harness.main()
