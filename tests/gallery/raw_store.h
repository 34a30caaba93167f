#pragma once
// The database behind a closed store, for tests that tamper with it or look for what is in it.

#include <memory>
#include <optional>
#include <string>

#include "engine/gallery/disk.h"

namespace whorl::gallery {

// Changes one record behind the store's back.
class RawStore {
 public:
  explicit RawStore(const std::string& store_folder);
  std::optional<Bytes> get(Space space, ByteView key) const;
  void put(Space space, ByteView key, ByteView value);
  void remove(Space space, ByteView key);

 private:
  std::unique_ptr<Disk> disk_;
};

// How many files under the folder hold these bytes.
int files_with(const std::string& folder, ByteView bytes);

}  // namespace whorl::gallery
