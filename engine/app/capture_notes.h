#pragma once
// What a capture's templates are worth, as the command tells it.

#include <string>
#include <vector>

#include "engine/app/console.h"
#include "engine/base/biometrics.h"
#include "engine/features/read_capture.h"

namespace whorl::app {

struct CaptureNote {
  Modality modality = Modality::finger;
  FingerPosition position = FingerPosition::unknown;  // of a finger
  Quality quality;
  features::Flaws flaws;
};
// `flaws` as of read_capture: a list for each template.
std::vector<CaptureNote> notes_of(const std::vector<Template>& templates,
                                  std::vector<features::Flaws> flaws);

// {"modality", "position"? , "quality" (null where the source did not say), "flaws": names,
//  "reasons": a sentence for each flaw}
Json as_json(const CaptureNote& note);
Json flaw_names(const features::Flaws& flaws);
Json flaw_reasons(const features::Flaws& flaws);
// "  face, quality 34\n    The face is blurred: ...\n"
std::string as_text(const CaptureNote& note);

}  // namespace whorl::app
