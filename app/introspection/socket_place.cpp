#include "app/introspection/socket_place.hpp"

#include "actors/storage/spool_place.hpp"

#include <filesystem>

namespace sluice::wire {

std::vector<std::string> socket_places(const std::string& data_dir) {
  std::vector<std::string> result;
  if (auto spool = recorded_spool_place(data_dir); spool && *spool)
    result.push_back(socket_in(**spool));
  result.push_back(socket_in(data_dir));
  return result;
}

std::string socket_in(const std::string& directory) {
  return directory + "/introspection.sock";
}

bool is_socket(const std::string& path) {
  std::error_code none;
  return std::filesystem::is_socket(path, none);
}

} // namespace sluice::wire
