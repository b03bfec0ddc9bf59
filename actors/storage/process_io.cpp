#include "actors/storage/process_io.hpp"

#include <fstream>
#include <string>

namespace sluice {

process_io read_process_io() {
  process_io result;
  std::ifstream file{"/proc/self/io"};
  std::string name;
  uint64_t value = 0;
  while (file >> name >> value) {
    if (name == "rchar:")
      result.read_chars = value;
    else if (name == "wchar:")
      result.write_chars = value;
    else if (name == "syscr:")
      result.read_calls = value;
    else if (name == "syscw:")
      result.write_calls = value;
    else if (name == "read_bytes:")
      result.device_read_bytes = value;
    else if (name == "write_bytes:")
      result.device_write_bytes = value;
  }
  return result;
}

} // namespace sluice
