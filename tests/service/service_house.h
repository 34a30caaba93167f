#pragma once
// A service with all it stands on, in a scratch folder, and people to ask it about.

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/formats/template_container.h"
#include "engine/service/service.h"
#include "scanners/simulated/people.h"

namespace whorl::service {

inline constexpr const char* kRegister = "CN=register,O=Whorl";  // may do everything
inline constexpr const char* kGate = "CN=gate,O=Whorl";  // may identify and verify in "main"

inline Policy house_policy(const std::string& backups) {
  Policy policy;
  Role all{"register", {kRegister}, {"*"}, {}, {"*"}, Priority::interactive};
  for (const VerbName& entry : kVerbNames) all.verbs.push_back(entry.verb);
  policy.roles = {all,
                  {"gates", {kGate}, {"main"}, {Verb::identify, Verb::verify}, {"border-check"}}};
  policy.backup_folder = backups;
  return policy;
}

class House {
 public:
  explicit House(const std::string& name) : House(std::filesystem::temp_directory_path(), name) {}
  House(const std::filesystem::path& below, const std::string& name)
      : folder_(below / ("whorl-service-" + std::to_string(::getpid()) + "-" + name)) {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    open();
    EXPECT_TRUE(engine->create_gallery("main"));
    EXPECT_TRUE(engine->create_gallery("other"));
  }
  ~House() {
    close();
    std::filesystem::remove_all(folder_);
  }
  House(const House&) = delete;
  House& operator=(const House&) = delete;

  void close() { service.reset(), metrics.reset(), log.reset(), audit.reset(), engine.reset(); }
  void open() {
    close();
    search::EngineOptions options;
    options.folder = (folder_ / "store").string();
    options.master = master;
    options.create = true;
    options.clock = &clock;
    auto opened = search::Engine::open(options);
    ASSERT_TRUE(opened) << describe(opened.error());
    engine = std::move(*opened);
    auto kept = AuditLog::open(audit_folder(), master, clock);
    ASSERT_TRUE(kept) << describe(kept.error());
    audit = std::move(*kept);
    auto lines = RequestLog::open((folder_ / "log").string());
    ASSERT_TRUE(lines) << describe(lines.error());
    log = std::move(*lines);
    metrics = std::make_unique<Metrics>();
    serve_under(std::make_unique<Gatekeeper>(policy(), clock));
  }
  void serve_under(std::unique_ptr<Gatekeeper> rules) {
    service.reset();
    gatekeeper = std::move(rules);
    service = std::make_unique<Service>(
        Foundations{*engine, *gatekeeper, *audit, *metrics, *log, clock}, 2);
  }
  Policy policy() const { return house_policy((folder_ / "backups").string()); }

  std::filesystem::path folder() const { return folder_; }
  std::string audit_folder() const { return (folder_ / "audit").string(); }

  const Key master = *Key::from_hex(std::string(64, '7'));
  ManualClock clock{SystemClock().now()};  // stands still unless it is set
  std::unique_ptr<search::Engine> engine;
  std::unique_ptr<AuditLog> audit;
  std::unique_ptr<RequestLog> log;
  std::unique_ptr<Metrics> metrics;
  std::unique_ptr<Gatekeeper> gatekeeper;
  std::unique_ptr<Service> service;

 private:
  const std::filesystem::path folder_;
};

inline Call call_by(const std::string& client) {
  Call call;
  call.caller.name = client;
  call.patience.until = std::chrono::steady_clock::now() + std::chrono::minutes(2);
  return call;
}

inline std::unique_ptr<wire::HeadingT> heading(const std::string& id,
                                               const std::string& gallery = "main",
                                               const std::string& purpose = "border-check") {
  auto made = std::make_unique<wire::HeadingT>();
  made->request_id = id;
  made->gallery = gallery;
  made->purpose = purpose;
  return made;
}

// What a person's fingers look like on visit `number`, as a station would send them.
inline std::vector<std::unique_ptr<wire::SampleT>> samples_of(
    std::uint64_t person, std::uint64_t number,
    const std::vector<FingerPosition>& fingers = {FingerPosition::right_index,
                                                  FingerPosition::left_thumb}) {
  static const scanners::Population population{77};
  std::vector<std::unique_ptr<wire::SampleT>> samples;
  for (const FingerPosition finger : fingers) {
    const auto bytes = formats::encode_template(population.person(person).capture(finger, number));
    auto sample = std::make_unique<wire::SampleT>();
    for (const std::byte b : *bytes) sample->bytes.push_back(static_cast<std::uint8_t>(b));
    samples.push_back(std::move(sample));
  }
  return samples;
}

inline wire::EnrolRequestT enrolment(const std::string& id, std::uint64_t subject,
                                     std::uint64_t person, std::uint64_t visit = 0,
                                     const std::string& gallery = "main") {
  wire::EnrolRequestT request;
  request.heading = heading(id, gallery, "enrolment");
  request.subject = subject;
  request.samples = samples_of(person, visit);
  request.source = "desk 4";
  return request;
}

inline wire::IdentifyRequestT query(const std::string& id, std::uint64_t person,
                                    std::uint64_t visit, const std::string& gallery = "main") {
  wire::IdentifyRequestT request;
  request.heading = heading(id, gallery);
  request.samples = samples_of(person, visit);
  return request;
}

template <class AnswerT>
AnswerT unpacked(const Bytes& bytes) {
  AnswerT answer;
  flatbuffers::GetRoot<typename AnswerT::TableType>(bytes.data())->UnPackTo(&answer);
  return answer;
}

}  // namespace whorl::service
