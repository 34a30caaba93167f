#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace whorl {

// CRC-32C (Castagnoli, IEEE Trans. Comm. 41(6), 1993; the polynomial of iSCSI, RFC 3720 B.4).
// Finds accidents, not attacks. Uses the SSE4.2 instruction where the machine has it.
// Continue a sum by passing it as `previous`.
std::uint32_t crc32c(std::span<const std::byte> bytes, std::uint32_t previous = 0);
// The definition, bit by bit; the oracle of the test.
std::uint32_t crc32c_reference(std::span<const std::byte> bytes, std::uint32_t previous = 0);

}  // namespace whorl
