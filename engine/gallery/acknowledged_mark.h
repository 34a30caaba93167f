#pragma once

#include <string>

#include "engine/base/result.h"
#include "engine/base/units.h"
#include "engine/gallery/descriptor.h"
#include "engine/gallery/records.h"

namespace whorl::gallery {

// How far the store has acknowledged, kept beside the database. A log that lost its tail looks just
// like one whose last write was cut off by a crash; this small file tells the two apart: a database
// that ends before the mark has lost something it promised.
//
// Two slots are written in turn, after the commit is on disk and without a sync of their own: the
// mark may be behind the database after a power cut, never ahead of it.
class AcknowledgedMark {
 public:
  static Result<> create(const std::string& folder, const StoreId& store, Revision revision);
  // Faults: store_corrupt when neither slot is sound, store_version.
  static Result<AcknowledgedMark> open(const std::string& folder);

  AcknowledgedMark(AcknowledgedMark&&) noexcept = default;
  AcknowledgedMark& operator=(AcknowledgedMark&&) noexcept = default;
  ~AcknowledgedMark();  // syncs

  const StoreId& store() const { return store_; }
  Revision revision() const { return revision_; }
  void advance(Revision revision);

 private:
  AcknowledgedMark() = default;

  Descriptor file_;
  StoreId store_{};
  Revision revision_;
  int newest_slot_ = 0;
};

}  // namespace whorl::gallery
