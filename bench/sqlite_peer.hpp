// SQLite as a careful program uses it by hand: WAL, synchronous NORMAL, statements
// prepared once; or as it comes, with a rollback journal and synchronous FULL. A failure
// ends the bench.
#pragma once

#include <sqlite3.h>

#include <memory>
#include <stdexcept>
#include <string>

namespace sluice::bench {

class sqlite_peer {
public:
  explicit sqlite_peer(const std::string& path, bool as_it_comes = false) {
    sqlite3* opened = nullptr;
    auto code = sqlite3_open(path.c_str(), &opened);
    db_.reset(opened);
    check(code == SQLITE_OK);
    if (as_it_comes)
      return;
    run("PRAGMA journal_mode=WAL");
    run("PRAGMA synchronous=NORMAL");
  }

  void run(const char* sql) {
    check(sqlite3_exec(db_.get(), sql, nullptr, nullptr, nullptr) == SQLITE_OK);
  }

  class statement {
  public:
    statement(sqlite_peer& owner, const char* sql) : owner_(owner) {
      sqlite3_stmt* prepared = nullptr;
      auto code = sqlite3_prepare_v2(owner.db_.get(), sql, -1, &prepared, nullptr);
      owner.check(code == SQLITE_OK);
      handle_.reset(prepared);
    }

    /// Binds the texts in order and runs.
    template <class... Texts>
    void run(const Texts&... texts) {
      int index = 0;
      (owner_.check(sqlite3_bind_text(handle_.get(), ++index, texts.data(),
                                      static_cast<int>(texts.size()), SQLITE_STATIC)
                    == SQLITE_OK),
       ...);
      owner_.check(sqlite3_step(handle_.get()) == SQLITE_DONE);
      sqlite3_reset(handle_.get());
    }

  private:
    struct finalize {
      void operator()(sqlite3_stmt* x) const { sqlite3_finalize(x); }
    };
    sqlite_peer& owner_;
    std::unique_ptr<sqlite3_stmt, finalize> handle_;
  };

private:
  struct close {
    void operator()(sqlite3* x) const { sqlite3_close(x); }
  };

  void check(bool ok) const {
    if (!ok)
      throw std::runtime_error(sqlite3_errmsg(db_.get()));
  }

  std::unique_ptr<sqlite3, close> db_;
};

} // namespace sluice::bench
