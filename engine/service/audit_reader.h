#pragma once
// Reading records back. Nothing is believed that the chain does not vouch for.

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>

#include "engine/base/byte_writer.h"
#include "engine/base/result.h"
#include "engine/gallery/descriptor.h"
#include "engine/service/audit_files.h"
#include "engine/service/audit_seal.h"

namespace whorl::service {

// One file's records in their order, read in pieces.
class AuditFileReader {
 public:
  // Faults: io_error, store_version, audit_broken where it does not begin as its name says. `seal`
  // must outlive it.
  static Result<AuditFileReader> open(const AuditFile& file, AuditSeal& seal);

  // The next; nothing at the end. Fault::audit_broken, with offset and number, where what follows
  // is not a whole record that the chain vouches for: the reader stays before it.
  Result<std::optional<AuditEntry>> next();

  const AuditPlace& before() const { return before_; }  // its first record, by its header
  const AuditPlace& newest() const { return newest_; }  // read so far, else before()
  std::uint64_t offset() const { return offset_; }      // behind that
  Result<std::uint64_t> size() const;                   // of the file, now

 private:
  AuditFileReader(const AuditFile& file, AuditSeal& seal, gallery::Descriptor descriptor);

  // Up to `count` bytes from here on; fewer only where the file ends.
  Result<std::span<const std::byte>> look(std::size_t count);
  void pass(std::size_t count);
  tl::unexpected<Error> broken(const std::string& what) const;

  std::string path_;
  AuditSeal* seal_;
  gallery::Descriptor file_;
  AuditPlace before_, newest_;
  Bytes piece_;
  std::size_t begin_ = 0;  // what of the piece was passed
  std::uint64_t offset_ = 0;
};

// Files that follow one another, up to the log's end, against the note of its newest record. Only
// behind that record may the last file end in something else: what a crash cut off, or what is just
// being written.
struct AuditWalk {
  AuditPlace before, newest;     // of what there is
  std::uint64_t end_offset = 0;  // of the newest in the last file
  std::uint64_t torn_bytes = 0;  // behind it
};
Result<AuditWalk> walk_files(std::span<const AuditFile> files, AuditSeal& seal,
                             const AuditPlace& noted,
                             const std::function<void(const AuditEntry&)>& visit);

}  // namespace whorl::service
