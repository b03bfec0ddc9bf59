#include "app/http/shared_answers.hpp"

#include "app/http/edge.hpp"

#include <boost/asio/post.hpp>

#include <exception>
#include <memory>
#include <utility>

namespace sluice::http {

namespace {

/// As much of it as each of many gets.
answer copy_of(const answer& x) {
  return {x.status, x.body, x.content_type, x.headers, x.close, x.on_room};
}

} // namespace

/// Stands before the route that answers, for all who wait.
class shared_answers::lead : public answer_sink {
public:
  lead(shared_answers& all, question what) : all_(all), what_(std::move(what)) {}

  void on_answer(answer by) override { all_.told(what_, by); }

private:
  shared_answers& all_;
  const question what_;
};

void shared_answers::join(const route& to, exchange_ptr x) {
  const question what{&to, x->in.query};
  waiting_[what].join(std::move(x));
  begin(what);
}

void shared_answers::begin(const question& what) {
  const auto known = waiting_.find(what);
  if (known == waiting_.end() || !known->second.is_due())
    return;
  const auto& to = *what.first;
  exchange_ptr x;
  try {
    request in;
    in.method = to.method;
    in.query = what.second;
    x = std::make_shared<exchange>(std::move(in), std::make_shared<lead>(*this, what));
  } catch (const std::exception&) {
    // Who is let go of without an answer is told so.
    waiting_.erase(known);
    return;
  }
  known->second.begin();
  handle(edge_, to, x);
}

/// The next round begins later, from the loop: who tells may be about to end.
void shared_answers::told(const question& what, const answer& by) {
  const auto known = waiting_.find(what);
  if (known == waiting_.end())
    return;
  const auto all = known->second.end();
  try {
    if (known->second.is_wanted())
      boost::asio::post(edge_.io(), [this, what] { begin(what); });
    else
      waiting_.erase(known);
  } catch (const std::exception&) {
    waiting_.erase(known);
  }
  for (const auto& each : all)
    each->reply(copy_of(by));
}

} // namespace sluice::http
