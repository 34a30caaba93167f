// Coefficients as a block's symbols and back, at the edges of what each symbol holds.

#include "engine/formats/images/wsq_blocks.h"

#include <gtest/gtest.h>

#include <vector>

#include "engine/base/byte_reader.h"
#include "engine/formats/images/wsq_symbols.h"

namespace whorl::formats::wsq {
namespace {

// By the table of wsq_symbols.h, written once more.
std::vector<std::int32_t> coefficients_of(const HuffmanSpec& spec,
                                          std::span<const std::byte> bits) {
  const HuffmanDecoder decoder(spec);
  BitReader in(bits);
  std::vector<std::int32_t> out;
  const auto next = [&](int width) {
    const auto value = static_cast<std::int32_t>(in.peek(width));
    in.skip(width);
    return value;
  };
  const auto zeroes = [&](std::int32_t run) {
    out.insert(out.end(), static_cast<std::size_t>(run), 0);
  };
  for (in.refill(); !in.at_end(); in.refill()) {
    const auto found = decoder.find(in.peek(kLongestCode));
    if (found.length == 0) break;
    in.skip(found.length);
    switch (found.symbol) {
      case 101:
        out.push_back(next(8));
        break;
      case 102:
        out.push_back(-next(8));
        break;
      case 103:
        out.push_back(next(16));
        break;
      case 104:
        out.push_back(-next(16));
        break;
      case 105:
        zeroes(next(8));
        break;
      case 106:
        zeroes(next(16));
        break;
      default:
        if (found.symbol <= 100) {
          zeroes(found.symbol);
        } else {
          out.push_back(found.symbol - 180);
        }
    }
  }
  return out;
}

// The blocks of what BlockCoder wrote, each read with the table that it names.
Blocks read_back(std::span<const std::byte> bytes) {
  ByteReader in(bytes);
  HuffmanSpecs specs;
  Blocks blocks;
  std::size_t count = 0;
  while (in.remaining() != 0) {
    const auto marker = static_cast<Marker>(in.u16());
    const auto segment = read_segment(in);
    if (!segment) return {};
    if (marker == Marker::huffman_tables) {
      EXPECT_TRUE(read_huffman_specs(*segment, specs));
      continue;
    }
    EXPECT_EQ(marker, Marker::start_of_block);
    const auto table = read_block_table(*segment);
    std::size_t size = 0;
    const auto rest = ByteReader(in).take(in.remaining());
    while (size + 1 < rest.size() &&
           !(rest[size] == std::byte{0xFF} && rest[size + 1] != std::byte{})) {
      ++size;
    }
    if (size + 1 == rest.size()) ++size;
    blocks.at(count++) =
        coefficients_of(*specs.at(static_cast<std::size_t>(*table)), in.take(size));
  }
  return blocks;
}

TEST(WsqBlocks, EveryCoefficientComesBack) {
  Blocks blocks;
  for (const int value : {1, 73, 74, 75, 255, 256, 65535}) {
    blocks[0].push_back(value);
    blocks[0].push_back(-value);
  }
  for (int value = -300; value <= 300; ++value) blocks[1].push_back(value);
  blocks[2] = {-74, -73, 0, 0, 0};
  ByteWriter out;
  BlockCoder(blocks, 0).write(out);
  EXPECT_EQ(read_back(out.view()), blocks);
}

TEST(WsqBlocks, EveryRunComesBack) {
  Blocks blocks;
  for (const int run : {1, 99, 100, 101, 255, 256, 65534, 65535, 65536, 131070, 131071}) {
    blocks[0].insert(blocks[0].end(), static_cast<std::size_t>(run), 0);
    blocks[0].push_back(1);
  }
  blocks[1].assign(200'000, 0);  // nothing but a run
  ByteWriter out;
  BlockCoder(blocks, 0).write(out);
  EXPECT_EQ(read_back(out.view()), blocks);
}

TEST(WsqBlocks, SizeIsKnownBeforehand) {
  Blocks blocks;
  for (int i = 0; i < 3000; ++i)
    blocks[static_cast<std::size_t>(i % 3)].push_back(i * 7919 % 23 - 11);
  const BlockCoder coder(blocks, 0);
  ByteWriter out;
  coder.write(out);
  // Three block heads and what fills up three bytes are not counted, nor is stuffing.
  EXPECT_NEAR(static_cast<double>(out.size()), static_cast<double>(coder.bits()) / 8, 40);
}

TEST(WsqBlocks, BlocksOfOneKindShareATableAndOthersDoNot) {
  Blocks alike, apart;
  for (int i = 0; i < 4000; ++i) {
    alike[1].push_back(i % 5 - 2);
    alike[2].push_back(i % 5 - 2);
    apart[1].push_back(i % 5 - 2);
    apart[2].push_back(40 + i % 5);
  }
  const auto tables = [](const Blocks& blocks) {
    ByteWriter out;
    BlockCoder(blocks, 0).write(out);
    int count = 0;
    for (std::size_t i = 0; i + 1 < out.size(); ++i) {
      count += out.view()[i] == std::byte{0xFF} && out.view()[i + 1] == std::byte{0xA6} ? 1 : 0;
    }
    return count;
  };
  EXPECT_EQ(tables(alike), 1);
  EXPECT_EQ(tables(apart), 2);
}

TEST(WsqBlocks, NothingIsWrittenOfNothing) {
  ByteWriter out;
  const Blocks none;
  BlockCoder(none, 0).write(out);
  EXPECT_EQ(out.size(), 0U);
}

}  // namespace
}  // namespace whorl::formats::wsq
