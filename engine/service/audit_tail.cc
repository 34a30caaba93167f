#include "engine/service/audit_tail.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "engine/service/audit_record.h"

namespace whorl::service {
namespace {

UnixMillis time_of(const AuditContent& content) {
  return std::visit([](const auto& what) { return what.at; }, content);
}

Result<> write_whole(int file, std::span<const std::byte> bytes, std::uint64_t offset,
                     const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t n = ::pwrite(file, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return refused_by_system(path);
    bytes = bytes.subspan(static_cast<std::size_t>(n));
    offset += static_cast<std::uint64_t>(n);
  }
  return {};
}

}  // namespace

AuditTail::AuditTail(std::string folder, AuditSeal seal, NewestNote note, End end,
                     gallery::Descriptor descriptor)
    : folder_(std::move(folder)),
      note_(std::move(note)),
      seal_(std::move(seal)),
      file_(std::move(end.file)),
      descriptor_(std::move(descriptor)),
      size_(end.size),
      first_at_(end.first_at),
      newest_(end.newest),
      on_disk_(end.noted) {}

Result<> AuditTail::append(const AuditContent& content, Durable durable) {
  Lock lock(mutex_);
  WHORL_TRY_VOID(make_room(lock, time_of(content)));
  WHORL_TRY_VOID(write_record(content));
  const bool soon = durable == Durable::soon && !failure_ && unsynced_.size() <= kMaxUnsyncedBytes;
  return soon ? Result<>{} : wait_for_disk(lock, newest_.number);
}

Result<> AuditTail::append_over_torn(const AuditOpened& opened) {
  Lock lock(mutex_);
  WHORL_TRY_VOID(write_record(opened));
  WHORL_TRY_VOID(wait_for_disk(lock, newest_.number));
  const bool cut = ::ftruncate(descriptor_.number(), static_cast<off_t>(size_)) == 0;
  return cut ? Result<>{} : Result<>{refused_by_system(file_.path)};
}

Result<> AuditTail::make_ready(UnixMillis at) {
  Lock lock(mutex_);
  WHORL_TRY_VOID(make_room(lock, at));
  if (failure_) WHORL_TRY_VOID(wait_for_disk(lock, newest_.number));
  WHORL_TRY_VOID(check_in_place(descriptor_, file_.path));
  return keep_room();
}

// The file's size stays: what ends a log is told by it.
Result<> AuditTail::keep_room() {
  if (size_ + kLeastAuditRoomBytes <= room_until_) return {};
  const std::uint64_t until = size_ + kAuditRoomBytes;
  int refused = 0;
  do {
    refused = ::fallocate(descriptor_.number(), FALLOC_FL_KEEP_SIZE, 0, static_cast<off_t>(until));
  } while (refused != 0 && errno == EINTR);
  // Where a file system cannot, a full disk is found out when the record is written.
  if (refused != 0 && errno != EOPNOTSUPP && errno != ENOSYS) return refused_by_system(file_.path);
  room_until_ = until;
  return {};
}

Result<> AuditTail::sync() {
  Lock lock(mutex_);
  return wait_for_disk(lock, newest_.number);
}

Result<> AuditTail::end_file_of_another_day(UnixMillis at) {
  Lock lock(mutex_);
  return make_room(lock, at);
}

bool AuditTail::is_past_its_day(UnixMillis at) const {
  return first_at_ && at.value() - first_at_->value() >= kAuditFileSpanMs;
}

// All of a file is on disk before the next one begins: a crash leaves no gap between them.
Result<> AuditTail::make_room(Lock& lock, UnixMillis at) {
  file_is_done_ = file_is_done_ || size_ >= kAuditFileBytes || is_past_its_day(at);
  while (file_is_done_) {
    if (newest_ != on_disk_ || syncing_) {
      WHORL_TRY_VOID(wait_for_disk(lock, newest_.number));
      settled_.wait(lock, [&] { return !syncing_; });
    } else {
      WHORL_TRY_VOID(begin_file());
    }
  }
  return {};
}

Result<> AuditTail::begin_file() {
  WHORL_TRY(AuditFile file, create_audit_file(folder_, newest_));
  gallery::Descriptor descriptor(::open(file.path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!descriptor.open()) return refused_by_system(file.path);
  // The room that was kept is for the next file; where it cannot be given back, it is not missed.
  [[maybe_unused]] const int ignored = ::ftruncate(descriptor_.number(), static_cast<off_t>(size_));
  file_ = std::move(file);
  descriptor_ = std::move(descriptor);
  size_ = kAuditHeaderBytes;
  room_until_ = 0;
  first_at_.reset();
  file_is_done_ = false;
  return {};
}

Result<> AuditTail::write_record(const AuditContent& content) {
  const Bytes body = encode_audit_body(content);
  const AuditPlace place = seal_.following(newest_, body);
  ByteWriter out;
  out.u32(body.size());
  out.bytes(body);
  out.bytes(place.mac);
  if (auto written = write_whole(descriptor_.number(), out.view(), size_, file_.path); !written) {
    // If not even this succeeds, the next record is written over what stays; a crash before that
    // leaves a torn one, which the next open removes.
    [[maybe_unused]] const int ignored =
        ::ftruncate(descriptor_.number(), static_cast<off_t>(size_));
    room_until_ = 0;  // truncating gave it back
    return written;
  }
  size_ += out.size();
  newest_ = place;
  if (!first_at_) first_at_ = time_of(content);
  unsynced_.insert(unsynced_.end(), out.view().begin(), out.view().end());
  return {};
}

// Until the record is on disk, or a sync that was to bring it there failed.
Result<> AuditTail::wait_for_disk(Lock& lock, std::uint64_t number) {
  const std::uint64_t syncs_before = syncs_;
  while (on_disk_.number < number) {
    if (syncs_ != syncs_before && failure_ && tried_ >= number) return tl::unexpected(*failure_);
    if (syncing_) {
      settled_.wait(lock, [&, ended = syncs_] { return syncs_ != ended; });
    } else {
      WHORL_TRY_VOID(sync_now(lock));
    }
  }
  return {};
}

Result<> AuditTail::sync_now(Lock& lock) {
  syncing_ = true;
  const AuditPlace target = newest_;
  const std::size_t bytes = unsynced_.size();
  const Bytes note = NewestNote::bytes_of(seal_, target);
  Result<> done = failure_ ? write_again() : Result<>{};
  if (done) {
    lock.unlock();  // the file stays as it is while syncing_
    if (::fdatasync(descriptor_.number()) != 0) done = refused_by_system(file_.path);
    if (done) done = check_in_place(descriptor_, file_.path);
    if (done) done = note_.write(note);
    lock.lock();
  }
  syncing_ = false;
  ++syncs_;
  tried_ = target.number;
  failure_ = done ? std::nullopt : std::optional(done.error());
  if (done) {
    on_disk_ = target;
    unsynced_.erase(unsynced_.begin(), unsynced_.begin() + static_cast<std::ptrdiff_t>(bytes));
  }
  settled_.notify_all();
  return done;
}

Result<> AuditTail::write_again() {
  return write_whole(descriptor_.number(), unsynced_, size_ - unsynced_.size(), file_.path);
}

void AuditTail::keep_syncing() {
  Lock lock(mutex_);
  while (!stopped_.wait_for(lock, kAuditSyncEvery, [&] { return stopping_; })) {
    // A failure is told to whoever appends next.
    [[maybe_unused]] const Result<> told_later = wait_for_disk(lock, newest_.number);
  }
}

void AuditTail::stop() {
  const Lock lock(mutex_);
  stopping_ = true;
  stopped_.notify_all();
}

AuditPlace AuditTail::newest_on_disk() const {
  const Lock lock(mutex_);
  return on_disk_;
}

std::uint64_t AuditTail::first_in_file() const {
  const Lock lock(mutex_);
  return file_.first;
}

}  // namespace whorl::service
