#pragma once

#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "engine/base/biometrics.h"
#include "engine/base/result.h"

namespace whorl::scanners {

// What one press of a finger or one look into a camera gave.
struct Capture {
  std::optional<SubjectId> claimed;  // who the person says to be; nothing where nobody asked
  std::uint32_t visit = 0;           // captures of one subject with one number belong together
  Modality modality = Modality::finger;
  FingerPosition position = FingerPosition::unknown;
  UnixMillis captured_at;
  std::string source;  // at most kMaxSourceBytes; names a device or a file list, never a person
  Demographics demographics;
  std::vector<Template> templates;  // all of `modality`
};

// Where captures come from: docs/scanners.md is the contract for those who write one.
//
// Opening is a function of the driver's own that returns Result<std::unique_ptr<Driver>>; closing
// is the destructor, which must not block. One thread at a time.
class Driver {
 public:
  virtual ~Driver() = default;

  // The next capture; nothing when no more will ever come. May wait for a finger as long as it
  // takes, but returns Fault::cancelled soon after `stop` is asked for.
  //
  // A fault is about this one capture (an unreadable file, a finger lifted too soon): the caller
  // asks again, unless usable() says that there is no point.
  virtual Result<std::optional<Capture>> next(std::stop_token stop) = 0;

  // Whether asking again makes sense: false once the device is gone. Never true again after that.
  virtual bool usable() const { return true; }
};

}  // namespace whorl::scanners
