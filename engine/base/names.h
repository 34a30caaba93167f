#pragma once
// The words that command lines, manifests and answers use for the nouns of biometrics.h. Stable:
// registers' own programmes read and write them.

#include <optional>
#include <string_view>

#include "engine/base/biometrics.h"

namespace whorl {

std::string_view name_of(FingerPosition position);  // "unknown", "right-thumb" .. "left-little"
// The same, or the number of ISO/IEC 19794-2, "0" .. "10".
std::optional<FingerPosition> finger_from_name(std::string_view name);

std::string_view name_of(Modality modality);  // "finger", "face"
std::optional<Modality> modality_from_name(std::string_view name);

std::string_view name_of(Sex sex);  // "not-recorded", "female", "male", "other"
std::optional<Sex> sex_from_name(std::string_view name);

}  // namespace whorl
