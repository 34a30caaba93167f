#include "engine/gallery/acknowledged_mark.h"

#include <fcntl.h>

#include <cerrno>
#include <cstring>
#include <optional>

namespace whorl::gallery {
namespace {

constexpr const char* kFileName = "/ACKNOWLEDGED";
constexpr std::string_view kMagic = "WHRLMARK";
//   frame (5) of: magic (8), store id (16), revision u64; zeros to the end of the slot
constexpr std::size_t kSlotBytes = 64;  // both slots lie in one sector
constexpr std::size_t kUsedBytes =
    kFrameBytes + kMagic.size() + sizeof(StoreId) + sizeof(Revision::rep);
static_assert(kUsedBytes <= kSlotBytes);
constexpr int kSlots = 2;

Bytes slot_of(const StoreId& store, Revision revision) {
  ByteWriter body;
  body.text(kMagic);
  body.bytes(store);
  body.u64(revision.value());
  Bytes slot = frame({}, body.view());
  slot.resize(kSlotBytes);
  return slot;
}

struct Slot {
  StoreId store{};
  Revision revision;
};

Result<Slot> read_slot(std::span<const std::byte> bytes) {
  if (bytes.size() < kUsedBytes) return fail(Fault::store_corrupt);
  WHORL_TRY(const auto body, unframe({}, bytes.first(kUsedBytes)));
  ByteReader in(body);
  in.take(kMagic.size());  // its bytes are under the sum
  Slot slot;
  std::ranges::copy(in.take(slot.store.size()), slot.store.begin());
  slot.revision = Revision{in.u64()};
  return slot;
}

}  // namespace

Result<> AcknowledgedMark::create(const std::string& folder, const StoreId& store,
                                  Revision revision) {
  const std::string path = folder + kFileName;
  const Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  ByteWriter both;
  for (int i = 0; i < kSlots; ++i) both.bytes(slot_of(store, revision));
  const auto size = static_cast<ssize_t>(both.size());
  if (!file.open() || ::pwrite(file.number(), both.view().data(), both.size(), 0) != size ||
      ::fsync(file.number()) != 0) {
    return fail(errno == ENOSPC ? Fault::disk_full : Fault::io_error, 0, path);
  }
  return {};
}

Result<AcknowledgedMark> AcknowledgedMark::open(const std::string& folder) {
  const std::string path = folder + kFileName;
  AcknowledgedMark mark;
  mark.file_ = Descriptor(::open(path.c_str(), O_RDWR | O_CLOEXEC));
  if (!mark.file_.open()) {
    return fail(errno == ENOENT ? Fault::store_corrupt : Fault::io_error, 0, path);
  }
  std::optional<Slot> newest;
  Fault fault = Fault::store_corrupt;
  for (int i = 0; i < kSlots; ++i) {
    Bytes bytes(kSlotBytes);
    const ssize_t read = ::pread(mark.file_.number(), bytes.data(), bytes.size(),
                                 i * static_cast<off_t>(kSlotBytes));
    if (read < 0) return fail(Fault::io_error, 0, path);
    const auto slot = read_slot(std::span(bytes).first(static_cast<std::size_t>(read)));
    if (!slot && slot.error().fault == Fault::store_version) fault = Fault::store_version;
    if (!slot || (newest && slot->revision <= newest->revision)) continue;
    newest = *slot;
    mark.newest_slot_ = i;
  }
  if (!newest) return fail(fault, 0, path);
  mark.store_ = newest->store;
  mark.revision_ = newest->revision;
  return mark;
}

AcknowledgedMark::~AcknowledgedMark() {
  if (file_.open()) ::fdatasync(file_.number());  // if it fails the mark is behind, which is safe
}

void AcknowledgedMark::advance(Revision revision) {
  newest_slot_ = 1 - newest_slot_;
  revision_ = revision;
  const Bytes slot = slot_of(store_, revision);
  // A mark that could not be written is behind: it watches over less, it accuses no one wrongly.
  [[maybe_unused]] const ssize_t written = ::pwrite(file_.number(), slot.data(), slot.size(),
                                                    newest_slot_ * static_cast<off_t>(kSlotBytes));
}

}  // namespace whorl::gallery
