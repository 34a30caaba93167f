// Any bytes as any request, to a service that lets everybody do everything: through the verifier,
// every reader of a message and every handler. The first byte is the verb. Half of the inputs begin
// as a request that is in order (the mutator below), so that what lies behind the verifier is
// reached.

#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <iterator>
#include <memory>
#include <random>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "engine/formats/template_container.h"
#include "engine/service/service.h"
#include "tests/fuzz/fuzz_check.h"

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t max_size);

namespace whorl::service {
namespace {

namespace fs = std::filesystem;

constexpr const char* kClient = "CN=fuzz";
constexpr int kRequestsAStore = 20'000;  // then it begins afresh, so that memory stays bounded

// In memory where the machine has such a folder: what is fuzzed is not the disk.
fs::path scratch() {
  const fs::path memory = "/dev/shm";
  return (fs::exists(memory) ? memory : fs::temp_directory_path()) /
         ("whorl-fuzz-service-" + std::to_string(::getpid()));
}

class House {
 public:
  House() {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    search::EngineOptions options;
    options.folder = (folder_ / "store").string();
    options.master = master_;
    options.create = true;
    engine_ = std::move(*search::Engine::open(options));
    FUZZ_CHECK(engine_->create_gallery("main").has_value());
    audit_ = std::move(*AuditLog::open((folder_ / "audit").string(), master_, clock_));
    log_ = std::move(*RequestLog::open((folder_ / "log").string()));
    Role all{"all", {kClient}, {"*"}, {}, {"*"}, Priority::interactive};
    for (const VerbName& entry : kVerbNames) all.verbs.push_back(entry.verb);
    Policy policy;
    policy.roles.push_back(std::move(all));
    gatekeeper_ = std::make_unique<Gatekeeper>(std::move(policy), clock_);
    service_ = std::make_unique<Service>(
        Foundations{*engine_, *gatekeeper_, *audit_, metrics_, *log_, clock_}, 1);
  }
  ~House() {
    service_.reset(), log_.reset(), audit_.reset(), engine_.reset();
    remove_folder();
  }
  static void remove_folder() {
    std::error_code ignored;
    fs::remove_all(scratch(), ignored);
  }
  House(const House&) = delete;
  House& operator=(const House&) = delete;

  Service& service() { return *service_; }

 private:
  const fs::path folder_ = scratch();
  const Key master_ = *Key::from_hex(std::string(64, '7'));
  SystemClock clock_;
  Metrics metrics_;
  std::unique_ptr<search::Engine> engine_;
  std::unique_ptr<AuditLog> audit_;
  std::unique_ptr<RequestLog> log_;
  std::unique_ptr<Gatekeeper> gatekeeper_;
  std::unique_ptr<Service> service_;
};

using Handler = Result<Bytes> (Service::*)(const Call&, Message);
constexpr Handler kHandlers[] = {
    &Service::enrol,  &Service::enrol_with_dedup, &Service::identify,
    &Service::verify, &Service::update,           &Service::remove,
    &Service::erase,  &Service::get_subject,      &Service::list_galleries,
    &Service::stats,  &Service::backup,           &Service::reload};
constexpr std::uint8_t kVisit = std::size(kHandlers), kWatch = kVisit + 1, kVerbs = kWatch + 1;

void watch(Service& service, const Call& call, Message message) {
  Call brief = call;
  brief.patience.gave_up = [] { return true; };
  (void)service.watch_hits(brief, message, [](const Bytes&) { return false; });
}

void visit(Service& service, const Call& call, Message message) {
  Service::Visit visit(service, call);
  for (int times = 0; times < 2 && !visit.finished(); ++times) {
    if (!visit.take(message)) return;
  }
}

// ---- Requests that are in order ----------------------------------------------------------------

std::vector<std::unique_ptr<wire::SampleT>> samples(std::mt19937& random) {
  FingerTemplate print;
  print.position = static_cast<FingerPosition>(1 + random() % 10);
  // Few as a rule: matching has tests of its own, and takes the time that requests could have.
  const int minutiae = random() % 16 == 0 ? 20 : 5;
  for (int m = 0; m < minutiae; ++m) {
    Minutia minutia;
    minutia.x_px = static_cast<std::int16_t>(random() % 400);
    minutia.y_px = static_cast<std::int16_t>(random() % 400);
    minutia.direction = Direction{static_cast<std::uint8_t>(random())};
    print.minutiae.push_back(minutia);
  }
  std::vector<std::unique_ptr<wire::SampleT>> list;
  auto sample = std::make_unique<wire::SampleT>();
  const Result<Bytes> bytes = formats::encode_template(print);
  for (const std::byte b : *bytes) { sample->bytes.push_back(static_cast<std::uint8_t>(b)); }
  list.push_back(std::move(sample));
  return list;
}

std::unique_ptr<wire::HeadingT> heading(std::mt19937& random) {
  auto made = std::make_unique<wire::HeadingT>();
  made->request_id = std::to_string(random() % 5000);
  made->gallery = "main";
  made->purpose = "fuzzing";
  return made;
}

// What of a request has a name of its own; whatever a request does not have is left out.
template <class RequestT>
Bytes request(std::mt19937& random) {
  RequestT made;
  made.heading = heading(random);
  if constexpr (requires { made.subject; }) made.subject = 1 + random() % 50;
  // An erasure that finds somebody writes the store's files anew, which takes as long as a hundred
  // other requests.
  if constexpr (std::is_same_v<RequestT, wire::EraseRequestT>) {
    if (random() % 32 != 0) made.subject += 1000;
  }
  if constexpr (requires { made.samples; }) made.samples = samples(random);
  if constexpr (requires { made.encounter; }) made.encounter = 1;
  if constexpr (requires { made.search; }) made.search = std::make_unique<wire::SearchT>();
  if constexpr (requires { made.folder; }) made.folder = "monday";
  if constexpr (requires { made.sample; }) made.sample = std::move(samples(random).front());
  if constexpr (requires { made.finish; }) made.finish = random() % 2 == 0;
  return packed(made);
}

Bytes request_for(std::uint8_t verb, std::mt19937& random) {
  switch (verb) {
    case 0:
    case 1:
      return request<wire::EnrolRequestT>(random);
    case 2:
      return request<wire::IdentifyRequestT>(random);
    case 3:
      return request<wire::VerifyRequestT>(random);
    case 4:
      return request<wire::UpdateRequestT>(random);
    case 5:
      return request<wire::DeleteRequestT>(random);
    case 6:
      return request<wire::EraseRequestT>(random);
    case 7:
      return request<wire::GetSubjectRequestT>(random);
    case 8:
      return request<wire::ListGalleriesRequestT>(random);
    case 9:
      return request<wire::StatsRequestT>(random);
    case 10:
      return request<wire::BackupRequestT>(random);
    case 11:
      return request<wire::ReloadRequestT>(random);
    case kVisit:
      return request<wire::CaptureRequestT>(random);
    default:
      return request<wire::WatchHitsRequestT>(random);
  }
}

}  // namespace
}  // namespace whorl::service

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t max_size, unsigned int seed) {
  using namespace whorl::service;
  std::mt19937 random(seed);
  if (random() % 2 == 0 || size < 2) {
    const auto verb = static_cast<std::uint8_t>(random() % kVerbs);
    const whorl::Bytes made = request_for(verb, random);
    if (made.size() + 1 <= max_size) {
      data[0] = verb;
      std::memcpy(data + 1, made.data(), made.size());
      size = made.size() + 1;
    }
    // A few bytes of it changed, so that the verifier may still let it through.
    for (std::uint32_t changes = size > 1 ? random() % 4 : 0; changes > 0; --changes) {
      data[1 + random() % (size - 1)] = static_cast<std::uint8_t>(random());
    }
    return size;
  }
  return 1 + LLVMFuzzerMutate(data + 1, size - 1, max_size - 1);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace whorl::service;
  // Never destroyed at the end: by then the store's own library has ended.
  static House* house = nullptr;
  static int requests = 0;
  if (house == nullptr || ++requests % kRequestsAStore == 0) {
    delete house;
    house = new House();
    if (requests == 0) std::atexit([] { House::remove_folder(); });
  }
  if (size == 0) return 0;
  // Where tables may lie: the fuzzer puts them anywhere.
  const auto raw = std::as_bytes(std::span(data + 1, size - 1));
  const whorl::Bytes message(raw.begin(), raw.end());
  Call call;
  call.caller.name = kClient;
  const auto verb = static_cast<std::uint8_t>(data[0] % kVerbs);
  if (verb == kVisit) {
    visit(house->service(), call, message);
  } else if (verb == kWatch) {
    watch(house->service(), call, message);
  } else {
    const auto answer = (house->service().*kHandlers[verb])(call, message);
    FUZZ_CHECK(answer ? !answer->empty() : static_cast<int>(answer.error().fault) > 0);
  }
  return 0;
}
