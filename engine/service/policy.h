#pragma once
// Who may do what, and how a gallery's searches are decided: the service's policy file.
// docs/policy.md shows one and lists every entry.

#include <array>
#include <chrono>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"
#include "engine/features/face/face_model.h"
#include "engine/search/survivor_policy.h"
#include "engine/service/admission.h"
#include "engine/service/verb.h"

namespace whorl::service {

// How a gallery's searches are decided.
struct GalleryPolicy {
  // Wanted false positive identification rates: how rarely a search of somebody who is not enrolled
  // may end in a hit, or be referred to an examiner, whatever the gallery's size.
  double hit_fpir = 1e-3;
  double refer_fpir = 1e-1;
  double hit_fmr = 1e-6, refer_fmr = 1e-4;  // of one comparison, for verify
  // Modalities whose evidence alone may make a hit; what only others speak for is referred.
  bool finger_decides_alone = true;
  bool face_decides_alone = false;
  double max_loss = search::kDefaultMaxLoss;
  std::string face_model{features::kDefaultFaceModel};  // an id: reads pictures of faces
};

// What a group of clients may do. A client may stand in several; a request needs one of them that
// allows all of it.
struct Role {
  std::string name;
  std::vector<std::string> clients;    // subjects of certificates, RFC 4514, compared whole
  std::vector<std::string> galleries;  // "*": all
  std::vector<Verb> verbs;
  std::vector<std::string> purposes;  // "*": any that is named
  Priority highest = Priority::routine;
  double requests_per_minute = 0;  // of one client; 0: not bounded
  int burst = 0;                   // how many may come at once; 0: a second's worth, at least 1
};

// Every bound has a default, so an empty file is a policy that lets nobody in.
struct Policy {
  std::map<std::string, GalleryPolicy, std::less<>> galleries;
  GalleryPolicy other_galleries;  // of the file's [gallery."*"]
  std::vector<Role> roles;
  std::string revoked;        // a PEM file of revocation lists, where relative beside the policy;
                              // empty: none
  std::string backup_folder;  // below which backups may be written; empty: none may
  std::chrono::days keep_answers{7};  // to requests that come again
  std::chrono::days keep_audit{3650};
  QueueBounds queue;  // who may wait, and how long

  const GalleryPolicy& gallery(std::string_view name) const;
};

// Faults: bad_policy with the line and what is wrong, e.g. "line 12: role.verbs: no such verb";
// limit_exceeded. An entry that nobody asked for is as wrong as one that cannot be understood,
// because it is a misspelt one.
Result<Policy> parse_policy(std::string_view toml);
// The same of a file, which is named; its `revoked` becomes a path. Faults: also io_error.
Result<Policy> load_policy(const std::string& path);

}  // namespace whorl::service
