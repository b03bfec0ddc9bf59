// What tells one file's bytes from another's: SHA-256, which `sha256sum` computes too,
// so that a person can check what the service checked.
#pragma once

#include <memory>
#include <string>
#include <string_view>

struct evp_md_ctx_st;

namespace sluice {

class digest {
public:
  digest();
  void add(std::string_view bytes);

  /// In hexadecimal; nothing may be added afterwards.
  std::string hex();

private:
  struct deleter {
    void operator()(evp_md_ctx_st* x) const;
  };
  std::unique_ptr<evp_md_ctx_st, deleter> context_;
};

std::string digest_of(std::string_view bytes);

} // namespace sluice
