// What the kernel asks, each in a few lines: the tree does it, libfuse carries the
// answer. The page cache is on, written through; fsync and fsyncdir are there.
#include <fcntl.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>
#include <vector>

#include "tests/system/forgetful/file_system.hpp"

namespace forgetful {

namespace {

// Nobody but us changes anything, so what the kernel knows stays true.
constexpr double known_seconds = 3600;
constexpr std::size_t disk_bytes = std::size_t{1} << 30;

template <class F>
void handle(fuse_req_t request, F serve) {
  static_cast<file_system*>(fuse_req_userdata(request))->handle(request, serve);
}

struct stat status_of(const inode& which) {
  auto result = which.status;
  result.st_size = static_cast<off_t>(which.bytes.size());
  result.st_blocks = (result.st_size + 511) / 512;
  result.st_blksize = 4096;
  return result;
}

fuse_entry_param entry_of(const inode& which) {
  fuse_entry_param result = {};
  result.ino = which.status.st_ino;
  result.attr = status_of(which);
  result.attr_timeout = known_seconds;
  result.entry_timeout = known_seconds;
  return result;
}

void answer_entry(fuse_req_t request, const inode& which) {
  auto entry = entry_of(which);
  fuse_reply_entry(request, &entry);
}

void answer_status(fuse_req_t request, const inode& which) {
  auto status = status_of(which);
  fuse_reply_attr(request, &status, known_seconds);
}

void lookup(fuse_req_t request, fuse_ino_t parent, const char* name) {
  handle(request, [=](tree& all) { answer_entry(request, all.child(parent, name)); });
}

void getattr(fuse_req_t request, fuse_ino_t which, fuse_file_info*) {
  handle(request, [=](tree& all) { answer_status(request, all.at(which)); });
}

void setattr(fuse_req_t request, fuse_ino_t which, struct stat* wanted, int what,
             fuse_file_info*) {
  handle(request, [=](tree& all) {
    auto& file = all.at(which);
    if (what & FUSE_SET_ATTR_SIZE)
      all.resize(file, static_cast<std::size_t>(wanted->st_size));
    if (what & FUSE_SET_ATTR_MODE)
      file.status.st_mode = wanted->st_mode;
    if (what & FUSE_SET_ATTR_UID)
      file.status.st_uid = wanted->st_uid;
    if (what & FUSE_SET_ATTR_GID)
      file.status.st_gid = wanted->st_gid;
    if (what & FUSE_SET_ATTR_MTIME)
      file.status.st_mtim = wanted->st_mtim;
    answer_status(request, file);
  });
}

void mknod(fuse_req_t request, fuse_ino_t parent, const char* name, mode_t type,
           dev_t device) {
  handle(request,
         [=](tree& all) { answer_entry(request, all.make(parent, name, type, device)); });
}

void mkdir(fuse_req_t request, fuse_ino_t parent, const char* name, mode_t type) {
  mknod(request, parent, name, type | S_IFDIR, 0);
}

void unlink(fuse_req_t request, fuse_ino_t parent, const char* name) {
  handle(request, [=](tree& all) {
    all.unlink(parent, name);
    fuse_reply_err(request, 0);
  });
}

void rmdir(fuse_req_t request, fuse_ino_t parent, const char* name) {
  handle(request, [=](tree& all) {
    all.remove_directory(parent, name);
    fuse_reply_err(request, 0);
  });
}

void rename(fuse_req_t request, fuse_ino_t from, const char* name, fuse_ino_t to,
            const char* new_name, unsigned flags) {
  handle(request, [=](tree& all) {
    all.rename(from, name, to, new_name, flags);
    fuse_reply_err(request, 0);
  });
}

void link(fuse_req_t request, fuse_ino_t which, fuse_ino_t parent, const char* name) {
  handle(request, [=](tree& all) {
    all.link(which, parent, name);
    answer_entry(request, all.at(which));
  });
}

void open(fuse_req_t request, fuse_ino_t which, fuse_file_info* file) {
  handle(request, [=](tree& all) {
    auto& opened = all.at(which);
    if (file->flags & O_TRUNC)
      all.resize(opened, 0);
    file->keep_cache = 1;
    fuse_reply_open(request, file);
  });
}

void create(fuse_req_t request, fuse_ino_t parent, const char* name, mode_t type,
            fuse_file_info* file) {
  handle(request, [=](tree& all) {
    auto entry = entry_of(all.make(parent, name, type | S_IFREG, 0));
    file->keep_cache = 1;
    fuse_reply_create(request, &entry, file);
  });
}

void read(fuse_req_t request, fuse_ino_t which, std::size_t size, off_t offset,
          fuse_file_info*) {
  handle(request, [=](tree& all) {
    auto bytes = all.at(which).bytes.read(static_cast<std::size_t>(offset), size);
    fuse_reply_buf(request, bytes.data(), bytes.size());
  });
}

void write(fuse_req_t request, fuse_ino_t which, const char* bytes, std::size_t size,
           off_t offset, fuse_file_info*) {
  handle(request, [=](tree& all) {
    fuse_reply_write(
      request, all.write(all.at(which), static_cast<std::size_t>(offset), {bytes, size}));
  });
}

void fallocate(fuse_req_t request, fuse_ino_t which, int how, off_t offset, off_t length,
               fuse_file_info*) {
  handle(request, [=](tree& all) {
    if ((how & ~FALLOC_FL_KEEP_SIZE) != 0)
      throw failure{EOPNOTSUPP};
    auto& file = all.at(which);
    auto size = std::max(static_cast<std::size_t>(offset + length), file.bytes.size());
    if (how == 0)
      all.resize(file, size);
    fuse_reply_err(request, 0);
  });
}

void fsync(fuse_req_t request, fuse_ino_t which, int, fuse_file_info*) {
  static_cast<file_system*>(fuse_req_userdata(request))->sync(request, which);
}

void readdir(fuse_req_t request, fuse_ino_t which, std::size_t size, off_t offset,
             fuse_file_info*) {
  handle(request, [=](tree& all) {
    std::vector<char> out(size);
    std::size_t used = 0;
    off_t position = 0;
    for (const auto& [name, child] : all.at(which).names) {
      if (position++ < offset)
        continue;
      auto status = status_of(all.at(child));
      auto length = fuse_add_direntry(request, out.data() + used, size - used,
                                      name.c_str(), &status, position);
      if (length > size - used)
        break;
      used += length;
    }
    fuse_reply_buf(request, out.data(), used);
  });
}

void statfs(fuse_req_t request, fuse_ino_t) {
  struct statvfs answer = {};
  answer.f_bsize = answer.f_frsize = 4096;
  answer.f_blocks = answer.f_bfree = answer.f_bavail = disk_bytes / 4096;
  answer.f_files = answer.f_ffree = answer.f_favail = 1'000'000;
  answer.f_namemax = 255;
  fuse_reply_statfs(request, &answer);
}

fuse_lowlevel_ops all_operations() {
  fuse_lowlevel_ops result = {};
  result.lookup = lookup;
  result.getattr = getattr;
  result.setattr = setattr;
  result.mknod = mknod;
  result.mkdir = mkdir;
  result.unlink = unlink;
  result.rmdir = rmdir;
  result.rename = rename;
  result.link = link;
  result.open = open;
  result.create = create;
  result.read = read;
  result.write = write;
  result.fallocate = fallocate;
  result.fsync = fsync;
  result.readdir = readdir;
  result.fsyncdir = fsync;
  result.statfs = statfs;
  return result;
}

} // namespace

const fuse_lowlevel_ops operations = all_operations();

} // namespace forgetful
