#include "tests/system/forgetful/tree.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <set>
#include <utility>

namespace forgetful {

namespace {

void touch(inode& which) {
  clock_gettime(CLOCK_REALTIME, &which.status.st_mtim);
  which.status.st_ctim = which.status.st_mtim;
}

void set(std::map<std::string, number>& names, const name_change& change) {
  for (const auto& [name, which] : change.names) {
    if (which == 0)
      names.erase(name);
    else
      names[name] = which;
  }
}

} // namespace

tree::tree(mode how) : how_(how) {
  auto& top = inodes_[root];
  top.status.st_ino = root;
  top.status.st_mode = S_IFDIR | 0700;
  top.status.st_nlink = 2;
  top.status.st_uid = getuid();
  top.status.st_gid = getgid();
  touch(top);
}

inode& tree::at(number which) {
  auto found = inodes_.find(which);
  if (found == inodes_.end())
    throw failure{ENOENT};
  return found->second;
}

inode& tree::child(number parent, std::string_view name) {
  auto& names = at(parent).names;
  auto found = names.find(std::string{name});
  if (found == names.end())
    throw failure{ENOENT};
  return at(found->second);
}

inode& tree::make(number parent, const char* name, mode_t type, dev_t device) {
  auto& names = at(parent).names;
  if (names.contains(name))
    throw failure{EEXIST};
  auto& made = inodes_[++last_number_];
  made.status.st_ino = last_number_;
  made.status.st_mode = type;
  made.status.st_nlink = S_ISDIR(type) ? 2 : 1;
  made.status.st_uid = getuid();
  made.status.st_gid = getgid();
  made.status.st_rdev = device;
  made.name = name;
  touch(made);
  change_names(parent, {{name, last_number_}}, ++last_id_);
  return made;
}

void tree::link(number which, number parent, const char* name) {
  if (at(parent).names.contains(name))
    throw failure{EEXIST};
  ++at(which).status.st_nlink;
  at(which).name = name;
  change_names(parent, {{name, which}}, ++last_id_);
}

void tree::unlink(number parent, const char* name) {
  auto& gone = child(parent, name);
  if (gone.is_directory())
    throw failure{EISDIR};
  --gone.status.st_nlink;
  change_names(parent, {{name, 0}}, ++last_id_);
}

void tree::remove_directory(number parent, const char* name) {
  auto& gone = child(parent, name);
  if (!gone.is_directory())
    throw failure{ENOTDIR};
  if (!gone.names.empty())
    throw failure{ENOTEMPTY};
  gone.status.st_nlink = 0;
  change_names(parent, {{name, 0}}, ++last_id_);
}

void tree::rename(number from, const char* name, number to, const char* new_name,
                  unsigned flags) {
  auto& moved = child(from, name);
  auto replaced = at(to).names.find(new_name);
  if (flags != 0)
    throw failure{EINVAL};
  if (replaced != at(to).names.end()) {
    auto& victim = at(replaced->second);
    if (&victim == &moved)
      return;
    if (victim.is_directory())
      throw failure{EEXIST};
    --victim.status.st_nlink;
  }
  moved.name = new_name;
  auto id = ++last_id_;
  if (from == to) {
    change_names(to, {{name, 0}, {new_name, moved.status.st_ino}}, id);
  } else {
    change_names(to, {{new_name, moved.status.st_ino}}, id);
    change_names(from, {{name, 0}}, id);
  }
}

std::size_t tree::write(inode& file, std::size_t offset, std::string_view bytes) {
  auto size = file.bytes.size();
  auto growth = offset + bytes.size() > size ? offset + bytes.size() - size : 0;
  if (room_ && growth > *room_) {
    auto too_many = growth - *room_;
    if (too_many >= bytes.size())
      throw failure{ENOSPC};
    bytes.remove_suffix(too_many);
    growth = *room_;
  }
  if (room_)
    *room_ -= growth;
  file.bytes.write(offset, bytes, last_id_);
  touch(file);
  return bytes.size();
}

void tree::resize(inode& file, std::size_t size) {
  auto before = file.bytes.size();
  if (room_ && size > before && size - before > *room_)
    throw failure{ENOSPC};
  if (room_)
    *room_ = *room_ + before - size;
  file.bytes.resize(size, last_id_);
  touch(file);
}

void tree::sync(inode& which, std::uint64_t up_to) {
  which.bytes.sync(up_to);
  committed_id_ = std::max(committed_id_, up_to);
  if (how_ == mode::ext4)
    return;
  auto& names = which.unsynced_names;
  auto end = std::find_if(names.begin(), names.end(),
                          [&](const auto& each) { return each.id > up_to; });
  std::for_each(names.begin(), end,
                [&](const auto& each) { set(which.stable_names, each); });
  names.erase(names.begin(), end);
}

void tree::lose(cut& what) {
  what.last_metadata_id = pick_last_metadata(what);
  for (auto& [which, each] : inodes_) {
    each.bytes.lose(what);
    lose_names(each, what);
  }
  committed_id_ = last_id_;
  room_.reset();
  forget_unreachable();
}

void tree::change_names(number directory,
                        std::vector<std::pair<std::string, number>> names,
                        std::uint64_t id) {
  auto& changed = at(directory);
  changed.unsynced_names.push_back({id, std::move(names)});
  set(changed.names, changed.unsynced_names.back());
  touch(changed);
}

std::uint64_t tree::pick_last_metadata(cut& what) const {
  return committed_id_ + what.pick(last_id_ - committed_id_);
}

void tree::lose_names(inode& directory, cut& what) {
  for (const auto& each : directory.unsynced_names) {
    auto gets_there = what.is_strict()
                        ? what.survives()
                        : what.survives_if(each.id <= what.last_metadata_id);
    if (gets_there)
      set(directory.stable_names, each);
  }
  directory.unsynced_names.clear();
  directory.names = directory.stable_names;
}

// What no name leads to any more goes, and links are counted anew.
void tree::forget_unreachable() {
  std::set<number> reached{root};
  std::vector<number> open{root};
  for (auto& [which, each] : inodes_)
    each.status.st_nlink = each.is_directory() ? 2 : 0;
  while (!open.empty()) {
    auto& directory = at(open.back());
    open.pop_back();
    for (const auto& [name, which] : directory.names) {
      if (!at(which).is_directory())
        ++at(which).status.st_nlink;
      if (reached.insert(which).second)
        open.push_back(which);
    }
  }
  std::erase_if(inodes_, [&](const auto& each) { return !reached.contains(each.first); });
}

} // namespace forgetful
