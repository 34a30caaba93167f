#include "engine/service/http_request.h"

#include <algorithm>

namespace whorl::service {
namespace {

bool is_letter(char c) { return c >= 'A' && c <= 'Z'; }
bool is_visible(char c) { return c > ' ' && c < '\x7f'; }

// Takes `text` up to the separator away, and the separator with it; all of it where there is none.
std::string_view take_until(std::string_view& text, std::string_view separator) {
  const std::size_t end = std::min(text.find(separator), text.size());
  const std::string_view taken = text.substr(0, end);
  text.remove_prefix(std::min(end + separator.size(), text.size()));
  return taken;
}

}  // namespace

Result<HttpRequest> parse_http_request(std::string_view head) {
  std::string_view line = take_until(head, "\r\n");
  const std::string_view method = take_until(line, " ");
  std::string_view target = take_until(line, " ");
  const std::string_view version = line;
  if (method.empty() || !std::ranges::all_of(method, is_letter) || !target.starts_with('/') ||
      !std::ranges::all_of(target, is_visible) ||
      (version != "HTTP/1.1" && version != "HTTP/1.0")) {
    return fail(Fault::bad_request, 0, "the first line");
  }
  return HttpRequest{method, take_until(target, "?")};
}

}  // namespace whorl::service
