#include <optional>
#include <variant>

#include "engine/gallery/durable_folder.h"
#include "engine/service/audit.h"
#include "engine/service/audit_files.h"
#include "engine/service/audit_reader.h"
#include "engine/service/audit_seal.h"

namespace whorl::service {
namespace {

// What is learnt on the way from the first record to the last.
struct Met {
  AuditSummary summary;
  std::uint64_t first_number = 0;
  std::optional<AuditPlace> purged_to;  // what the log says was purged before its first record

  void entry(const AuditEntry& e) {
    summary.last = std::visit([](const auto& what) { return what.at; }, e.content);
    if (first_number == 0) {
      first_number = e.place.number;
      summary.first = summary.last;
    }
    if (std::holds_alternative<AuditRecord>(e.content)) ++summary.records;
    const auto* purged = std::get_if<AuditPurged>(&e.content);
    if (purged != nullptr && purged->last.number + 1 == first_number) purged_to = purged->last;
  }
};

}  // namespace

Result<AuditSummary> walk_audit(const std::string& folder, const Key& master,
                                const std::function<void(const AuditEntry&)>& visit) {
  if (!gallery::exists(folder)) return fail(Fault::io_error, 0, folder + " is not there");
  WHORL_TRY(const Key key, load_audit_key(folder, master));
  AuditSeal seal(key);
  // In this order: a log in use goes on meanwhile, and the note must not be ahead of what is read.
  WHORL_TRY(const AuditPlace noted, read_newest(folder, seal));
  WHORL_TRY(const std::vector<AuditFile> files, list_audit_files(folder));
  Met met;
  const auto meet = [&](const AuditEntry& entry) {
    met.entry(entry);
    if (visit) visit(entry);
  };
  auto walk = walk_files(files, seal, noted, meet);
  if (!walk) return at(walk.error(), folder);
  // The first of all follows nothing; a later one, what the log itself says was purged.
  if (walk->before != met.purged_to.value_or(AuditPlace{})) {
    return fail(Fault::audit_broken, 0,
                folder + ": the records up to " + std::to_string(walk->before.number) +
                    " are missing, and the log does not say that they were purged");
  }
  met.summary.purged = static_cast<std::int64_t>(walk->before.number);
  met.summary.newest = walk->newest;
  met.summary.torn_bytes = walk->torn_bytes;
  return met.summary;
}

}  // namespace whorl::service
