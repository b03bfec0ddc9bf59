// What a lane of the spool has to know of a sync: its marks say what is in doubt while
// it lasts, and let go of it when it was good.
#pragma once

#include "actors/storage/spool.hpp"
#include "actors/storage/sync_token.hpp"

#include <memory>
#include <utility>

namespace sluice {

/// Says whose items a sync brings to disk: those of `what`, wherever they begin there. A
/// failure is not told of what has been released, or written elsewhere, since.
inline sync_claim claim_of(std::shared_ptr<spool> in, lane_id lane, batch_note what) {
  if (!in || lane == 0)
    return {};
  auto doubt = [in, lane, what](bool failed) {
    if (what.first_seq > what.last_seq)
      return;
    if (!failed)
      return in->doubt(lane, {what, false});
    const auto known = in->state(lane).doubt;
    if (known && known->what.where.device == what.where.device
        && known->what.where.inode == what.where.inode)
      in->doubt(lane, {known->what, true});
  };
  auto release = [in = std::move(in), lane, last = what.last_seq] {
    in->released(lane, last);
  };
  return {std::move(doubt), std::move(release)};
}

} // namespace sluice
