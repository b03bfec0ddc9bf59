"""Every question is answered, whoever dies: a promise is owed (`actors/detail/owed.hpp`),
who owes one is started so that nothing keeps him from it
(`actors/observe/instrumented.hpp`), and who waits without a deadline asks nobody else."""

import re

import check

FOLDERS = ("actors", "app")

PROMISE = re.compile(r"\b(typed_response_promise|response_promise|make_response_promise)\b")
BARE_PROMISES = {
    "actors/detail/owed.hpp": "is the owner",
    "app/http/asio_actor.cpp": "delivers it where it is made",
}

# Whom one asks, by where the question stands and how it names him.
ASKED = {
    ("actors/database/checkpoint_scheduler.cpp", "whom"): ["sqlite_writer", "database"],
    ("actors/database/database.cpp", "to"): ["sqlite_writer", "checkpoint_scheduler"],
    ("actors/database/database.cpp", "scheduler_"): ["checkpoint_scheduler"],
    ("actors/database/reader_pool.cpp", "on.handle"): ["sqlite_reader"],
    ("actors/database/reader_pool.cpp", "x.handle"): ["sqlite_reader"],
    ("actors/database/sql_queue.cpp", "database_"): ["database"],
    ("actors/database", "writer_"): ["sqlite_writer"],
    ("actors/detail/helper_pool.hpp", "idle_.back()"): ["file_syncer",
                                                        "session_compactor"],
    ("actors/lifecycle/spool_keeper.cpp", "supervisor_"): ["supervisor"],
    ("actors/lifecycle", "place->second"): ["log_buffer"],
    ("actors/lifecycle", "log_writer_"): ["log_writer"],
    ("actors/lifecycle/supervisor_start.cpp", "writer"): ["sqlite_writer"],
    ("actors/lifecycle/supervisor_start.cpp", "backend"): ["session_backend"],
    ("actors/log", "writer_"): ["log_writer"],
    ("actors/log", "syncer"): ["file_syncer"],
    ("actors/log", "x.syncer"): ["file_syncer"],
    ("actors/session/session_backend.cpp", "who"): ["session_journal", "session_rows"],
    ("actors/session/session_journal_upkeep.cpp", "helper"): ["session_compactor"],
    ("actors/session/session_journal_writes.cpp", "helper"): ["file_syncer"],
    ("actors/session", "store_"): ["session_journal", "session_rows"],
    ("actors/session", "database_"): ["database"],
    ("actors/websocket", "hub_"): ["topic_hub"],
    ("app/http", "e.actors().actors.database"): ["database"],
    ("app/http", "database(e)"): ["database"],
    ("app/http", "backend_.supervisor"): ["supervisor"],
    ("app/http", "e.actors().supervisor"): ["supervisor"],
    ("app/http/log_routes.cpp", "buffer"): ["log_buffer"],
    ("app/http", "queue(e)"): ["sql_queue"],
    ("app/http", "sessions(e)"): ["session_debouncer"],
    ("app/http/session_routes.cpp", "by"): ["session_debouncer"],
    ("app/http/session_routes.cpp", "whom"): ["session_debouncer"],
    ("app/http", "e.actors().actors.topics"): ["topic_hub"],
    ("app/service.cpp", "root"): ["supervisor"],
    ("app/service.cpp", "self.root"): ["supervisor"],
    ("app/websocket/host.cpp", "actor_.actors().supervisor"): ["supervisor"],
}

# Who may be asked without a deadline, and why he answers for certain. Each is started
# instrumented.
SOUND = {
    "checkpoint_scheduler": "asks the writer or the database, whose answer it passes on",
    "database": "owes what it relays; its readers' queue and what they run are its own",
    "file_syncer": "answers in its handler",
    "log_buffer": "holds who waits in `seq_waiters`, and answers them as it ends",
    "log_writer": "holds who waits for a sync with the file, and asks syncers alone",
    "session_backend": "asks stores alone, one question after the other",
    "session_compactor": "answers in its handler",
    "session_debouncer": "holds who waits with the store's line, each with what he is "
                         "owed",
    "session_journal": "holds who waits with the store, and asks its helpers alone",
    "session_rows": "owes what it asks of the database",
    "sql_queue": "holds who waits in `seq_waiters`, and answers them as it ends",
    "sqlite_reader": "answers in its handler; who waits longer is told by the pool",
    "sqlite_writer": "holds who waits in the commit window, or for other files",
    "supervisor": "ends the service with it",
    "topic_hub": "answers in its handler",
}

QUESTION = re.compile(r"\brequest\s*(?:<[^>()]*>)?\(\s*"
                      r"((?:[^(),{}]|\([^()]*\)|\{[^{}]*\})+),\s*caf::infinite\b")
INFINITE = re.compile(r"\bcaf::infinite\b")

# CAF's own ways to start an actor know no answer where there is no memory for it.
BARE_START = re.compile(r"(?:\.|->)(?:template\s+)?spawn\s*[<(]")
BARE_STARTS = {
    "actors/observe/instrumented.hpp": "is the way",
    "app/http/server.cpp": "starts an `instrumented<edge>`",
    "app/introspection/connector.cpp": "is CAF's broker, asked with a deadline",
    "app/sluice_gate.cpp": "asks with a deadline alone",
}


def sources(root):
    for path in check.files(root):
        if path.parts[0] in FOLDERS:
            text = (root / path).read_text(encoding="utf-8")
            yield path, re.sub(r"//[^\n]*", "", text)


def whom(path, expression):
    """Whom a question is put to; the nearest word of the table counts."""
    for where in (path, *path.parents):
        if found := ASKED.get((where.as_posix(), expression)):
            return found
    return None


def look_at_questions(path, text):
    asked = [each[1].strip() for each in QUESTION.finditer(text)]
    if len(asked) != len(INFINITE.findall(text)):
        yield f"{path}: caf::infinite stands where no question is seen"
    for expression in asked:
        who = whom(path, expression)
        if who is None:
            yield f"{path}: asks {expression} without a deadline, and who is that?"
        for each in who or []:
            if each not in SOUND:
                yield f"{path}: asks {each} without a deadline, who may never answer"


def look_at(path, text):
    if PROMISE.search(text) and path.as_posix() not in BARE_PROMISES:
        yield f"{path}: a promise that nobody owes: take `detail::owe`"
    if BARE_START.search(text) and path.as_posix() not in BARE_STARTS:
        yield f"{path}: starts an actor that is not instrumented"
    yield from look_at_questions(path, text)


def stale(found):
    """Words of the tables that nothing calls for any more."""
    texts = {path.as_posix(): text for path, text in found}
    used = {key for key in ASKED for path, text in found
            if path.is_relative_to(key[0])
            and key[1] in [each[1].strip() for each in QUESTION.finditer(text)]}
    yield from (f"tests/checks/answers.py: {' '.join(key)} is asked nowhere"
                for key in ASKED if key not in used)
    for allowed, rule in ((BARE_PROMISES, PROMISE), (BARE_STARTS, BARE_START)):
        yield from (f"tests/checks/answers.py: {path} needs no exception"
                    for path in allowed if not rule.search(texts.get(path, "")))


def answers(root):
    found = list(sources(root))
    findings = [each for path, text in found for each in look_at(path, text)]
    # A sample is a tree of a few files.
    if (root / "tests/checks/answers.py").exists():
        findings += stale(found)
    return findings


SAMPLES = [
    {"actors/x.hpp": "caf::typed_response_promise<int> waiting_;\n"},
    {"actors/x.cpp": "auto rp = self->make_response_promise<int>();\n"},
    {"app/x.cpp": "self->request(other, caf::infinite, atom::get_v);\n"},
    {"actors/log/x.cpp": "self_->request(\n  hub_, caf::infinite, atom::get_v);\n"},
    {"actors/x.cpp": "constexpr auto patience = caf::infinite;\n"},
    {"actors/x.cpp": "auto who = sys.spawn(fun);\n"},
    {"actors/x.cpp": "auto who = self->spawn<caf::detached>(fun);\n"},
]
CLEAN = {
    "actors/log/y.cpp": "self_->request(writer_, caf::infinite, atom::tail_v);\n"
                        "auto x = detail::owe<int>(self);  // no make_response_promise\n",
    "actors/detail/owed.hpp": "caf::typed_response_promise<Answer> promise;\n",
}

if __name__ == "__main__":
    check.main(answers, SAMPLES, CLEAN)
