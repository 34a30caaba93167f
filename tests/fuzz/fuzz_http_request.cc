// Any bytes as the head of a request. What is told of it lies in it, and is what it says.

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "engine/service/http_request.h"
#include "tests/fuzz/fuzz_check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view head(reinterpret_cast<const char*>(data), size);
  const auto request = whorl::service::parse_http_request(head);
  if (!request) return 0;
  FUZZ_CHECK(!request->method.empty());
  FUZZ_CHECK(head.starts_with(request->method));
  FUZZ_CHECK(request->path.starts_with('/'));
  FUZZ_CHECK(request->path.data() == head.data() + request->method.size() + 1);
  FUZZ_CHECK(request->path.size() < head.size());
  FUZZ_CHECK(std::all_of(request->path.begin(), request->path.end(),
                         [](char c) { return c > ' ' && c < '\x7f' && c != '?'; }));
  return 0;
}
