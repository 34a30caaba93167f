#pragma once

#include <sys/types.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/result.h"

namespace whorl::app {

// `whorl serve --dev` as a process of its own, for as long as this object lives.
class ServerProcess {
 public:
  // `options` are of `whorl serve`, without --dev and where it listens: any free port of loopback.
  // What a client needs to know is in `dev_folder` when this returns. Faults: machine trouble of
  // starting; io_error with the log's name when it ended before it answered.
  static Result<std::unique_ptr<ServerProcess>> start(const std::filesystem::path& dev_folder,
                                                      const std::vector<std::string>& options);
  ~ServerProcess();  // asks it to stop, and waits
  pid_t id() const { return process_; }
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;

 private:
  explicit ServerProcess(pid_t process) : process_(process) {}
  pid_t process_;
};

}  // namespace whorl::app
