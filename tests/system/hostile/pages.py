"""What a page of another site can make a browser ask, and what it cannot."""

import harness

NAVIGATION = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document",
              "Sec-Fetch-User": "?1"}
# An image, a script, a fetch() without CORS, a frame, a page fetched ahead of a click.
FOR_A_PAGE = ({"Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"},
              {"Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "script"},
              {"Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "empty"},
              {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"},
              {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "object"},
              {**NAVIGATION, "Sec-Purpose": "prefetch;prerender"}, {})
PATHS = ("/health", "/health/live", "/metrics", "/v1/actors", "/v1/logs/a/tail",
         "/v1/sessions/main", "/nowhere")


class Pages(harness.Case):
    def ask(self, service, path, site, method="GET", **headers):
        return service.ask(method, path, headers={"Sec-Fetch-Site": site, **headers})

    def test_a_page_of_another_site_makes_no_browser_ask(self):
        service = self.start("--http.hosts=page.example")
        for site in ("cross-site", "same-site"):
            for path in PATHS:
                for kind in FOR_A_PAGE:
                    told = self.assert_problem(
                        self.ask(service, path, site, **kind), 403)
                    self.assertIn("http.hosts", told.json["detail"])
            self.assert_status(self.ask(service, "/health", site, "HEAD"), 403)
        self.assert_problem(self.ask(service, "/health", "cross-site",
                                     Origin="http://evil.example"), 403)

    def test_who_follows_a_link_to_the_service_gets_there(self):
        service = self.start()
        for site in ("cross-site", "same-site"):
            self.assert_status(self.ask(service, "/health", site, **NAVIGATION), 200)

    def test_pages_that_may_ask_and_programs_notice_nothing(self):
        service = self.start("--http.hosts=page.example")
        for site in ("none", "same-origin"):
            for kind in FOR_A_PAGE:
                self.assert_status(self.ask(service, "/health", site, **kind), 200)
        good = {"Origin": "http://page.example", "Sec-Fetch-Mode": "cors",
                "Sec-Fetch-Dest": "empty"}
        self.assert_status(self.ask(service, "/health", "cross-site", **good), 200)
        self.assert_status(self.ask(
            service, "/v1/logs/a", "cross-site", "OPTIONS", **good,
            **{"Access-Control-Request-Method": "POST"}), 204)
        self.assert_status(service.get("/health"), 200)


if __name__ == "__main__":
    harness.main()
