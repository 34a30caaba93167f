#include "engine/formats/images/wsq_huffman.h"

#include <algorithm>
#include <functional>
#include <queue>
#include <utility>

namespace whorl::formats::wsq {
namespace {

constexpr std::size_t kSymbols = 256;
constexpr std::size_t kReserved = kSymbols;  // stands for the code of ones that is never used

// Huffman's lengths, of all symbols and the reserved one, which is the rarest and thus gets a
// longest code.
std::vector<int> code_lengths(const std::vector<std::uint64_t>& weights) {
  using Node = std::pair<std::uint64_t, std::size_t>;  // ties go to the earlier node
  std::priority_queue<Node, std::vector<Node>, std::greater<>> open;
  std::vector<std::size_t> parent(weights.size(), 0);
  for (std::size_t i = 0; i < weights.size(); ++i) {
    if (weights[i] != 0 || i == kReserved) open.emplace(weights[i], i);
  }
  while (open.size() > 1) {
    const Node a = open.top();
    open.pop();
    const Node b = open.top();
    open.pop();
    const std::size_t joined = parent.size();
    parent.push_back(0);
    parent[a.second] = parent[b.second] = joined;
    open.emplace(a.first + b.first, joined);
  }
  std::vector<int> depth(parent.size(), 0);
  for (std::size_t i = parent.size() - 1; i-- > 0;) {
    if (parent[i] != 0) depth[i] = depth[parent[i]] + 1;
  }
  depth.resize(weights.size());
  return depth;
}

}  // namespace

std::size_t BitReader::offset() const {
  std::size_t at = 0;
  for (std::uint64_t left = used_ / 8; left > 0 && at < bytes_.size(); --left) {
    at += bytes_[at] == std::byte{0xFF} ? 2 : 1;
  }
  return std::min(at, bytes_.size());
}

void BitWriter::put(std::uint32_t value, int width) {
  bits_ = bits_ << width | value;
  count_ += width;
  while (count_ >= 8) {
    count_ -= 8;
    const std::uint64_t byte = bits_ >> count_ & 0xFF;
    out_.u8(byte);
    if (byte == 0xFF) out_.u8(0);
  }
}

void BitWriter::fill_up() {
  if (count_ != 0) put((1U << static_cast<unsigned>(8 - count_)) - 1, 8 - count_);
}

HuffmanDecoder::HuffmanDecoder(const HuffmanSpec& spec) : symbols_(spec.symbols) {
  std::uint32_t code = 0;
  std::size_t place = 0;
  for (int length = 1; length <= kLongestCode; ++length) {
    const auto l = static_cast<std::size_t>(length);
    code *= 2;
    begin_[l] = code;
    place_[l] = place;
    for (int i = 0; i < spec.counts[l - 1]; ++i, ++code, ++place) {
      if (length > kQuick) continue;
      const std::uint32_t first = code << static_cast<unsigned>(kQuick - length);
      const std::uint32_t last = (code + 1) << static_cast<unsigned>(kQuick - length);
      std::fill(quick_.begin() + first, quick_.begin() + last,
                Found{symbols_[place], static_cast<std::uint8_t>(length)});
    }
    end_[l] = code;
  }
}

HuffmanDecoder::Found HuffmanDecoder::find_long(std::uint32_t next16) const {
  for (int length = kQuick + 1; length <= kLongestCode; ++length) {
    const auto l = static_cast<std::size_t>(length);
    const std::uint32_t code = next16 >> static_cast<unsigned>(kLongestCode - length);
    if (code >= begin_[l] && code < end_[l]) {
      return {symbols_[place_[l] + code - begin_[l]], static_cast<std::uint8_t>(length)};
    }
  }
  return {};
}

HuffmanSpec make_huffman_spec(const Histogram& histogram) {
  std::vector<std::uint64_t> weights(histogram.begin(), histogram.end());
  weights.push_back(0);
  HuffmanSpec spec;
  if (std::all_of(weights.begin(), weights.end(), [](std::uint64_t w) { return w == 0; })) {
    return spec;
  }
  std::vector<int> lengths = code_lengths(weights);
  // Levelling the weights shortens the longest codes, at next to no cost: they are the rarest.
  while (*std::max_element(lengths.begin(), lengths.end()) > kLongestCode) {
    for (std::uint64_t& weight : weights) weight = (weight + 1) / 2;
    weights[kReserved] = 0;
    lengths = code_lengths(weights);
  }
  for (int length = 1; length <= kLongestCode; ++length) {
    for (std::size_t symbol = 0; symbol < kSymbols; ++symbol) {
      if (lengths[symbol] != length) continue;
      spec.symbols.push_back(static_cast<std::uint8_t>(symbol));
      ++spec.counts[static_cast<std::size_t>(length - 1)];
    }
  }
  return spec;
}

std::array<Code, 256> codes_of(const HuffmanSpec& spec) {
  std::array<Code, 256> codes{};
  std::uint32_t code = 0;
  std::size_t place = 0;
  for (std::size_t length = 1; length <= spec.counts.size(); ++length, code *= 2) {
    for (int i = 0; i < spec.counts[length - 1]; ++i, ++code) {
      codes[spec.symbols[place++]] = {static_cast<std::uint16_t>(code),
                                      static_cast<std::uint8_t>(length)};
    }
  }
  return codes;
}

}  // namespace whorl::formats::wsq
