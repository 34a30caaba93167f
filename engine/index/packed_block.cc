#include "engine/index/packed_block.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <new>
#include <numeric>

namespace whorl::index {
namespace {

using kernels::kBlockPrints;
using kernels::kCodeWords;
using kernels::kLanes;

constexpr std::align_val_t kAlignment{64};
constexpr std::size_t kMaxCodes = 64UL * 255;
static_assert(kMaxCodes < PackedMinutia::kNoCode);

std::uint16_t code_and_kind(std::size_t code, MinutiaKind kind) {
  const auto high = static_cast<unsigned>(kind) << PackedMinutia::kKindShift;
  return static_cast<std::uint16_t>(code | high);
}

bool is_empty(const MinutiaCode& code) {
  return std::ranges::all_of(code, [](std::uint16_t word) { return word == 0; });
}

// A code and where it came from, for sorting.
struct Placed {
  std::uint8_t direction, print;
  std::uint16_t minutia;  // within its print
};

std::vector<Placed> codes_by_direction(std::span<const FingerTemplate* const> prints) {
  std::vector<Placed> codes;
  for (std::size_t p = 0; p < prints.size(); ++p) {
    for (std::size_t m = 0; m < prints[p]->codes.size(); ++m) {
      if (is_empty(prints[p]->codes[m])) continue;
      codes.push_back({prints[p]->minutiae[m].direction.steps(), static_cast<std::uint8_t>(p),
                       static_cast<std::uint16_t>(m)});
    }
  }
  std::ranges::stable_sort(codes, {}, &Placed::direction);  // ties stay by print, then by minutia
  return codes;
}

}  // namespace

PackedBlock::Places::Places(std::size_t groups, std::size_t minutia_count)
    : planes(sizeof(Header)),
      minutiae(planes + groups * kLanes * kCodeWords * 2),
      directions(minutiae + minutia_count * sizeof(PackedMinutia)),
      prints(directions + groups * kLanes),
      end(prints + groups * kLanes) {}

PackedBlock::PackedBlock(std::size_t size)
    : memory_(static_cast<std::byte*>(::operator new(size, kAlignment)),
              [](std::byte* memory) { ::operator delete(memory, kAlignment); }),
      size_(size) {}

PackedBlock::Header& PackedBlock::header() const { return *part<Header>(0); }

PackedBlock PackedBlock::pack(std::span<const FingerTemplate* const> source) {
  WHORL_CHECK(source.size() <= kBlockPrints);
  const std::vector<Placed> codes = codes_by_direction(source);
  const std::size_t groups = (codes.size() + kLanes - 1) / kLanes;
  std::size_t minutia_count = 0;
  for (const FingerTemplate* print : source) {
    WHORL_CHECK(print->minutiae.size() <= kernels::kMaxPrintMinutiae);
    minutia_count += print->minutiae.size();
  }
  WHORL_CHECK(minutia_count <= kMaxCodes);

  const Places at(groups, minutia_count);
  PackedBlock block(at.end);
  std::memset(block.memory_.get(), 0, block.size_);
  Header& header = *new (block.memory_.get()) Header;
  header.groups = static_cast<std::uint32_t>(groups);
  header.codes = static_cast<std::uint32_t>(codes.size());
  header.minutiae = static_cast<std::uint32_t>(minutia_count);

  auto* minutiae = block.part<PackedMinutia>(at.minutiae);
  std::size_t next = 0;
  for (std::size_t p = 0; p <= kBlockPrints; ++p) {
    header.minutia_starts[p] = static_cast<std::uint16_t>(next);
    if (p >= source.size()) continue;
    for (const Minutia& m : source[p]->minutiae) {
      minutiae[next++] = {m.x_px, m.y_px, m.direction.steps(), m.quality,
                          code_and_kind(PackedMinutia::kNoCode, m.kind)};
    }
  }

  auto* planes = block.part<std::uint16_t>(at.planes);
  auto* directions = block.part<std::uint8_t>(at.directions);
  auto* prints = block.part<std::uint8_t>(at.prints);
  for (std::size_t c = 0; c < groups * kLanes; ++c) {
    if (c >= codes.size()) {  // padding belongs to nobody and stays in the last direction
      prints[c] = kernels::kNoPrint;
      directions[c] = codes.back().direction;
      continue;
    }
    const Placed& placed = codes[c];
    const MinutiaCode& code = source[placed.print]->codes[placed.minutia];
    std::uint16_t* plane = planes + c / kLanes * kCodeWords * kLanes + c % kLanes;
    for (std::size_t w = 0; w < kCodeWords; ++w) plane[w * kLanes] = code[w];
    directions[c] = placed.direction;
    prints[c] = placed.print;
    ++header.print_sizes[placed.print];
    PackedMinutia& minutia = minutiae[header.minutia_starts[placed.print] + placed.minutia];
    minutia.code_and_kind = code_and_kind(c, kind_of(minutia));
  }
  return block;
}

Result<PackedBlock> PackedBlock::from_bytes(std::span<const std::byte> bytes) {
  PackedBlock copy(bytes.size());
  std::ranges::copy(bytes, copy.memory_.get());
  return in_place(std::move(copy.memory_), copy.size_);
}

Result<PackedBlock> PackedBlock::in_place(std::shared_ptr<std::byte> memory, std::size_t size) {
  WHORL_CHECK(std::bit_cast<std::uintptr_t>(memory.get()) % static_cast<std::size_t>(kAlignment) ==
              0);
  if (size < sizeof(Header)) return fail(Fault::store_corrupt, size);
  PackedBlock block(std::move(memory), size);
  const Header& header = block.header();
  if (header.groups > kMaxCodes / kLanes + 1 || header.minutiae > kMaxCodes)
    return fail(Fault::store_corrupt);
  const Places at(header.groups, header.minutiae);
  if (at.end != size) return fail(Fault::store_corrupt, at.end);
  const std::size_t lanes = std::size_t{header.groups} * kLanes;
  if (header.codes > lanes || lanes - header.codes >= kLanes) return fail(Fault::store_corrupt);
  if (!std::ranges::is_sorted(header.minutia_starts) ||
      header.minutia_starts[kBlockPrints] != header.minutiae) {
    return fail(Fault::store_corrupt);
  }
  for (std::size_t p = 0; p < kBlockPrints; ++p) {
    if (header.minutia_starts[p + 1] - header.minutia_starts[p] > kernels::kMaxPrintMinutiae)
      return fail(Fault::store_corrupt);
  }
  // Counted to the end rather than left at the first: a loop without a way out uses wide registers.
  std::size_t strays = 0;
  const auto* prints = block.part<const std::uint8_t>(at.prints);
  for (std::size_t c = 0; c < lanes; ++c)
    strays += prints[c] >= kBlockPrints && prints[c] != kernels::kNoPrint;
  const auto* minutiae = block.part<const PackedMinutia>(at.minutiae);
  for (std::size_t m = 0; m < header.minutiae; ++m) {
    const std::uint16_t code = minutiae[m].code();
    strays += code >= header.codes && code != PackedMinutia::kNoCode;
    strays += kind_of(minutiae[m]) > MinutiaKind::bifurcation;
  }
  if (strays != 0) return fail(Fault::store_corrupt);
  return block;
}

kernels::FingerBlock PackedBlock::view() const {
  const Header& h = header();
  const Places at(h.groups, h.minutiae);
  return {h.groups,
          h.codes,
          part<const std::uint16_t>(at.planes),
          part<const std::uint8_t>(at.directions),
          part<const std::uint8_t>(at.prints),
          h.print_sizes};
}

kernels::BlockMinutiae PackedBlock::minutiae() const {
  const Header& h = header();
  return {part<const PackedMinutia>(Places(h.groups, h.minutiae).minutiae), h.minutia_starts};
}

// The codes' directions stay ascending: each wiped one takes that of the code before it.
void PackedBlock::wipe(int print) {
  WHORL_CHECK(print >= 0 && print < kBlockPrints);
  const Header& h = header();
  const Places at(h.groups, h.minutiae);
  auto* planes = part<std::uint16_t>(at.planes);
  auto* directions = part<std::uint8_t>(at.directions);
  const auto* prints = part<const std::uint8_t>(at.prints);
  for (std::size_t c = 0; c < h.groups * kLanes; ++c) {
    const bool padding = c >= h.codes;
    if (!padding && prints[c] != print) continue;
    directions[c] = c == 0 ? std::uint8_t{0} : directions[c - 1];
    if (padding) continue;
    std::uint16_t* plane = planes + c / kLanes * kCodeWords * kLanes + c % kLanes;
    for (std::size_t w = 0; w < kCodeWords; ++w) plane[w * kLanes] = 0;
  }
  auto* minutiae = part<PackedMinutia>(at.minutiae);
  const PackedMinutia nothing{0, 0, 0, 0, code_and_kind(PackedMinutia::kNoCode, MinutiaKind{})};
  std::fill(minutiae + h.minutia_starts[print], minutiae + h.minutia_starts[print + 1], nothing);
}

FingerTemplate PackedBlock::unpack_minutiae(int print, FingerPosition position) const {
  WHORL_CHECK(print >= 0 && print < kBlockPrints);
  const kernels::BlockMinutiae block = minutiae();
  FingerTemplate result;
  result.position = position;
  result.minutiae.reserve(block.starts[print + 1] - std::size_t{block.starts[print]});
  for (int m = block.starts[print]; m < block.starts[print + 1]; ++m) {
    const PackedMinutia& packed = block.minutiae[m];
    result.minutiae.push_back({packed.x_px, packed.y_px, Direction{packed.direction_steps},
                               kind_of(packed), packed.quality, 0});
  }
  return result;
}

FingerTemplate PackedBlock::unpack(int print, FingerPosition position,
                                   std::uint16_t code_version) const {
  FingerTemplate result = unpack_minutiae(print, position);
  result.code_version = code_version;
  const kernels::BlockMinutiae block = minutiae();
  const std::uint16_t* planes = view().planes;
  for (int m = block.starts[print]; m < block.starts[print + 1]; ++m) {
    MinutiaCode code{};
    if (const std::uint16_t at = block.minutiae[m].code(); at != PackedMinutia::kNoCode) {
      const std::uint16_t* plane =
          planes + std::size_t{at} / kLanes * kCodeWords * kLanes + at % kLanes;
      for (std::size_t w = 0; w < kCodeWords; ++w) code[w] = plane[w * kLanes];
    }
    result.codes.push_back(code);
  }
  return result;
}

}  // namespace whorl::index
