#pragma once

#include <memory>
#include <string>

#include "engine/base/result.h"
#include "engine/service/verb.h"

namespace whorl::service {

// One line of JSON a request, and one for what happens to the service itself. Holds numbers, names
// of the policy and request ids; never subjects, templates, pictures or scores.
class RequestLog {
 public:
  struct Line {
    std::string request_id, client, gallery, purpose;
    Verb verb = Verb::identify;
    std::uint16_t fault = 0;
    bool repeated = false;
    double total_ms = 0, queued_ms = 0;
  };
  // To a file, appended to and reopened on SIGHUP (reopen), or to standard error where `path` is
  // empty. Fault: io_error.
  static Result<std::unique_ptr<RequestLog>> open(const std::string& path);
  ~RequestLog();
  void request(const Line& line);
  void event(const std::string& what, const std::string& detail);
  void warning(const Error& error);
  Result<> reopen();

 private:
  struct State;
  explicit RequestLog(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace whorl::service
