#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "engine/base/result.h"
#include "engine/service/verb.h"

namespace whorl::service {

// One line of JSON a request, and one for what happens to the service itself. Holds numbers, names
// of the policy and request ids; never subjects, templates, pictures or scores. docs/operations.md
// lists the fields.
//
// Nobody waits for the disk: a line is handed to one thread that writes, and where kLinesWaiting
// wait already the oldest of them is dropped. How many were lost is counted, and told in the log
// itself before the next line that is written.
//
// Thread safety: every member may be called from any thread.
class RequestLog {
 public:
  // Some seconds' worth of requests; about 4 MB.
  static constexpr std::size_t kLinesWaiting = 8192;

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
  ~RequestLog();  // writes what waits
  // A refused request's id, gallery and purpose are what somebody sent: they are left out unless
  // they have the form of one.
  void request(const Line& line);
  void event(const std::string& what, const std::string& detail);
  void warning(const Error& error);
  // Opens the path anew, for whoever moved the file away. Where that fails the old file stays in
  // use. Fault: io_error.
  Result<> reopen();
  std::int64_t lost() const;  // lines: those dropped, and those that the disk refused

 private:
  struct State;
  explicit RequestLog(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// Text about a record without the number of its person: "subject 17" becomes "subject -".
std::string without_subjects(std::string_view text);

}  // namespace whorl::service
