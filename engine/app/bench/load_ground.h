#pragma once
// What a load run stands on: a service, who is enrolled there, and what the engine can do without
// it.

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <vector>

#include "engine/app/server_process.h"
#include "engine/base/crypto.h"
#include "engine/base/result.h"
#include "engine/search/engine.h"
#include "engine/service/client.h"
#include "scanners/simulated/people.h"

namespace whorl::app {

inline constexpr const char* kLoadGallery = "bench";

// People by number, 0 on; the first `enrolled` are known to the service. Person n is subject n + 1.
class LoadPeople {
 public:
  LoadPeople(std::int64_t enrolled, int fingers, std::uint64_t seed)
      : enrolled_(enrolled), fingers_(fingers), population_(seed) {}
  std::int64_t enrolled() const { return enrolled_; }
  int fingers() const { return fingers_; }
  search::Enrolment enrolment(std::int64_t person) const;
  // What a station sends: each finger's template as a file. Fault: those of encode_template.
  Result<std::vector<Bytes>> samples(std::int64_t person, std::uint64_t capture) const;

 private:
  std::int64_t enrolled_;
  int fingers_;
  scanners::Population population_;
};

// One of those who are enrolled, captured again.
struct Probe {
  std::int64_t person = 0;
  std::vector<Bytes> samples;
};
Result<std::vector<Probe>> probes_of(const LoadPeople& people, std::int64_t count);

// The same work by the engine alone, from samples to candidates.
struct EmbeddedFigures {
  double identify_cpu_ms = 0;  // of all threads, `batch` searches together
  double verify_p50_ms = 0, verify_cpu_ms = 0;
};
Result<EmbeddedFigures> measure_embedded(search::Engine& engine, const std::vector<Probe>& probes,
                                         int batch, double seconds);

struct ProcessUse {
  double cpu_s = 0;
  double resident_bytes = 0, most_resident_bytes = 0;
};

// A store in a scratch folder, and `whorl serve --dev` over it as a process of its own, so that its
// CPU time is not the clients'. The store is opened by one of them at a time. Removed at the end.
class OwnGround {
 public:
  // Enrols them; `progress` is told how many are.
  static Result<std::unique_ptr<OwnGround>> make(const LoadPeople& people,
                                                 const std::function<void(std::int64_t)>& progress);
  ~OwnGround();
  OwnGround(const OwnGround&) = delete;
  OwnGround& operator=(const OwnGround&) = delete;

  Result<std::unique_ptr<search::Engine>> embedded() const;  // while no service runs
  Result<> start();
  void stop();
  std::filesystem::path dev_folder() const;
  Result<ProcessUse> use() const;  // of the service

 private:
  explicit OwnGround(std::filesystem::path folder) : folder_(std::move(folder)) {}
  std::filesystem::path folder_;
  Key master_;
  std::unique_ptr<ServerProcess> server_;
};

}  // namespace whorl::app
