#include "app/http/tls_renewal.hpp"

#include "actors/detail/wall_clock.hpp"
#include "messages/error.hpp"

#include <openssl/ssl.h>
#include <sys/stat.h>

#include <spdlog/spdlog.h>

#include <cerrno>
#include <ctime>
#include <utility>

namespace sluice::http {

namespace {

constexpr auto look_interval = std::chrono::seconds{1};
/// A certificate that ends within so many seconds is told of: two weeks.
constexpr int64_t warning_seconds = 1'209'600;
constexpr int64_t ms_per_second = 1000;

/// Seconds since 1970; 0 for what cannot be read.
int64_t seconds_of(const ASN1_TIME* when) {
  std::tm fields{};
  return ASN1_TIME_to_tm(when, &fields) == 1 ? timegm(&fields) : 0;
}

struct lifetime {
  int64_t begin = 0;
  int64_t end = 0;
};

lifetime life_of(const tls_context& context) {
  const auto* shown = SSL_CTX_get0_certificate(context->native_handle());
  return {seconds_of(X509_get0_notBefore(shown)), seconds_of(X509_get0_notAfter(shown))};
}

int64_t now() {
  return detail::wall_clock_ms() / ms_per_second;
}

std::string date(int64_t when) {
  const auto seconds = static_cast<std::time_t>(when);
  std::tm fields{};
  gmtime_r(&seconds, &fields);
  char text[32] = {};
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &fields);
  return text;
}

} // namespace

tls_renewal::tls_renewal(loader load, std::vector<std::string> files, std::string shown)
    : load_(std::move(load)), files_(std::move(files)), shown_(std::move(shown)) {}

caf::error tls_renewal::start() {
  stamps_ = stamps();
  auto loaded = load_();
  if (!loaded)
    return std::move(loaded.error());
  context_ = std::move(*loaded);
  judge();
  return caf::none;
}

boost::asio::ssl::context& tls_renewal::context() {
  look();
  return *context_;
}

/// What could not be used is tried again even if it looks the same: it may have been in
/// the middle of a change.
void tls_renewal::look() {
  if (clock::now() < next_look_)
    return;
  next_look_ = clock::now() + look_interval;
  if (not_renewed_ || stamps() != stamps_)
    take();
  judge();
}

void tls_renewal::renew() {
  take();
  judge();
}

void tls_renewal::tell(status_report& report) const {
  for (const auto* each : {&not_renewed_, &expires_, &expired_, &early_})
    each->tell(report);
}

std::vector<tls_renewal::stamp> tls_renewal::stamps() const {
  std::vector<stamp> result;
  for (const auto& each : files_) {
    struct stat info {};
    if (::stat(each.c_str(), &info) != 0)
      result.push_back({errno});
    else
      result.push_back({0,
                        info.st_dev,
                        info.st_ino,
                        info.st_size,
                        {info.st_mtim.tv_sec, info.st_mtim.tv_nsec, info.st_ctim.tv_sec,
                         info.st_ctim.tv_nsec}});
  }
  return result;
}

void tls_renewal::take() {
  // Before they are read: a change in between is seen at the next look.
  stamps_ = stamps();
  auto loaded = load_();
  if (!loaded)
    return refuse(text_of(loaded.error()));
  const auto end = life_of(*loaded).end;
  if (end <= now())
    return refuse(shown_ + " has expired: it was valid until " + date(end));
  context_ = std::move(*loaded);
  not_renewed_.clear();
  why_not_renewed_.clear();
  spdlog::info("certificate-renewed {} is valid until {}", shown_, date(end));
}

void tls_renewal::refuse(const std::string& why) {
  if (std::exchange(why_not_renewed_, why) != why)
    spdlog::error("certificate-not-renewed {}; the one that was loaded before stays in "
                  "use",
                  why);
  not_renewed_.note(why + "; the one that was loaded before stays in use");
}

void tls_renewal::judge() {
  const auto life = life_of(context_);
  const auto time = now();
  if (time < life.begin)
    note(early_,
         shown_ + " is not valid before " + date(life.begin) + ", or the clock is wrong");
  else
    early_.clear();
  if (time >= life.end)
    note(expired_, shown_ + " has expired: it was valid until " + date(life.end));
  else
    expired_.clear();
  if (time >= life.end - warning_seconds && time < life.end)
    note(expires_, shown_ + " expires soon: it is valid until " + date(life.end));
  else
    expires_.clear();
}

/// Said once when it begins; the alert stands.
void tls_renewal::note(detail::trouble& which, const std::string& text) {
  if (!which)
    spdlog::warn("{} {}", which.id(), text);
  which.note(text);
}

} // namespace sluice::http
