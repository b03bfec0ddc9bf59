// A session store as one JSON file, written anew at each save: to another name first,
// which then takes the old file's place.
#pragma once

#include "bench/plain_file.hpp"
#include "bench/workload.hpp"

#include <cstdio>
#include <stdexcept>
#include <string>
#include <vector>

namespace sluice::bench {

inline std::vector<std::string> first_documents() {
  std::vector<std::string> result;
  for (uint64_t i = 0; i < session_count; ++i)
    result.push_back(session_document(i, 0));
  return result;
}

inline void save_whole(const std::string& directory,
                       const std::vector<std::string>& documents) {
  std::string text = "{";
  for (uint64_t i = 0; i < documents.size(); ++i) {
    text += i == 0 ? "\"" : ",\"";
    text += session_key(i);
    text += "\":";
    text += documents[i];
  }
  text += "}";
  auto path = directory + "/sessions.json";
  plain_file{path + ".tmp", O_TRUNC}.write(text);
  if (std::rename((path + ".tmp").c_str(), path.c_str()) != 0)
    throw std::runtime_error("rename");
}

} // namespace sluice::bench
