#include "tests/gallery/raw_store.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>

#include "kernels/core.h"

namespace whorl::gallery {

RawStore::RawStore(const std::string& store_folder) {
  auto disk = Disk::open(store_folder + "/db", Disk::Mode::write);
  WHORL_CHECK(disk.has_value());
  disk_ = std::move(*disk);
}

std::optional<Bytes> RawStore::get(Space space, ByteView key) const {
  auto value = disk_->get(space, key, nullptr);
  WHORL_CHECK(value.has_value());
  return std::move(*value);
}

void RawStore::put(Space space, ByteView key, ByteView value) {
  DiskBatch batch(*disk_);
  batch.put(space, key, value);
  WHORL_CHECK(disk_->write(batch, true).has_value());
}

void RawStore::remove(Space space, ByteView key) {
  DiskBatch batch(*disk_);
  batch.remove(space, key);
  WHORL_CHECK(disk_->write(batch, true).has_value());
}

int files_with(const std::string& folder, ByteView bytes) {
  int found = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file()) continue;
    std::ifstream in(entry.path(), std::ios::binary);
    const std::string content{std::istreambuf_iterator<char>(in), {}};
    const auto hay = as_bytes(content);
    const auto at = std::search(hay.begin(), hay.end(),
                                std::boyer_moore_horspool_searcher(bytes.begin(), bytes.end()));
    if (at != hay.end()) ++found;
  }
  return found;
}

}  // namespace whorl::gallery
