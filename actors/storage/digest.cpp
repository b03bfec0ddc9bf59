#include "actors/storage/digest.hpp"

#include <openssl/evp.h>

#include <array>
#include <new>

namespace sluice {

namespace {

/// A sum of anything but all the bytes would be taken for that of other ones. There is
/// nothing that these could fail of but a lack of memory.
void demand(bool done) {
  if (!done)
    throw std::bad_alloc{};
}

} // namespace

void digest::deleter::operator()(evp_md_ctx_st* x) const {
  EVP_MD_CTX_free(x);
}

digest::digest() : context_(EVP_MD_CTX_new()) {
  demand(context_ != nullptr);
  demand(EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) == 1);
}

void digest::add(std::string_view bytes) {
  demand(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) == 1);
}

std::string digest::hex() {
  constexpr char digits[] = "0123456789abcdef";
  std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
  unsigned int length = 0;
  demand(EVP_DigestFinal_ex(context_.get(), bytes.data(), &length) == 1);
  std::string result;
  for (unsigned int i = 0; i < length; ++i) {
    result += digits[bytes[i] >> 4];
    result += digits[bytes[i] & 15];
  }
  return result;
}

std::string digest_of(std::string_view bytes) {
  digest x;
  x.add(bytes);
  return x.hex();
}

} // namespace sluice
