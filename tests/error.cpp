// What clients read of an error is a sentence, whoever reported it.
#define CAF_SUITE error
#include "messages/error.hpp"

#include <caf/exit_reason.hpp>
#include <caf/pec.hpp>

#include <caf/test/dsl.hpp>

using namespace sluice;

CAF_TEST(an error of our own is told in its words or by its name) {
  CAF_CHECK_EQUAL(text_of(caf::make_error(ec::refused, std::string{"no such table"})),
                  "no such table");
  CAF_CHECK_EQUAL(text_of(ec::stopping), "stopping");
}

CAF_TEST(what CAF calls its errors reaches nobody) {
  using caf::sec;
  const caf::error errors[] = {sec::request_timeout,
                               sec::request_receiver_down,
                               caf::make_error(sec::unexpected_message, 5),
                               caf::make_error(sec::runtime_error, 7, "x"),
                               sec::invalid_argument,
                               caf::exit_reason::kill,
                               caf::exit_reason::unhandled_exception,
                               caf::pec::unexpected_character};
  for (const auto& x : errors) {
    const auto text = text_of(x);
    CAF_CHECK(text.size() > 30);
    for (const auto* word : {"error(", "caf", "sec", "exit_reason", "_", "("})
      CAF_CHECK_EQUAL(text.find(word), std::string::npos);
  }
}
