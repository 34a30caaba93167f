// Appends for ever, from several threads, and says what was appended; it ends by being killed.
//   audit_stream FOLDER FIRST_REQUEST

#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "tests/service/audit_samples.h"

namespace whorl::service {
namespace {

template <class T>
void must(const Result<T>& result) {
  if (result) return;
  std::fprintf(stderr, "%s\n", describe(result.error()).c_str());
  std::_Exit(2);
}

// Short writes to a pipe arrive whole or not at all, so a line is never cut by the kill.
void say(const std::string& line) {
  if (::write(STDOUT_FILENO, line.data(), line.size()) < 0) std::_Exit(3);
}

// A "day" lasts a few hundred requests, so that kills fall into the beginning of files as well.
void stream(AuditLog& log, std::uint64_t next) {
  for (;; ++next) {
    const auto at = day(static_cast<std::int64_t>(next % 1'000'000 / 100));
    must(log.append(sample_record(next, at), next % 3 == 0 ? Durable::now : Durable::soon));
    say(std::to_string(next) + "\n");
  }
}

void run(const std::string& folder, std::uint64_t first) {
  const ManualClock clock(kMorning);
  auto log = AuditLog::open(folder, sample_key(), clock);
  must(log);
  std::vector<std::thread> threads;
  for (std::uint64_t t = 0; t < 4; ++t) {
    threads.emplace_back(stream, std::ref(**log), first + t * 1'000'000);
  }
  threads.front().join();  // never
}

}  // namespace
}  // namespace whorl::service

int main(int count, char** arguments) {
  if (count != 3) return 1;
  whorl::service::run(arguments[1], std::stoull(arguments[2]));
}
