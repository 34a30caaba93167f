#include "engine/service/audit_reader.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "engine/base/byte_reader.h"
#include "engine/service/audit_record.h"

namespace whorl::service {
namespace {

// Many records; far more than the largest.
constexpr std::size_t kPieceBytes = std::size_t{256} * 1024;

std::string record(std::uint64_t number) { return "record " + std::to_string(number); }

}  // namespace

AuditFileReader::AuditFileReader(const AuditFile& file, AuditSeal& seal,
                                 gallery::Descriptor descriptor)
    : path_(file.path), seal_(&seal), file_(std::move(descriptor)) {}

Result<AuditFileReader> AuditFileReader::open(const AuditFile& file, AuditSeal& seal) {
  gallery::Descriptor descriptor(::open(file.path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!descriptor.open()) return refused_by_system(file.path);
  AuditFileReader reader(file, seal, std::move(descriptor));
  WHORL_TRY(const auto header, reader.look(kAuditHeaderBytes));
  const auto before = decode_audit_header(header);
  if (!before && before.error().fault == Fault::store_version) return at(before.error(), file.path);
  if (!before || before->number + 1 != file.first) {
    return fail(Fault::audit_broken, 0, file.path + ": does not begin as its name says");
  }
  reader.pass(kAuditHeaderBytes);
  reader.before_ = reader.newest_ = *before;
  return reader;
}

Result<std::optional<AuditEntry>> AuditFileReader::next() {
  WHORL_TRY(const auto start, look(kAuditLengthBytes));
  if (start.empty()) return std::nullopt;
  const std::size_t length = ByteReader(start).u32();
  if (start.size() < kAuditLengthBytes) return broken("is cut off");
  if (length == 0 || length > kMaxAuditBodyBytes) return broken("has an impossible length");
  const std::size_t whole_bytes = kAuditLengthBytes + length + sizeof(AuditMac);
  WHORL_TRY(const auto whole, look(whole_bytes));
  if (whole.size() < whole_bytes) return broken("is cut off");
  const auto body = whole.subspan(kAuditLengthBytes, length);
  const AuditPlace place = seal_->following(newest_, body);
  if (!std::ranges::equal(place.mac, whole.last(sizeof(AuditMac)))) {
    return broken("was altered, or does not follow the one before it");
  }
  // Whoever has the key wrote this: what cannot be read is of a later version.
  auto content = decode_audit_body(body);
  if (!content) { return fail(Fault::store_version, offset_, path_ + ", " + record(place.number)); }
  pass(whole_bytes);
  newest_ = place;
  return AuditEntry{place, std::move(*content)};
}

Result<std::uint64_t> AuditFileReader::size() const {
  struct stat status {};
  if (::fstat(file_.number(), &status) != 0) return refused_by_system(path_);
  return static_cast<std::uint64_t>(status.st_size);
}

Result<std::span<const std::byte>> AuditFileReader::look(std::size_t count) {
  while (piece_.size() - begin_ < count) {
    piece_.erase(piece_.begin(), piece_.begin() + static_cast<std::ptrdiff_t>(begin_));
    begin_ = 0;
    const std::size_t kept = piece_.size();
    piece_.resize(kept + kPieceBytes);
    const ssize_t read = ::read(file_.number(), piece_.data() + kept, kPieceBytes);
    piece_.resize(kept + static_cast<std::size_t>(std::max<ssize_t>(read, 0)));
    if (read < 0 && errno != EINTR) return refused_by_system(path_);
    if (read == 0) break;
  }
  const auto rest = std::span<const std::byte>(piece_).subspan(begin_);
  return rest.first(std::min(count, rest.size()));
}

void AuditFileReader::pass(std::size_t count) {
  begin_ += count;
  offset_ += count;
}

tl::unexpected<Error> AuditFileReader::broken(const std::string& what) const {
  return fail(Fault::audit_broken, offset_, path_ + ", " + record(newest_.number + 1) + " " + what);
}

Result<AuditWalk> walk_files(std::span<const AuditFile> files, AuditSeal& seal,
                             const AuditPlace& noted,
                             const std::function<void(const AuditEntry&)>& visit) {
  AuditWalk walk;
  const auto exchanged = [&](const std::string& path) {
    return fail(Fault::audit_broken, 0,
                path + ": " + record(noted.number) + " is not the one that was written");
  };
  for (const AuditFile& file : files) {
    const bool is_first = &file == &files.front(), is_last = &file == &files.back();
    WHORL_TRY(AuditFileReader reader, AuditFileReader::open(file, seal));
    if (is_first) {
      walk.before = walk.newest = reader.before();
      if (walk.before.number > noted.number) {
        return fail(Fault::audit_broken, 0,
                    file.path + ": begins behind " + record(noted.number) +
                        ", which is noted as the newest");
      }
      if (walk.before.number == noted.number && walk.before != noted) return exchanged(file.path);
    } else if (reader.before() != walk.newest) {
      return fail(Fault::audit_broken, 0,
                  file.path + ": does not follow " + record(walk.newest.number) +
                      ", which is the last before it");
    }
    while (true) {
      auto entry = reader.next();
      if (!entry) {
        const bool may_be_torn = is_last && reader.newest().number >= noted.number;
        if (entry.error().fault != Fault::audit_broken || !may_be_torn) {
          return tl::unexpected(std::move(entry).error());
        }
        WHORL_TRY(const std::uint64_t size, reader.size());
        walk.torn_bytes = size - std::min(size, reader.offset());
        break;
      }
      if (!*entry) break;
      const AuditPlace& place = (*entry)->place;
      if (place.number == noted.number && place != noted) return exchanged(file.path);
      if (visit) visit(**entry);
    }
    walk.newest = reader.newest();
    walk.end_offset = reader.offset();
  }
  if (walk.newest.number < noted.number) {
    return fail(Fault::audit_broken, walk.end_offset,
                (files.empty() ? std::string() : files.back().path + ": ") + "the log ends with " +
                    record(walk.newest.number) + "; " + record(noted.number) + " was written");
  }
  return walk;
}

}  // namespace whorl::service
