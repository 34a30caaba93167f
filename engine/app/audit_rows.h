#pragma once
// Records of an audit log as rows that other programs read. Stable: columns and keys are added at
// the end and never renamed. docs/audit.md explains them.

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "engine/app/console.h"
#include "engine/service/audit.h"

namespace whorl::app {

Json as_json(const service::AuditEntry& entry);

std::string audit_csv_head();
// By RFC 4180. A text that a spreadsheet would take for a formula gets an apostrophe before it:
// clients choose their names, and an auditor opens them.
std::string audit_csv_row(const service::AuditEntry& entry);

std::string hex_of(const service::AuditMac& mac);

}  // namespace whorl::app
