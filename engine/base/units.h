#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <type_traits>

namespace whorl {

// Which way a minutia points: 256 steps to the turn, anticlockwise from +x, as ISO/IEC 19794-2:2005
// stores it. A byte wraps by itself, so no direction is ever out of range.
class Direction {
 public:
  static constexpr int kStepsPerTurn = 256;
  constexpr Direction() = default;
  constexpr explicit Direction(std::uint8_t steps) : steps_(steps) {}
  constexpr std::uint8_t steps() const { return steps_; }
  constexpr float degrees() const { return static_cast<float>(steps_) * (360.0F / kStepsPerTurn); }
  constexpr float radians() const {
    return static_cast<float>(steps_) * (6.28318530717958647692F / kStepsPerTurn);
  }
  constexpr bool operator==(const Direction&) const = default;  // no <: directions have no order

 private:
  std::uint8_t steps_ = 0;
};

// From `from` to `to` by the shorter way: -128 .. 127 steps, anticlockwise positive.
constexpr int signed_turn(Direction from, Direction to) {
  return static_cast<std::int8_t>(static_cast<std::uint8_t>(to.steps() - from.steps()));
}

// The smaller turn between two directions, 0 .. 128 steps, either way round.
constexpr int turn_between(Direction a, Direction b) {
  const int turn = signed_turn(a, b);
  return turn < 0 ? -turn : turn;
}
static_assert(turn_between(Direction{250}, Direction{6}) == 12);   // across zero
static_assert(turn_between(Direction{0}, Direction{128}) == 128);  // the far side

// A number that knows what it counts. Built explicitly, read explicitly, compared only with its
// kind.
template <class Tag, class Rep>
class Quantity {
 public:
  using rep = Rep;
  constexpr Quantity() = default;
  constexpr explicit Quantity(Rep value) : value_(value) {}
  constexpr Rep value() const { return value_; }
  constexpr auto operator<=>(const Quantity&) const = default;

 private:
  Rep value_{};
};

// A register's own pseudonym for a person. Whorl never learns a name or a national number:
// docs/decisions/subject-numbers.md.
using SubjectId = Quantity<struct SubjectIdTag, std::uint64_t>;
// One visit of a subject to an enrolment station; counted from 1 within the subject.
using EncounterId = Quantity<struct EncounterIdTag, std::uint32_t>;
// Position of a gallery in the store; its name is in the store's list.
using GalleryId = Quantity<struct GalleryIdTag, std::uint32_t>;
// The store's clock: every durable change takes the next number.
using Revision = Quantity<struct RevisionTag, std::uint64_t>;

using Pixels = Quantity<struct PixelsTag, std::int32_t>;             // at the capture's own scale
using PixelsPerCm = Quantity<struct PixelsPerCmTag, std::uint16_t>;  // 500 ppi is 197
using PixelsPerInch = Quantity<struct PixelsPerInchTag, double>;
using Similarity = Quantity<struct SimilarityTag, float>;           // one matcher's own scale
using FalseMatchRate = Quantity<struct FalseMatchRateTag, double>;  // 0 .. 1, comparable across all
using LogLikelihoodRatio = Quantity<struct LogLikelihoodRatioTag, double>;  // natural logarithm
using UnixMillis = Quantity<struct UnixMillisTag, std::int64_t>;  // since 1970-01-01T00:00:00Z

static_assert(!std::is_convertible_v<Similarity, float>);  // a score may not leak out as a number

}  // namespace whorl

template <class Tag, class Rep>
struct std::hash<whorl::Quantity<Tag, Rep>> {
  std::size_t operator()(const whorl::Quantity<Tag, Rep>& q) const noexcept {
    return std::hash<Rep>{}(q.value());
  }
};
