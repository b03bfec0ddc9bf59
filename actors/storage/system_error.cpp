#include "actors/storage/system_error.hpp"

#include <caf/make_message.hpp>

#include <cerrno>
#include <string>
#include <system_error>

namespace sluice {

ec code_of_errno(int error_number) {
  switch (error_number) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
      return ec::disk_full;
    default:
      return ec::disk_failed;
  }
}

caf::error system_failure(std::string_view action, std::string_view path,
                          int error_number) {
  auto text = std::string{action} + " " + std::string{path} + ": "
              + std::generic_category().message(error_number);
  if (error_number == EFBIG)
    text += " for the limit on the size of files (ulimit -f, LimitFSIZE=)";
  return caf::make_error(code_of_errno(error_number), std::move(text));
}

} // namespace sluice
