// The same service over TLS.
#define CAF_SUITE http_tls

#include "app/http/tls.hpp"
#include "tests/http_client.hpp"
#include "tests/http_mocks.hpp"

#include <caf/actor_system_config.hpp>
#include <caf/send.hpp>

#include <openssl/ssl.h>

#include <caf/test/dsl.hpp>

using namespace sluice;
using namespace sluice::test;

namespace {

struct fixture {
  caf::actor_system_config config;
  caf::actor_system sys{config};
  std::string dir = make_dir();
  http_settings settings;
  theatre cast{sys};

  static std::string make_dir() {
    char name[] = "/tmp/sluice-tls-XXXXXX";
    return ::mkdtemp(name);
  }

  fixture() {
    settings.port = 0;
    settings.certificate = dir + "/cert.pem";
    settings.key = dir + "/key.pem";
    make_certificate("localhost");
  }

  void make_certificate(const std::string& name) {
    const auto command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 "
                         "-nodes -days 2 -subj /CN="
                         + name + " -keyout " + settings.key + " -out "
                         + settings.certificate + " 2>/dev/null";
    CAF_REQUIRE_EQUAL(std::system(command.c_str()), 0);
  }

  ~fixture() {
    ::unlink(settings.certificate.c_str());
    ::unlink(settings.key.c_str());
    ::rmdir(dir.c_str());
  }

  uint16_t port_of(const http::server& x) {
    const auto name = x.address();
    return static_cast<uint16_t>(std::stoi(name.substr(name.rfind(':') + 1)));
  }
};

/// A TLS client over a socket of its own; any version up to `newest`.
class tls_client {
public:
  tls_client(uint16_t port, int newest) {
    context_ = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_max_proto_version(context_, newest);
    SSL_CTX_set_security_level(context_, 0);
    auto* bio = BIO_new_connect(("127.0.0.1:" + std::to_string(port)).c_str());
    ssl_ = SSL_new(context_);
    SSL_set_bio(ssl_, bio, bio);
    connected_ = BIO_do_connect(bio) == 1 && SSL_connect(ssl_) == 1;
  }

  ~tls_client() {
    SSL_free(ssl_);
    SSL_CTX_free(context_);
  }

  bool connected() const { return connected_; }

  std::string ask(const std::string& text, const std::string& end) {
    SSL_write(ssl_, text.data(), static_cast<int>(text.size()));
    std::string answer;
    char bytes[4096];
    int n = 0;
    while (answer.find(end) == answer.npos
           && (n = SSL_read(ssl_, bytes, sizeof bytes)) > 0)
      answer.append(bytes, static_cast<size_t>(n));
    return answer;
  }

  /// The name in what the server shows.
  std::string shown() const {
    char name[64] = {};
    X509_NAME_get_text_by_NID(X509_get_subject_name(SSL_get0_peer_certificate(ssl_)),
                              NID_commonName, name, sizeof name);
    return name;
  }

  /// Whether the server said goodbye.
  bool ended() {
    char byte;
    return SSL_read(ssl_, &byte, 1) <= 0
           && SSL_get_shutdown(ssl_) == SSL_RECEIVED_SHUTDOWN;
  }

private:
  SSL_CTX* context_ = nullptr;
  SSL* ssl_ = nullptr;
  bool connected_ = false;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(http_tls_tests, fixture)

CAF_TEST(requests over TLS are answered and the end is said) {
  http::server uut{sys, settings, websocket_settings{}, cast.back};
  CAF_REQUIRE(!uut.start());
  tls_client peer{port_of(uut), TLS1_3_VERSION};
  CAF_REQUIRE(peer.connected());
  auto text = peer.ask(post_lines("app", std::string(100'000, 'x')), "}");
  CAF_CHECK(text.starts_with("HTTP/1.1 202"));
  CAF_CHECK_EQUAL(cast.x->text().size(), 100'001u);
  text = peer.ask(request("GET /health/live", {}, "Connection: close\r\n"), "}");
  CAF_CHECK(text.starts_with("HTTP/1.1 200"));
  CAF_CHECK(peer.ended());
}

CAF_TEST(a version that is broken is refused) {
  http::server uut{sys, settings, websocket_settings{}, cast.back};
  CAF_REQUIRE(!uut.start());
  tls_client old{port_of(uut), TLS1_1_VERSION};
  CAF_CHECK(!old.connected());
  tls_client good{port_of(uut), TLS1_2_VERSION};
  CAF_CHECK(good.connected());
}

CAF_TEST(plain HTTP on a TLS port harms nobody) {
  http::server uut{sys, settings, websocket_settings{}, cast.back};
  CAF_REQUIRE(!uut.start());
  client plain{port_of(uut)};
  plain.send(request("GET /health/live"));
  CAF_CHECK(plain.ask("").status == 0);
  CAF_CHECK(tls_client(port_of(uut), TLS1_3_VERSION).connected());
}

CAF_TEST(a certificate that cannot be used is an invalid setting that is named) {
  auto failure = [&](http_settings x) {
    http::server uut{sys, std::move(x), websocket_settings{}, cast.back};
    auto err = uut.start();
    CAF_CHECK(code_of(err) == ec::invalid_setting);
    return text_of(err);
  };
  auto no_key = settings;
  no_key.key = "";
  CAF_CHECK(failure(no_key).find("http.key") != std::string::npos);
  auto no_file = settings;
  no_file.certificate = dir + "/absent";
  CAF_CHECK(failure(no_file).find("http.certificate=" + dir) != std::string::npos);
  auto wrong = settings;
  wrong.key = settings.certificate;
  CAF_CHECK(failure(wrong).find("http.key") != std::string::npos);
}

CAF_TEST(certificates are loaded again when that is asked for) {
  http::server uut{sys, settings, websocket_settings{}, cast.back};
  CAF_REQUIRE(!uut.start());
  tls_client before{port_of(uut), TLS1_3_VERSION};
  make_certificate("renewed");
  uut.renew_certificates();
  tls_client after{port_of(uut), TLS1_3_VERSION};
  CAF_CHECK_EQUAL(before.shown(), "localhost");
  CAF_CHECK_EQUAL(after.shown(), "renewed");
  const auto text = before.ask(request("GET /health/live"), "}");
  CAF_CHECK(text.starts_with("HTTP/1.1 200"));
}

CAF_TEST_FIXTURE_SCOPE_END()
