#pragma once
// The files of an audit log's folder, beside the records in them.
//   audit.key                      the log's own key, sealed under the master key; there last
//   audit.newest                   the newest record that is on disk
//   00000000000000000001.audit     records; named by the first's number

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "engine/base/crypto.h"
#include "engine/base/result.h"
#include "engine/gallery/descriptor.h"
#include "engine/service/audit.h"
#include "engine/service/audit_seal.h"

namespace whorl::service {

// io_error, or disk_full where errno says so.
tl::unexpected<Error> refused_by_system(const std::string& path);

// A random key, so that no record of one log stands in another, sealed under a key derived from the
// master key, so that changing the master key rewrites one small file. Faults of loading:
// wrong_key, audit_broken (missing, altered), io_error, store_version.
bool has_audit_key(const std::string& folder);
Result<> write_audit_key(const std::string& folder, const Key& master, const Key& log_key);
Result<Key> load_audit_key(const std::string& folder, const Key& master);

struct AuditFile {
  std::uint64_t first = 0;  // number of its first record
  std::string path;
};
// In the order of their records; whatever else lies in the folder is passed over.
Result<std::vector<AuditFile>> list_audit_files(const std::string& folder);
// A file with a header and no record yet, on disk with its name.
Result<AuditFile> create_audit_file(const std::string& folder, const AuditPlace& before);

// audit.newest: told only of records that are on disk, so that it is never ahead of them. Kept
// twice, a page apart: a write that a power cut tears leaves the other, and nobody gets an older
// note by spoiling one.
class NewestNote {
 public:
  static Result<> create(const std::string& folder, AuditSeal& seal, const AuditPlace& place);
  static Result<NewestNote> open(const std::string& folder);

  // What it is to hold, made beforehand: write() may run while the seal is in use elsewhere.
  static Bytes bytes_of(AuditSeal& seal, const AuditPlace& place);
  Result<> write(std::span<const std::byte> bytes);  // on disk when it returns

 private:
  std::string path_;
  gallery::Descriptor file_;
};
// Faults: audit_broken (missing, neither is sound), io_error, store_version.
Result<AuditPlace> read_newest(const std::string& folder, AuditSeal& seal);

}  // namespace whorl::service
