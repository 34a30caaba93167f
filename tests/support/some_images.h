#pragma once
// A small picture in every format and most variants: what tests spoil and the fuzzer starts from.

#include <string>
#include <vector>

#include "engine/base/byte_writer.h"

namespace whorl::test {

struct NamedImage {
  std::string name;
  Bytes bytes;
};

// The same at every call.
std::vector<NamedImage> some_images();

}  // namespace whorl::test
