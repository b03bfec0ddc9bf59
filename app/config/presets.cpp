// What a profile sets, and why.
#include "app/config/keys.hpp"

namespace sluice::config {

const std::vector<preset>& presets() {
  static const std::vector<preset> table = {
    {"minimal", "spool.max-bytes", "4194304", "an eighth of the memory"},
    {"minimal", "log.max-entries", "50", "half the lines that wait, where counts hold"},
    {"minimal", "log.flush-interval", "3s", "less to lose with the power"},
    {"minimal", "sqlite.cache-kib", "2000", "SQLite's own default instead of 10 MB"},
    {"raspberry-pi", "log.flush-interval", "30s",
     "pages of a log's end reach the card once where 5s writes them six times"},
    {"raspberry-pi", "log.max-entries", "1000",
     "a busy log must not undo the longer interval by its count"},
    {"raspberry-pi", "log.max-bytes", "262144", "nor by its size"},
    {"raspberry-pi", "log.sync", "true",
     "a log is synced once in 30s while the spool has room, and no cut costs more"},
    {"raspberry-pi", "session.debounce", "10s",
     "a session that changes all the time costs a fifth of the writes"},
    {"raspberry-pi", "sqlite.checkpoint-interval", "15min",
     "a page that changes again and again is copied into the database once"},
    {"raspberry-pi", "sqlite.checkpoint-bytes", "16777216",
     "the WAL's size must not undo the longer interval"},
  };
  return table;
}

} // namespace sluice::config
