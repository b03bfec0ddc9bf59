// A patch merged into a document: the result is a document again, as often as it is done.
#include "actors/session/merge_patch.hpp"
#include "actors/detail/json_input.hpp"
#include "tests/fuzz/fuzz.hpp"

using namespace sluice;

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto [target, patch] = fuzz::in_two(fuzz::text_of_input(data, size));
  if (json::check_object(target) || json::check_object(patch))
    return 0;
  const auto merged = merge_patch(target, patch);
  fuzz::must(!json::check_object(merged), "a merged document is a document");
  fuzz::must(!json::check_object(merge_patch(merged, patch)),
             "a document merged once more is a document");
  return 0;
}
