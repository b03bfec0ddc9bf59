"""Who may include whom: app -> actors -> messages, and each library in one corner."""

import pathlib
import re

import check

INCLUDE = re.compile(r'^\s*#\s*include\s+([<"])([^>"]+)[>"]')

# Library (a prefix of what is included): the paths that may include it. Tests may
# include what they test.
CORNERS = {
    "sqlite3": r"actors/storage/sqlite[^/]*$",
    "simdjson": r"actors/detail/json_reading\.hpp$",
    "zlib": r"(actors/websocket/ws_deflater|app/http/gunzip)\.cpp$",
    "boost/": r"app/(gate|http|websocket)/",
    "libpq": r"actors/storage/postgres[^/]*$",
    "caf/io/": r"app/introspection/",
    "caf/openssl/": r"app/introspection/",
}

BELOW = {
    "messages": ("messages/",),
    "actors": ("messages/", "actors/"),
    "app": ("messages/", "actors/", "app/"),
    "examples": ("messages/", "actors/", "app/", "examples/"),
    "tests": ("messages/", "actors/", "app/", "tests/"),
    "bench": ("messages/", "actors/", "app/", "tests/", "bench/"),
}


def is_standard(header):
    return re.fullmatch(r"[a-z_0-9]+", header) is not None


def is_actor(root, path):
    """Whether this source of actors/ is an actor's own: it has a vocabulary."""
    return path.parts[0] == "actors" and (root / "messages" / f"{path.stem}.hpp").exists()


def may_know(root, path, header):
    """Whether the file may know this header of actors/: any that is no actor's, its own,
    and, as a part of an actor that is cut in several files, that actor's."""
    header = pathlib.PurePath(header)
    if not is_actor(root, header) or header.stem == path.stem:
        return True
    if path.as_posix().startswith("actors/lifecycle/supervisor"):
        return True
    return path.parent == header.parent and not is_actor(root, path)


def judge(root, path, kind, header):
    """The rule that this include breaks, or None."""
    folder = path.parts[0]
    if kind == '"':
        if not header.startswith(("messages/", "actors/", "app/", "tests/", "bench/",
                                  "examples/")):
            return "is not written from the root"
        if not header.startswith(BELOW[folder]):
            return f"points the wrong way out of {folder}/"
        if folder == "actors" and not may_know(root, path, header):
            return "is another actor's header; only the supervisor may know it"
        return None
    if folder == "messages" and not header.startswith("caf/") and not is_standard(header):
        return "is neither CAF nor std, all that messages/ may know"
    if folder in ("messages", "actors", "app"):
        for library, corner in CORNERS.items():
            if header.startswith(library) and not re.match(corner, path.as_posix()):
                return f"belongs to {corner} alone"
    return None


def includes(root):
    findings = []
    for path in check.files(root):
        for number, line in enumerate(check.lines(root, path), 1):
            found = INCLUDE.match(line)
            if not found:
                continue
            rule = judge(root, path, found[1], found[2])
            if rule:
                findings.append(f"{path}:{number}: {found[2]} {rule}")
    return findings


TREE = {
    "messages/log.hpp": "#include <caf/error.hpp>\n#include <string>\n",
    "messages/disk.hpp": '#include "messages/log.hpp"\n',
    "actors/a/log.hpp": '#include "messages/log.hpp"\n',
    "actors/a/log_part.cpp": '#include "actors/a/log.hpp"\n',
    "actors/a/disk.hpp": '#include "actors/detail/timer.hpp"\n',
    "actors/lifecycle/supervisor.hpp": '#include "actors/a/log.hpp"\n',
    "actors/storage/sqlite_x.cpp": "#include <sqlite3.h>\n",
    "app/http/x.cpp": '#include <boost/asio.hpp>\n#include "actors/a/log.hpp"\n',
}

SAMPLES = [
    {"messages/x.hpp": '#include "actors/a/log.hpp"\n'},
    {"messages/x.hpp": "#include <spdlog/spdlog.h>\n"},
    {"messages/x.hpp": "#include <sys/stat.h>\n"},
    {"actors/a/x.cpp": '#include "app/service.hpp"\n'},
    {"actors/a/x.cpp": '#include "log.hpp"\n'},
    {"actors/a/disk.cpp": '#include "actors/a/log.hpp"\n'},
    {"actors/lifecycle/x.cpp": '  #  include "actors/a/log.hpp"\n'},
    {"actors/a/x.cpp": "#include <sqlite3.h>\n"},
    {"actors/detail/x.cpp": "#include <simdjson.h>\n"},
    {"app/x.cpp": "#include <boost/beast.hpp>\n"},
    {"app/x.cpp": '#include "tests/fixture.hpp"\n'},
]

if __name__ == "__main__":
    check.main(includes, SAMPLES, TREE)
