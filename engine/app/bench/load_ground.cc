#include "engine/app/bench/load_ground.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <fstream>
#include <sstream>
#include <string>
#include <utility>

#include "engine/app/bench/bench_people.h"
#include "engine/app/bench/load_plan.h"
#include "engine/app/files.h"
#include "engine/features/read_capture.h"
#include "engine/formats/template_container.h"
#include "engine/search/verify.h"

namespace whorl::app {
namespace {

using SteadyClock = std::chrono::steady_clock;

double since(SteadyClock::time_point begun) {
  return std::chrono::duration<double>(SteadyClock::now() - begun).count();
}
double cpu_seconds() {
  return static_cast<double>(std::clock()) / static_cast<double>(CLOCKS_PER_SEC);
}

Result<std::vector<Template>> read(const Probe& probe) {
  std::vector<Template> templates;
  for (const Bytes& sample : probe.samples) {
    WHORL_TRY(std::vector<Template> some, features::read_capture(sample));
    std::move(some.begin(), some.end(), std::back_inserter(templates));
  }
  return templates;
}

Result<> identify(search::Engine& engine, const std::vector<Probe>& probes, int batch,
                  double seconds, EmbeddedFigures& figures) {
  const auto begun = SteadyClock::now();
  const double cpu = cpu_seconds();
  std::size_t at = 0;
  while (at == 0 || since(begun) < seconds) {
    std::vector<search::Query> queries;
    for (int i = 0; i < batch; ++i, ++at) {
      WHORL_TRY(queries.emplace_back().templates, read(probes[at % probes.size()]));
    }
    WHORL_TRY_VOID(engine.identify(kLoadGallery, queries));
  }
  figures.identify_cpu_ms = 1000 * (cpu_seconds() - cpu) / static_cast<double>(at);
  return {};
}

Result<> verify(search::Engine& engine, const std::vector<Probe>& probes, double seconds,
                EmbeddedFigures& figures) {
  WHORL_TRY(const gallery::GalleryInfo info, engine.store().find_gallery(kLoadGallery));
  const auto begun = SteadyClock::now();
  const double cpu = cpu_seconds();
  std::vector<double> milliseconds;
  while (milliseconds.empty() || since(begun) < seconds) {
    const Probe& probe = probes[milliseconds.size() % probes.size()];
    const auto asked = SteadyClock::now();
    WHORL_TRY(const std::vector<Template> templates, read(probe));
    WHORL_TRY(const auto references,
              engine.store().get_subject(info.id, bench_subject(probe.person)));
    WHORL_TRY_VOID(search::verify(templates, references));
    milliseconds.push_back(1000 * since(asked));
  }
  figures.verify_cpu_ms = 1000 * (cpu_seconds() - cpu) / static_cast<double>(milliseconds.size());
  figures.verify_p50_ms = latency_of(std::move(milliseconds)).p50_ms;
  return {};
}

}  // namespace

search::Enrolment LoadPeople::enrolment(std::int64_t person) const {
  return {bench_subject(person), capture_fingers(population_, person, fingers_, 0), true};
}

Result<std::vector<Bytes>> LoadPeople::samples(std::int64_t person, std::uint64_t capture) const {
  std::vector<Bytes> samples;
  for (const Template& t : capture_fingers(population_, person, fingers_, capture).templates) {
    WHORL_TRY(samples.emplace_back(), formats::encode_template(t));
  }
  return samples;
}

Result<std::vector<Probe>> probes_of(const LoadPeople& people, std::int64_t count) {
  std::vector<Probe> probes;
  for (std::int64_t i = 0; i < count; ++i) {
    Probe& probe = probes.emplace_back();
    probe.person = i * people.enrolled() / count;
    WHORL_TRY(probe.samples, people.samples(probe.person, 1));
  }
  return probes;
}

Result<EmbeddedFigures> measure_embedded(search::Engine& engine, const std::vector<Probe>& probes,
                                         int batch, double seconds) {
  EmbeddedFigures figures;
  WHORL_TRY_VOID(identify(engine, probes, batch, seconds, figures));
  WHORL_TRY_VOID(verify(engine, probes, seconds / 4, figures));
  return figures;
}

Result<std::unique_ptr<OwnGround>> OwnGround::make(
    const LoadPeople& people, const std::function<void(std::int64_t)>& progress) {
  std::unique_ptr<OwnGround> ground(new OwnGround(std::filesystem::temp_directory_path() /
                                                  ("whorl-load-" + std::to_string(::getpid()))));
  std::error_code ignored;  // what an earlier process of this number left
  std::filesystem::remove_all(ground->folder_, ignored);
  WHORL_TRY_VOID(make_folder(ground->folder_));
  SystemEntropy entropy;
  WHORL_TRY(ground->master_, Key::random(entropy));
  WHORL_TRY_VOID(write_secret(ground->folder_ / "master.key", ground->master_.to_hex() + "\n"));
  WHORL_TRY(const auto engine, ground->embedded());
  WHORL_TRY_VOID(engine->create_gallery(kLoadGallery));
  std::int64_t next = 0, done = 0;
  WHORL_TRY(const search::StreamSummary summary,
            engine->enrol_stream(
                kLoadGallery,
                [&]() -> std::optional<search::Enrolment> {
                  if (next == people.enrolled()) return std::nullopt;
                  return people.enrolment(next++);
                },
                [&](const search::Receipt&) { progress(++done); }));
  if (summary.enrolled != people.enrolled()) return fail(Fault::index_unavailable, 0, "enrolments");
  WHORL_TRY_VOID(engine->save_snapshot());
  return ground;
}

OwnGround::~OwnGround() {
  stop();
  std::error_code ignored;  // nobody could do anything about it
  std::filesystem::remove_all(folder_, ignored);
}

Result<std::unique_ptr<search::Engine>> OwnGround::embedded() const {
  search::EngineOptions options;
  options.folder = (folder_ / "store").string();
  options.master = master_;
  options.create = true;
  return search::Engine::open(options);
}

Result<> OwnGround::start() {
  WHORL_TRY(server_, ServerProcess::start(dev_folder(),
                                          {"--store", folder_ / "store", "--gallery", kLoadGallery,
                                           "--key-file", folder_ / "master.key"}));
  return {};
}

void OwnGround::stop() { server_.reset(); }

std::filesystem::path OwnGround::dev_folder() const { return folder_ / "dev"; }

// proc(5): the 14th and 15th words of stat are ticks of user and system time, counted from behind
// the name, which may hold anything.
Result<ProcessUse> OwnGround::use() const {
  const auto folder = std::filesystem::path("/proc") / std::to_string(server_->id());
  std::ifstream stat(folder / "stat"), status(folder / "status");
  std::string line, word;
  std::getline(stat, line);
  std::istringstream words(line.substr(std::min(line.size(), line.rfind(')') + 1)));
  for (int skipped = 0; skipped < 11; ++skipped) words >> word;
  double user = 0, system = 0;
  if (!(words >> user >> system)) return fail(Fault::io_error, 0, "the service ended");
  ProcessUse use;
  use.cpu_s = (user + system) / static_cast<double>(sysconf(_SC_CLK_TCK));
  while (status >> word) {
    if (word == "VmHWM:") status >> use.most_resident_bytes;
    if (word == "VmRSS:") status >> use.resident_bytes;
  }
  use.most_resident_bytes *= 1024, use.resident_bytes *= 1024;  // they are given in KiB
  return use;
}

}  // namespace whorl::app
