"""The judge of the proof finds what it must: each kind of loss, planted in an outcome
that is otherwise as it should be."""

import harness
from proof.check import Outcome, judge
from proof.record import Event, Record, Request, Span, Version, text

NOW = 100.0


class Judge(harness.Case):
    def setUp(self):
        super().setUp()
        self.record = Record()
        self.time = 0.0
        self.found = Outcome({"app": b""}, {"main": {}}, {"direct": []})

    def request(self, level):
        self.time += 1
        result = Request(self.time)
        if level is not None:
            self.time += 1
            result.accept(level, self.time)
        return result

    def lines(self, first, last, level, connection=1):
        span = Span(connection, first, last, self.request(level))
        self.record.spans("logs", "app").append(span)
        return span

    def find_lines(self, *numbers, connection=1):
        for number in numbers:
            self.found.logs["app"] += text(connection, number).encode() + b"\n"

    def rows(self, first, last, level):
        span = Span(1, first, last, self.request(level))
        self.record.spans("tables", "direct").append(span)

    def find_rows(self, *numbers):
        self.found.tables["direct"] += [text(1, number) for number in numbers]

    def version(self, document, level):
        self.record.versions("main", "k").append(Version(document, self.request(level)))

    def whole_store(self, keys, level):
        request = self.request(level)
        for key, document in keys.items():
            self.record.versions("main", key).append(Version(document, request))

    def find_version(self, document):
        self.found.stores["main"] = {} if document is None else {"k": document}

    def happens(self, kind, time=NOW):
        self.record.events.append(Event(kind, time, NOW))

    def assert_fine(self):
        self.assertEqual(judge(self.record, self.found), [])

    def assert_caught(self, *words):
        violations = judge(self.record, self.found)
        self.assertEqual(len(violations), 1, violations)
        for word in words:
            self.assertIn(word, violations[0])

    def test_what_is_all_there_is_fine(self):
        self.lines(1, 3, "ram")
        self.rows(1, 2, "disk")
        self.version({"a": 1}, "ram")
        self.happens("kill")
        self.find_lines(1, 2, 3)
        self.find_rows(1, 2)
        self.find_version({"a": 1})
        self.assert_fine()

    def test_a_lost_line_is_caught(self):
        self.lines(1, 3, "ram")
        self.happens("kill")
        self.find_lines(1, 3)
        self.assert_caught("log app", "lost 1")

    def test_a_lost_row_is_caught(self):
        self.rows(1, 1, "ram")
        self.rows(2, 2, "ram")
        self.happens("kill")
        self.find_rows(2)
        self.assert_caught("table direct", "lost 1")

    def test_a_log_that_is_gone_is_caught(self):
        self.lines(1, 1, "disk")
        self.happens("power")
        self.found.logs.clear()
        self.assert_caught("lost 1")

    def test_a_doubled_line_is_caught(self):
        self.lines(1, 3, "ram")
        self.happens("kill")
        self.find_lines(1, 2, 2, 3)
        self.assert_caught("2 times")

    def test_a_doubled_line_is_caught_even_unacknowledged(self):
        self.lines(1, 1, None)
        self.happens("power")
        self.find_lines(1, 1)
        self.assert_caught("2 times")

    def test_swapped_lines_are_caught(self):
        self.lines(1, 3, "ram")
        self.happens("kill")
        self.find_lines(1, 3, 2)
        self.assert_caught("1 2 comes after 3")

    def test_lines_of_two_connections_may_mix(self):
        self.lines(1, 2, "ram", connection=1)
        self.lines(1, 2, "ram", connection=2)
        self.happens("kill")
        self.find_lines(1, connection=2)
        self.find_lines(1, 2, connection=1)
        self.find_lines(2, connection=2)
        self.assert_fine()

    def test_a_torn_line_is_caught(self):
        self.lines(1, 1, "ram")
        self.lines(2, 2, None)
        self.happens("kill")
        self.find_lines(1, 2)
        self.found.logs["app"] = self.found.logs["app"][:-9] + b"\n"
        self.assert_caught("torn or strange")

    def test_a_line_without_its_end_is_caught(self):
        self.lines(1, 1, "ram")
        self.lines(2, 2, None)
        self.happens("kill")
        self.find_lines(1, 2)
        self.found.logs["app"] = self.found.logs["app"][:-1]
        self.assert_caught("torn or strange")

    def test_one_line_may_be_torn_where_there_is_no_spool(self):
        self.lines(1, 9, "memory")
        self.happens("bare-kill")
        self.find_lines(1, 2)
        self.found.logs["app"] += text(1, 3).encode()[:9] + b"\n"
        self.assert_fine()
        self.found.logs["app"] += text(1, 4).encode()[:9] + b"\n"
        self.assert_caught("torn or strange")

    def test_a_line_that_lacks_its_end_alone_is_there(self):
        self.lines(1, 9, "memory")
        self.happens("bare-kill")
        self.find_lines(1, 2)
        self.found.logs["app"] += text(1, 3).encode()
        self.assert_fine()
        self.happens("bare-kill")
        self.found.logs["app"] += b"\n"
        self.assert_fine()

    def test_a_changed_byte_is_caught(self):
        self.lines(1, 1, None)
        self.happens("kill")
        self.found.logs["app"] = text(1, 1).upper().encode() + b"\n"
        self.assert_caught("torn or strange")

    def test_a_line_that_nobody_sent_is_caught(self):
        self.lines(1, 1, "ram")
        self.happens("kill")
        self.find_lines(1, 2)
        self.assert_caught("never sent")

    def test_half_of_an_unanswered_request_is_caught(self):
        self.lines(1, 4, None)
        self.happens("kill")
        self.find_lines(1, 2)
        self.assert_caught("only 2 of one request")

    def test_an_unanswered_request_may_be_there_or_not(self):
        self.lines(1, 4, None)
        self.lines(5, 6, None)
        self.happens("kill")
        self.find_lines(1, 2, 3, 4)
        self.assert_fine()

    def test_half_of_a_transaction_is_caught(self):
        self.rows(1, 4, None)
        self.happens("power")
        self.find_rows(1, 2)
        self.assert_caught("only 2 of one request")

    def test_a_refused_line_must_not_be_there(self):
        span = self.lines(1, 1, None)
        span.request.refused = True
        span.request.answered = self.time
        self.happens("kill")
        self.find_lines(1)
        self.assert_caught("refused")

    def test_a_reboot_may_take_what_was_only_in_ram(self):
        self.lines(1, 1, "disk")
        self.lines(2, 2, "ram")
        self.version({"a": 1}, "ram")
        self.happens("reboot")
        self.find_lines(1)
        self.assert_fine()

    def test_a_reboot_may_not_take_what_was_on_disk(self):
        self.lines(1, 1, "ram")
        self.lines(2, 2, "disk")
        self.happens("reboot")
        self.find_lines(1)
        self.assert_caught("lost 1")

    def test_an_answer_of_disk_covers_what_was_accepted_before(self):
        self.lines(1, 1, "memory", connection=1)
        self.lines(1, 1, "disk", connection=2)
        self.happens("power")
        self.find_lines(1, connection=2)
        self.assert_caught("lost 1")

    def test_an_answer_of_disk_covers_nothing_accepted_later(self):
        self.lines(1, 1, "disk")
        self.lines(2, 2, "ram")
        self.happens("power")
        self.find_lines(1)
        self.assert_fine()

    def test_answers_from_after_a_cut_do_not_count(self):
        self.lines(1, 1, "disk")
        self.happens("power", time=self.time - 0.5)
        self.assert_fine()

    def test_what_was_found_once_must_stay(self):
        self.lines(1, 2, None)
        self.happens("kill")
        self.find_lines(1, 2)
        self.assert_fine()
        self.happens("power")
        self.found.logs["app"] = b""
        self.assert_caught("2 were found before, now 0")

    def test_what_was_gone_once_must_not_come_back(self):
        self.lines(1, 2, None)
        self.happens("kill")
        self.assert_fine()
        self.find_lines(1, 2)
        self.assert_caught("0 were found before, now 2")

    def test_the_worst_of_several_events_decides(self):
        self.lines(1, 1, "ram")
        self.record.events.append(Event("reboot", self.time + 0.1, self.time + 0.1))
        self.time += 1
        self.lines(2, 2, "ram")
        self.happens("kill")
        self.find_lines(2)
        self.assert_fine()
        self.found.logs["app"] = b""
        self.assert_caught("1 2-2", "1 were found before")

    def test_a_session_may_be_newer_than_acknowledged(self):
        self.version({"n": 1}, "ram")
        self.version({"n": 2}, None)
        self.happens("kill")
        self.find_version({"n": 2})
        self.assert_fine()

    def test_an_older_version_is_caught(self):
        self.version({"n": 1}, "ram")
        self.version({"n": 2}, "ram")
        self.happens("kill")
        self.find_version({"n": 1})
        self.assert_caught("main/k", " lost ", "the older 1")

    def test_a_lost_session_is_caught(self):
        self.version({"n": 1}, "ram")
        self.happens("kill")
        self.assert_caught("main/k", " lost ", "none of them")

    def test_a_deleted_session_that_is_back_is_caught(self):
        self.version({"n": 1}, "ram")
        self.version(None, "ram")
        self.happens("kill")
        self.find_version({"n": 1})
        self.assert_caught("the older 1")

    def test_a_mixed_session_is_caught(self):
        self.version({"n": 1, "a": 1}, None)
        self.version({"n": 2, "a": 2}, None)
        self.happens("kill")
        self.find_version({"n": 2, "a": 1})
        self.assert_caught("none of them")

    def test_half_of_an_unanswered_store_is_caught(self):
        self.whole_store({"a": {"n": 1}, "b": {"n": 2}, "c": {"n": 3}}, "ram")
        self.whole_store({"a": {"n": 4}, "b": {"n": 5}, "c": None}, None)
        self.happens("kill")
        self.found.stores["main"] = {"a": {"n": 4}, "b": {"n": 5}}
        self.assert_fine()
        self.whole_store({"a": {"n": 6}, "b": {"n": 7}}, None)
        self.happens("kill")
        self.found.stores["main"] = {"a": {"n": 6}, "b": {"n": 5}}
        self.assert_caught("store main", "half of one request")

    def test_an_unanswered_store_may_leave_out_what_never_was(self):
        self.whole_store({"a": {"n": 1}}, "ram")
        self.whole_store({"a": {"n": 2}, "b": None}, None)
        self.happens("kill")
        self.found.stores["main"] = {"a": {"n": 1}}
        self.assert_fine()

    def test_a_session_that_nobody_wrote_is_caught(self):
        self.version(None, "ram")
        self.happens("kill")
        self.found.stores["main"] = {"x": {}}
        self.assert_caught("main/x", "never sent")

    def test_a_row_that_is_none_of_ours_is_caught(self):
        self.rows(1, 1, None)
        self.happens("kill")
        self.found.tables["direct"] = ["1 1 abc"]
        self.assert_caught("strange row")

    def test_what_could_not_be_read_is_caught(self):
        self.found.errors.append("the database is damaged")
        self.assert_caught("damaged")


if __name__ == "__main__":
    harness.main()
