// What the tests of the configuration share: a load with variables of its own, and the
// one line that refuses. Include it after defining CAF_SUITE.
#pragma once

#include "app/config/load.hpp"
#include "messages/error.hpp"

#include <map>
#include <string>
#include <vector>

#include "tests/temp_dir.hpp"

#include <caf/test/dsl.hpp>

namespace sluice::test {

using variables = std::map<std::string, std::string>;

inline caf::expected<config::configuration>
loaded(const std::vector<std::string>& arguments, const variables& set = {}) {
  return config::load_all(arguments, [&](const char* name) -> const char* {
    const auto hit = set.find(name);
    return hit == set.end() ? nullptr : hit->second.c_str();
  });
}

/// The line that refuses, or "accepted".
inline std::string refusal(const std::vector<std::string>& arguments,
                           const variables& set = {}) {
  auto result = loaded(arguments, set);
  return result ? "accepted" : text_of(result.error());
}

inline bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != text.npos;
}

/// A configuration file, for as long as the object lives.
class config_file {
public:
  explicit config_file(const std::string& text) { write_file(dir_ / "x.ini", text); }

  std::string option() const { return "--config-file=" + (dir_ / "x.ini"); }

private:
  temp_dir dir_;
};

/// Checks that `line` is one line, refuses, and says `part`.
inline void check_refusal(const std::string& line, const std::string& part) {
  CAF_CHECK_EQUAL(line.substr(0, 16), "invalid setting ");
  CAF_CHECK_EQUAL(line.find('\n'), std::string::npos);
  if (!contains(line, part))
    CAF_ERROR("expected " << part << " in " << line);
}

} // namespace sluice::test
