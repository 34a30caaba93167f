#pragma once
// Networks small enough to be written by a test: ONNX as protocol-buffer bytes, Caffe as text.

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace whorl::testing {

// Protocol buffers' wire format: a key of field number and type, then a varint or counted bytes.
class Protobuf {
 public:
  Protobuf& number(int field, std::uint64_t value) {
    varint(static_cast<std::uint64_t>(field) << 3);
    varint(value);
    return *this;
  }
  Protobuf& text(int field, std::string_view value) {
    varint(static_cast<std::uint64_t>(field) << 3 | 2);
    varint(value.size());
    bytes_ += value;
    return *this;
  }
  Protobuf& message(int field, const Protobuf& value) { return text(field, value.bytes_); }
  const std::string& bytes() const { return bytes_; }

 private:
  void varint(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) bytes_ += static_cast<char>(value | 0x80);
    bytes_ += static_cast<char>(value);
  }
  std::string bytes_;
};

// Field numbers of onnx.proto, ONNX 1.12.
class OnnxGraph {
 public:
  void constant(const std::string& name, const std::vector<std::int64_t>& shape,
                const std::vector<float>& values) {
    Protobuf tensor;
    for (const std::int64_t side : shape) tensor.number(1, static_cast<std::uint64_t>(side));
    std::string raw;
    for (const float value : values) {
      const auto bits = std::bit_cast<std::uint32_t>(value);
      for (int shift = 0; shift < 32; shift += 8) raw += static_cast<char>(bits >> shift & 0xFF);
    }
    graph_.message(5, tensor.number(2, kFloats).text(8, name).text(9, raw));
  }
  void node(const char* operation, const std::vector<std::string>& inputs,
            const std::string& output,
            const std::vector<std::pair<const char*, std::vector<std::int64_t>>>& attributes) {
    Protobuf node;
    for (const std::string& input : inputs) node.text(1, input);
    node.text(2, output).text(3, output).text(4, operation);
    for (const auto& [name, values] : attributes) {
      Protobuf attribute;
      attribute.text(1, name);
      for (const std::int64_t value : values)
        attribute.number(8, static_cast<std::uint64_t>(value));
      node.message(5, attribute.number(20, kWholeNumbers));
    }
    graph_.message(1, node);
  }
  void input(const std::string& name, const std::vector<std::int64_t>& shape) {
    graph_.message(11, value(name, shape));
  }
  void output(const std::string& name) { graph_.message(12, value(name, {})); }
  std::string file() const {
    Protobuf model, operators;
    model.number(1, 7).message(7, Protobuf(graph_).text(2, "toy"));
    return model.message(8, operators.text(1, "").number(2, 11)).bytes();
  }

 private:
  static constexpr std::uint64_t kFloats = 1, kWholeNumbers = 7;
  static Protobuf value(const std::string& name, const std::vector<std::int64_t>& shape) {
    Protobuf sides, tensor, type, value;
    for (const std::int64_t side : shape) {
      sides.message(1, Protobuf().number(1, static_cast<std::uint64_t>(side)));
    }
    tensor.number(1, kFloats).message(2, sides);
    return value.text(1, name).message(2, type.message(1, tensor));
  }
  Protobuf graph_;
};

}  // namespace whorl::testing
