// spdlog stops here.

#include "engine/service/request_log.h"

#include <fcntl.h>
#include <spdlog/async_logger.h>
#include <spdlog/details/thread_pool.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cmath>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "engine/base/limits.h"
#include "engine/gallery/catalogue.h"
#include "engine/service/broken_pipes.h"
#include "engine/service/wire.h"

namespace whorl::service {
namespace {

using Json = nlohmann::ordered_json;

// spdlog puts the time and the level before what we say, so a line's own object begins after them.
const char* const kPattern = R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l",%v)";

// Without its opening brace. Bytes that are no UTF-8 become U+FFFD.
std::string rest_of_line(const Json& fields) {
  return fields.dump(-1, ' ', false, Json::error_handler_t::replace).substr(1);
}

double to_the_microsecond(double milliseconds) { return std::round(milliseconds * 1e3) / 1e3; }

bool is_digit(char c) { return c >= '0' && c <= '9'; }

void add_if_formed(Json& fields, const char* name, const std::string& text,
                   bool (*formed)(std::string_view)) {
  if (formed(text)) fields[name] = text;
}

// A file descriptor that takes whole lines. spdlog's own file sinks keep half a line when a disk is
// full, and lose the file when it cannot be reopened.
class Lines final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit Lines(std::string path) : path_(std::move(path)) {}
  ~Lines() override {
    if (descriptor_ != STDERR_FILENO && descriptor_ >= 0) ::close(descriptor_);
  }

  Result<> reopen() {
    if (path_.empty()) return {};
    // Readable for a group that collects logs, and nobody else.
    const int opened = ::open(path_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
    if (opened < 0) return fail(Fault::io_error, 0, path_);
    const std::scoped_lock lock(mutex_);
    const int before = std::exchange(descriptor_, opened);
    if (before != STDERR_FILENO) ::close(before);
    return {};
  }

  // Where the dropped ones are counted; set before the first line. It ends with its thread, and so
  // outlives every line.
  void tell_of(spdlog::details::thread_pool& queue) { queue_ = &queue; }
  std::int64_t lost() const {
    return refused_ + static_cast<std::int64_t>(queue_->overrun_counter());
  }

 private:
  void sink_it_(const spdlog::details::log_msg& message) override {
    const std::int64_t lost_so_far = lost();
    spdlog::memory_buf_t text;
    if (lost_so_far != told_) {
      const std::string count =
          rest_of_line({{"event", "lines-lost"}, {"lines", lost_so_far - told_}});
      formatter_->format({message.time, {}, {}, spdlog::level::warn, count}, text);
    }
    formatter_->format(message, text);
    if (write({text.data(), text.size()})) {
      told_ = lost_so_far;
    } else {
      ++refused_;
    }
  }
  void flush_() override {}

  bool write(std::string_view text) {
    if (torn_ && !put("\n")) return false;
    torn_ = false;
    return put(text);
  }
  bool put(std::string_view text) {
    while (!text.empty()) {
      const ssize_t written = ::write(descriptor_, text.data(), text.size());
      if (written < 0 && errno == EINTR) continue;
      if (written <= 0) return false;
      text.remove_prefix(static_cast<std::size_t>(written));
      torn_ = !text.empty();
    }
    return true;
  }

  const std::string path_;
  spdlog::details::thread_pool* queue_ = nullptr;
  std::atomic<std::int64_t> refused_ = 0;
  // base_sink's mutex guards the rest.
  int descriptor_ = STDERR_FILENO;
  bool torn_ = false;  // the last line is there in part
  std::int64_t told_ = 0;
};

}  // namespace

std::string without_subjects(std::string_view text) {
  constexpr std::string_view kWord = "subject ";
  std::string told;
  while (!text.empty()) {
    if (!text.starts_with(kWord)) {
      told += text.front();
      text.remove_prefix(1);
      continue;
    }
    told += kWord;
    text.remove_prefix(kWord.size());
    const auto number = std::ranges::find_if_not(text, is_digit) - text.begin();
    if (number > 0) told += '-';
    text.remove_prefix(static_cast<std::size_t>(number));
  }
  return told;
}

struct RequestLog::State {
  std::shared_ptr<Lines> lines;
  // Destroyed after the logger, with all that waits written.
  std::shared_ptr<spdlog::details::thread_pool> queue;
  std::shared_ptr<spdlog::async_logger> logger;
};

RequestLog::RequestLog(std::unique_ptr<State> state) : state_(std::move(state)) {}
RequestLog::~RequestLog() = default;

Result<std::unique_ptr<RequestLog>> RequestLog::open(const std::string& path) {
  auto state = std::make_unique<State>();
  state->lines = std::make_shared<Lines>(path);
  WHORL_TRY_VOID(state->lines->reopen());
  state->queue =
      std::make_shared<spdlog::details::thread_pool>(kLinesWaiting, 1, block_broken_pipes);
  state->lines->tell_of(*state->queue);
  state->logger = std::make_shared<spdlog::async_logger>(
      "requests", state->lines, state->queue, spdlog::async_overflow_policy::overrun_oldest);
  state->logger->set_formatter(
      std::make_unique<spdlog::pattern_formatter>(kPattern, spdlog::pattern_time_type::utc, "\n"));
  return std::unique_ptr<RequestLog>(new RequestLog(std::move(state)));
}

void RequestLog::request(const Line& line) {
  Json fields = {{"event", "request"}};
  add_if_formed(fields, "request_id", line.request_id, is_request_id);
  fields["client"] = line.client.substr(0, kMaxClientNameBytes);
  fields["verb"] = name_of(line.verb);
  add_if_formed(fields, "gallery", line.gallery, gallery::is_name);
  add_if_formed(fields, "purpose", line.purpose, is_purpose);
  if (line.fault != 0) fields["fault"] = text_of(static_cast<Fault>(line.fault)).name;
  if (line.repeated) fields["repeated"] = true;
  fields["total_ms"] = to_the_microsecond(line.total_ms);
  fields["queued_ms"] = to_the_microsecond(line.queued_ms);
  state_->logger->log(spdlog::level::info, rest_of_line(fields));
}

void RequestLog::event(const std::string& what, const std::string& detail) {
  Json fields = {{"event", what}};
  if (!detail.empty()) fields["detail"] = without_subjects(detail);
  state_->logger->log(spdlog::level::info, rest_of_line(fields));
}

void RequestLog::warning(const Error& error) {
  state_->logger->log(spdlog::level::warn,
                      rest_of_line({{"event", "warning"},
                                    {"fault", text_of(error.fault).name},
                                    {"detail", without_subjects(describe(error))}}));
}

Result<> RequestLog::reopen() { return state_->lines->reopen(); }
std::int64_t RequestLog::lost() const { return state_->lines->lost(); }

}  // namespace whorl::service
