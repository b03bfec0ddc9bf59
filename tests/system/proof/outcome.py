"""Reads back, through a service that serves again, all that was written to it."""

from proof.check import Outcome

ROWS_PER_READ = 20_000


def flush(service):
    """Lets all that was accepted reach its file."""
    for what in ("logs", "sessions", "db"):
        answer = service.post(f"/v1/{what}/flush")
        # A service that does not queue SQL has nothing to flush there.
        if answer.status != 200 and not (what == "db" and answer.status == 404):
            yield f"flush of {what}: {answer.status} {answer.text[:200]}"


def read_table(service, table):
    last, result = 0, []
    while True:
        answer = service.query(f"SELECT id, text FROM {table} WHERE id > ? ORDER BY id"
                               f" LIMIT {ROWS_PER_READ}", last)
        if answer.status != 200:
            raise AssertionError(f"table {table}: {answer.status} {answer.text[:200]}")
        rows = answer.json["rows"]
        result += [row[1] for row in rows]
        if len(rows) < ROWS_PER_READ:
            return result
        last = rows[-1][0]


def read_store(service, store):
    answer = service.get(f"/v1/sessions/{store}")
    if answer.status != 200:
        raise AssertionError(f"store {store}: {answer.status} {answer.text[:200]}")
    return answer.json


def read_log(service, name):
    path = service.data / "logs" / f"{name}.log"
    return path.read_bytes() if path.exists() else b""


def read(service, record):
    """The outcome; what cannot be read is an error of its own."""
    result = Outcome({}, {}, {}, list(flush(service)))
    for names, reader, found in ((record.logs, read_log, result.logs),
                                 (record.stores, read_store, result.stores),
                                 (record.tables, read_table, result.tables)):
        for name in names:
            try:
                found[name] = reader(service, name)
            except (AssertionError, OSError) as error:
                result.errors.append(str(error))
    answer = service.ask("POST", "/v1/db/integrity-check")
    if answer.status != 200 or not answer.json["ok"]:
        result.errors.append(f"the database is damaged: {answer.text[:300]}")
    return result
