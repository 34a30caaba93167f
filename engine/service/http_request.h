#pragma once

#include <string_view>

#include "engine/base/result.h"

namespace whorl::service {

// What the operations endpoint looks at of a request: its first line (RFC 9112, 3). Header fields
// are passed over: nothing depends on them. Views into the head.
struct HttpRequest {
  std::string_view method;
  std::string_view path;  // begins with '/', without what follows '?'; not decoded
};

// `head` goes up to the empty line and may include it. Fault: bad_request.
Result<HttpRequest> parse_http_request(std::string_view head);

}  // namespace whorl::service
