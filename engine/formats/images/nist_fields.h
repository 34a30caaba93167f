#pragma once
// Inside the formats layer: the text of ANSI/NIST-ITL records. A tagged record is fields divided by
// GS; a field is subfields divided by RS; those are items divided by US; FS ends the record.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "engine/base/byte_reader.h"
#include "engine/base/result.h"

namespace whorl::formats {

inline constexpr std::byte kRecordEnd{0x1C};    // FS
inline constexpr std::byte kFieldEnd{0x1D};     // GS
inline constexpr std::byte kSubfieldEnd{0x1E};  // RS
inline constexpr std::byte kItemEnd{0x1F};      // US

struct NistField {
  int number = 0;
  std::span<const std::byte> value;
  std::uint64_t offset = 0;  // of its tag, in the transaction's bytes
};

// The length that a tagged record says in its first field, which must be there: "14.001:60577".
// Tags of the year 2000 have two digits after the point. `rest` begins with the record and is at
// `offset`. Faults: truncated, out_of_range (no such field), length_mismatch (zero).
Result<std::size_t> tagged_record_length(std::span<const std::byte> rest, int type,
                                         std::uint64_t offset);

// The fields of a whole record, in its order. Field 999 is the last and takes all that is left: it
// may hold any byte. Faults: out_of_range (a tag that does not read), length_mismatch (the last
// byte is no FS), limit_exceeded (more fields than numbers).
Result<std::vector<NistField>> read_fields(std::span<const std::byte> record, int type,
                                           std::uint64_t offset);

// Nothing where there is none.
const NistField* find_field(std::span<const NistField> fields, int number);

// Up to nine decimal digits and nothing else.
std::optional<int> whole_number(std::span<const std::byte> text);
// Digits, and a point and digits after them or not: "19.69".
std::optional<double> decimal_number(std::span<const std::byte> text);
bool text_is(std::span<const std::byte> text, std::string_view expected);

// Whole numbers one after another; what is no number is nothing, and so is what is not there.
class NistItems {
 public:
  explicit NistItems(std::span<const std::byte> subfield) : rest_(subfield) {}
  std::span<const std::byte> next() { return rest_.take_until(kItemEnd); }
  std::optional<int> next_number() { return whole_number(next()); }
  bool at_end() const { return rest_.remaining() == 0; }

 private:
  ByteReader rest_;
};

// Calls `visit` with each subfield's items.
template <class Visit>
void for_each_subfield(std::span<const std::byte> value, Visit visit) {
  ByteReader in(value);
  while (in.remaining() > 0) visit(NistItems(in.take_until(kSubfieldEnd)));
}

}  // namespace whorl::formats
