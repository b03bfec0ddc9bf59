#include "app/http/stats_json.hpp"

#include "app/http/rates.hpp"

#include <algorithm>
#include <span>
#include <vector>

namespace sluice::http {

namespace {

/// Stores that are listed: clients name as many as they like.
constexpr size_t listed_max = 10'000;

template <class T>
std::span<const T> first_of(const std::vector<T>& all) {
  return std::span{all}.first(std::min(all.size(), listed_max));
}

void write_connection(json_writer& json, const ws_connection_stats& n) {
  json.open_object()
    .member("id", n.id)
    .member("remote", n.remote)
    .member("topics", n.topics)
    .member("queuedMessages", n.queued_messages)
    .member("queuedBytes", n.queued_bytes)
    .member("totalBatched", n.total_batched)
    .member("totalSent", n.total_sent)
    .member("avgBatchSize", n.avg_batch_size)
    .member("dropped", n.dropped)
    .close_object();
}

} // namespace

void write_log_stats(json_writer& json, const log_stats& x) {
  json.open_object()
    .member("totalWrites", x.total_writes)
    .member("totalBytesWritten", x.total_bytes_written)
    .member("bufferSize", x.buffered_lines)
    .key("lastFlushAt")
    .time(x.last_flush_at_ms)
    .member("accepted", x.accepted)
    .member("dropped", x.dropped)
    .close_object();
}

std::string sessions_json(const session_stats& x) {
  const auto lookups = x.cache_hits + x.cache_misses;
  const auto updates = x.total_coalesced + x.total_writes;
  json_writer json;
  json.open_object()
    .member("totalCoalesced", x.total_coalesced)
    .member("totalWrites", x.total_writes)
    .member("pending", x.pending)
    .member("reductionPercent", percent(x.total_coalesced, updates));
  json.key("cache")
    .open_object()
    .member("hits", x.cache_hits)
    .member("misses", x.cache_misses)
    .member("hitRate", percent(x.cache_hits, lookups))
    .close_object();
  json.member("storeCount", x.store_count).key("stores").open_array();
  for (const auto& store : x.stores)
    json.open_object()
      .member("store", store.store)
      .member("entries", store.entries)
      .member("bytes", store.bytes)
      .close_object();
  json.close_array().key("unreadable").open_array();
  for (const auto& store : first_of(x.unreadable))
    json.open_object()
      .member("store", store.store)
      .member("detail", store.unreadable)
      .close_object();
  json.close_array().member("truncated", x.store_count > x.stores.size()
                                           || x.unreadable.size() > listed_max);
  return json.close_object().take();
}

std::string database_json(const database_stats& x, const sql_queue_stats& queued) {
  const auto& writer = x.writer;
  json_writer json;
  json.open_object()
    .member("type", x.type)
    .member("journalMode", writer.opened.journal_mode)
    .member("synchronous", writer.opened.synchronous)
    .member("cacheKiB", writer.opened.cache_kib)
    .member("queries", x.queries)
    .member("transactions", x.transactions)
    .member("commits", writer.commits)
    .member("walCheckpoints", writer.checkpoints)
    .member("walBytes", writer.wal.bytes)
    .member("cacheHitRate",
            percent(writer.cache_hits, writer.cache_hits + writer.cache_misses))
    .key("lastCheckpointAt")
    .time(writer.last_checkpoint_at_ms)
    .member("queued", queued.queued)
    .member("queuedBytes", queued.queued_bytes)
    .member("deadLetters", queued.dead_letters)
    .member("waitingQueries", x.waiting_queries)
    .member("oldestQueryMs", x.oldest_query_ms)
    .close_object();
  return json.take();
}

std::string connections_json(std::vector<ws_connection_stats> all) {
  std::sort(all.begin(), all.end(),
            [](const auto& one, const auto& other) { return one.id < other.id; });
  json_writer json;
  json.open_array();
  for (const auto& each : all)
    write_connection(json, each);
  return json.close_array().take();
}

} // namespace sluice::http
