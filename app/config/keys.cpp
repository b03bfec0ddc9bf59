#include "app/config/keys.hpp"

#include "app/config/host_name.hpp"

#include <algorithm>

namespace sluice::config {

namespace {

using s = settings;
using files = files_settings;
using spool = spool_settings;
using http = http_settings;
using log = log_settings;
using session = session_settings;
using sqlite = sqlite_settings;
using websocket = websocket_settings;
using introspection = introspection_settings;
using gate = gate_settings;
using metrics = metrics_settings;

constexpr bool live = true;

std::vector<key> general_keys() {
  return {
    {"data-dir", at<&s::data_dir>, text(),
     "logs/, sessions/, sluice.db and id (the directory's identity) live under it"},
    {"profile", at<&s::profile>,
     words({"minimal", "embedded", "raspberry-pi", "production"}),
     "a set of values, weaker than every other layer but the defaults"},
    {"adaptive", at<&s::adaptive>, either(),
     "while the spool has room, counts and bytes give way to the times"},
  };
}

std::vector<key> files_keys() {
  return {
    {"files.mode", at<&s::files, &files::mode>, modes(),
     "rights of a file made in the data directory, less the umask; folders get x for r"},
  };
}

std::vector<key> spool_keys() {
  return {
    {"spool.enabled", at<&s::spool, &spool::enabled>, either(),
     "keeps what is acknowledged in RAM files, so that it survives the process"},
    {"spool.dir", at<&s::spool, &spool::dir>,
     text_or_none("the first of $XDG_RUNTIME_DIR/sluice, /run/sluice and "
                  "/dev/shm/sluice-UID that is RAM"),
     "directory of the spool's files, this data directory's alone"},
    {"spool.max-bytes", at<&s::spool, &spool::max_bytes>, sizes(1'048'576),
     "one bound for all that waits in the spool"},
  };
}

std::vector<key> http_keys() {
  return {
    {"http.address", at<&s::http, &http::address>, text_or_none("no TCP"),
     "IPv4 or IPv6 address to listen on; beyond loopback see token-file and plain"},
    {"http.port", at<&s::http, &http::port>, ports(), "TCP port; 0 takes a free one"},
    {"http.socket", at<&s::http, &http::socket>, text_or_none("no socket"),
     "path of a unix socket to serve on as well"},
    {"http.token-file", at<&s::http, &http::token_file>, text_or_none("no token"),
     "file that holds the bearer token which every request must carry"},
    {"http.certificate", at<&s::http, &http::certificate>, text_or_none("no TLS"),
     "PEM file with the certificate chain; needs http.key"},
    {"http.key", at<&s::http, &http::key>, text_or_none("no TLS"),
     "PEM file with the certificate's private key"},
    {"http.plain", at<&s::http, &http::plain>, either(),
     "allows HTTP without TLS beyond loopback"},
    {"http.hosts", at<&s::http, &http::hosts>,
     lists(is_host_rule, "names, each as name, name:port or name:* for any port"),
     "more names accepted in Host and Origin"},
    {"http.max-in-flight-bytes", at<&s::http, &http::max_in_flight_bytes>, sizes(),
     "bytes accepted and neither spooled nor on disk, past which a write is 429"},
    {"http.max-body-bytes", at<&s::http, &http::max_body_bytes>, sizes(),
     "largest body of a request"},
    {"http.max-response-bytes", at<&s::http, &http::max_response_bytes>, sizes(),
     "largest body of an answer"},
    {"http.max-answer-bytes-total", at<&s::http, &http::max_answer_bytes_total>, sizes(),
     "answers past 16 KiB that wait for readers; one more is 429"},
    {"http.max-connections", at<&s::http, &http::max_connections>, counts(),
     "connections open at once"},
    {"http.max-connections-per-address", at<&s::http, &http::max_connections_per_address>,
     counts(), "of these and WebSockets, for one address (or /64) beyond this machine"},
    {"http.idle-timeout", at<&s::http, &http::idle_timeout>, times(),
     "a connection that says nothing for so long is closed"},
    {"http.disk-timeout", at<&s::http, &http::disk_timeout>, times(),
     "longest wait of a request for disk; it then tells the level reached"},
  };
}

std::vector<key> log_keys() {
  return {
    {"log.max-entries", at<&s::log, &log::max_entries>, counts(),
     "a log is written after this many lines", live},
    {"log.flush-interval", at<&s::log, &log::flush_interval>, times(),
     "a log is written so long after its first unwritten line", live},
    {"log.max-bytes", at<&s::log, &log::max_bytes>, sizes(),
     "a log is written once this many bytes wait", live},
    {"log.sync", at<&s::log, &log::sync>, either(),
     "fdatasync with every write, not only when asked for", live},
    {"log.max-logs", at<&s::log, &log::max_logs>, counts(),
     "logs that hold something not on disk yet; one more is answered with 429"},
    {"log.max-files", at<&s::log, &log::max_files>, counts(),
     "files that logs/ may hold; a new log is answered with 429 then"},
    {"log.max-line-bytes", at<&s::log, &log::max_line_bytes>, sizes(),
     "longest line of a log; a request with a longer one is answered with 400"},
  };
}

std::vector<key> session_keys() {
  return {
    {"session.backend", at<&s::session, &session::backend>,
     words({"journal", "database"}),
     "where sessions are kept; a change converts every store at the next start"},
    {"session.debounce", at<&s::session, &session::debounce>,
     times_or_zero("every update is written at once"),
     "updates are written so long after the first unwritten one", live},
    {"session.max-pending", at<&s::session, &session::max_pending>, counts(),
     "sessions waiting, past which they are written early", live},
    {"session.max-stores", at<&s::session, &session::max_stores>, counts(),
     "stores that hold updates not on disk yet; one more is answered with 429", live},
    {"session.max-files", at<&s::session, &session::max_files>, counts(),
     "files that sessions/ may hold, two a store; a new store is answered with 429 then"},
    {"session.cache-ttl", at<&s::session, &session::cache_ttl>, times_or_zero("off"),
     "how long the read cache keeps a document"},
    {"session.maintenance", at<&s::session, &session::maintenance>,
     words({"warn", "enforce"}),
     "enforce prunes and caps stores while the clock is synchronised, warn only tells"},
    {"session.prune-after", at<&s::session, &session::prune_after>, times(),
     "age from which maintenance prunes a session"},
    {"session.max-entries", at<&s::session, &session::max_entries>, counts(),
     "sessions that a store may hold"},
    {"session.max-store-bytes", at<&s::session, &session::max_store_bytes>, sizes(),
     "bytes that a store may hold"},
    {"session.max-journal-bytes", at<&s::session, &session::max_journal_bytes>, sizes(),
     "bytes to which a store's journal may grow while it cannot be compacted"},
  };
}

std::vector<key> database_keys() {
  return {
    {"database.type", at<&s::database_type>, words({"sqlite"}), "kind of database"},
    {"sqlite.path", at<&s::sqlite, &sqlite::path>,
     text_or_none("sluice.db in the data directory"), "the database file"},
    {"sqlite.wal", at<&s::sqlite, &sqlite::wal>, either(),
     "write-ahead log; without it readers and the writer wait for each other"},
    {"sqlite.synchronous", at<&s::sqlite, &sqlite::synchronous>,
     words({"off", "normal", "full", "extra"}), "when SQLite syncs by itself"},
    {"sqlite.cache-kib", at<&s::sqlite, &sqlite::cache_kib>, counts(),
     "page cache of a connection, in KiB"},
    {"sqlite.journal-size-limit", at<&s::sqlite, &sqlite::journal_size_limit>, sizes(),
     "bytes to which the WAL file is cut after a checkpoint"},
    {"sqlite.max-wal-bytes", at<&s::sqlite, &sqlite::max_wal_bytes>, sizes(),
     "bytes of WAL past which nothing is written until readers let it be cut"},
    {"sqlite.busy-timeout", at<&s::sqlite, &sqlite::busy_timeout>, times(),
     "how long to wait for another process that holds the database"},
    {"sqlite.commit-delay", at<&s::sqlite, &sqlite::commit_delay>, times_or_zero("none"),
     "while more than one write is in flight a commit waits so long for the others"},
    {"sqlite.queue-interval", at<&s::sqlite, &sqlite::queue_interval>, times(),
     "queued SQL is applied so long after the first that waits"},
    {"sqlite.max-dead-letter-bytes", at<&s::sqlite, &sqlite::max_dead_letter_bytes>,
     sizes(), "size of dead-letter.ndjson from which nothing more is queued"},
    {"sqlite.readers", at<&s::sqlite, &sqlite::readers>, counts(64),
     "connections that read, a thread each"},
    {"sqlite.query-timeout", at<&s::sqlite, &sqlite::query_timeout>, times(),
     "longest run of one request, whatever it consists of"},
    {"sqlite.max-result-bytes", at<&s::sqlite, &sqlite::max_result_bytes>, sizes(),
     "largest result of one request, and from 16 MiB on the largest value"},
    {"sqlite.max-memory-bytes", at<&s::sqlite, &sqlite::max_memory_bytes>, sizes(),
     "bytes that SQLite may hold for all requests together, beyond the page caches"},
    {"sqlite.max-temp-bytes", at<&s::sqlite, &sqlite::max_temp_bytes>, sizes(),
     "bytes of unnamed files beside the database that one request may sort in"},
    {"sqlite.checkpoint-interval", at<&s::sqlite, &sqlite::checkpoint_interval>, times(),
     "longest time that commits stay in the WAL alone"},
    {"sqlite.checkpoint-mode", at<&s::sqlite, &sqlite::checkpoint_mode>,
     words({"passive", "full", "restart", "truncate"}), "how the scheduler checkpoints"},
    {"sqlite.checkpoint-bytes", at<&s::sqlite, &sqlite::checkpoint_bytes>, sizes(),
     "size of the WAL that calls for a checkpoint before its time"},
    {"sqlite.checkpoint-budget", at<&s::sqlite, &sqlite::checkpoint_budget>, times(),
     "how long a checkpoint may keep writers waiting"},
  };
}

std::vector<key> websocket_keys() {
  return {
    {"websocket.batching", at<&s::websocket, &websocket::batching>, either(),
     "messages of one window travel together"},
    {"websocket.batch-interval", at<&s::websocket, &websocket::batch_interval>, times(),
     "messages go out so long after the first that waits"},
    {"websocket.max-batch", at<&s::websocket, &websocket::max_batch>, counts(10'000),
     "messages of a topic that go out without waiting any longer"},
    {"websocket.critical-order", at<&s::websocket, &websocket::critical_order>,
     words({"in-order", "overtake"}),
     "whether a critical message takes along what waits ahead of it, or passes it"},
    {"websocket.max-queue-bytes", at<&s::websocket, &websocket::max_queue_bytes>, sizes(),
     "bytes that may wait for one client"},
    {"websocket.max-total-queue-bytes",
     at<&s::websocket, &websocket::max_total_queue_bytes>, sizes(1'048'576),
     "bytes of all messages held, shared ones counted once; half of it is for histories"},
    {"websocket.overflow", at<&s::websocket, &websocket::overflow>,
     words({"drop-oldest", "close"}), "what happens to a client that is too slow"},
    {"websocket.idle-timeout", at<&s::websocket, &websocket::idle_timeout>, times(),
     "a client that is silent for so long is let go; it is pinged at half of it"},
    {"websocket.deflate", at<&s::websocket, &websocket::deflate>, either(),
     "permessage-deflate for clients that offer it; 50 KiB a connection"},
    {"websocket.history-messages", at<&s::websocket, &websocket::history_messages>,
     counts(), "messages kept of each topic for clients that come back"},
    {"websocket.history-bytes", at<&s::websocket, &websocket::history_bytes>, sizes(),
     "bytes kept of each topic"},
    {"websocket.max-connections", at<&s::websocket, &websocket::max_connections>,
     counts(), "clients connected at once"},
    {"websocket.max-topics", at<&s::websocket, &websocket::max_topics>, counts(),
     "topics with followers or history"},
    {"websocket.max-subscriptions", at<&s::websocket, &websocket::max_subscriptions>,
     counts(10'000), "topics that one connection may follow"},
  };
}

std::vector<key> gate_keys() {
  return {
    {"gate.address", at<&s::gate, &gate::address>, text(),
     "IPv4 or IPv6 address that sluice-gate listens on"},
    {"gate.port", at<&s::gate, &gate::port>, ports(), "its TCP port; 0 takes a free one"},
    {"gate.ca-file", at<&s::gate, &gate::ca_file>, text_or_none("it does not start"),
     "PEM file of the authority whose clients it lets in"},
    {"gate.certificate", at<&s::gate, &gate::certificate>,
     text_or_none("it does not start"), "PEM file with its certificate, for a server"},
    {"gate.key", at<&s::gate, &gate::key>, text_or_none("it does not start"),
     "PEM file with the certificate's private key"},
    {"gate.allow-control", at<&s::gate, &gate::allow_control>, either(),
     "lets flush, checkpoint, set and restart through as well"},
  };
}

std::vector<key> other_keys() {
  return {
    {"introspection.socket", at<&s::introspection, &introspection::socket>,
     text_or_none("introspection.sock in the spool's directory, or in data-dir"),
     "path of the socket for sluicectl; this user and root may use it"},
    {"flush.grid", at<&s::flush_grid>, times_or_zero("every window is exact"),
     "windows of twice this and more end together, at the last point that is not late"},
    {"disk.endurance-tbw", at<&s::disk_endurance_tbw>,
     counts_or_zero("not known", 1'000'000),
     "terabytes that may be written to the data's card or disk, for the ledger"},
    {"metrics.window", at<&s::metrics, &metrics::window>, times(),
     "length of a window of measurements"},
    {"metrics.history", at<&s::metrics, &metrics::history>, counts(), "windows kept"},
    {"metrics.max-names", at<&s::metrics, &metrics::max_names>, counts(4'096),
     "logs, and as many stores, that /metrics tells of by name; the others are summed"},
    {"supervisor.restarts", at<&s::restarts>, counts(),
     "restarts of one actor within a minute, past which it stays down"},
    {"shutdown.deadline", at<&s::shutdown_deadline>, times(),
     "longest time that a stop waits for what is to be written"},
  };
}

std::vector<key> all_keys() {
  std::vector<key> result;
  for (auto make : {general_keys, files_keys, spool_keys, http_keys, log_keys,
                    session_keys, database_keys, websocket_keys, gate_keys, other_keys})
    for (auto& each : make())
      result.push_back(std::move(each));
  return result;
}

} // namespace

const std::vector<key>& keys() {
  static const auto table = all_keys();
  return table;
}

const key* find_key(std::string_view name) {
  const auto& table = keys();
  const auto hit = std::find_if(table.begin(), table.end(),
                                [&](const key& each) { return each.name == name; });
  return hit == table.end() ? nullptr : &*hit;
}

} // namespace sluice::config
