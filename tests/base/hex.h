#pragma once

#include <string>
#include <string_view>

#include "engine/base/byte_writer.h"

namespace whorl::testing {

// Published test vectors are written in hexadecimal digits; so are the tests.
inline Bytes from_hex(std::string_view hex) {
  const auto value = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  Bytes bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes.push_back(static_cast<std::byte>(value(hex[i]) * 16 + value(hex[i + 1])));
  }
  return bytes;
}

inline std::string to_hex(std::span<const std::byte> bytes) {
  std::string hex;
  for (const std::byte b : bytes) {
    hex += "0123456789abcdef"[std::to_integer<unsigned>(b) >> 4U];
    hex += "0123456789abcdef"[std::to_integer<unsigned>(b) & 15U];
  }
  return hex;
}

}  // namespace whorl::testing
