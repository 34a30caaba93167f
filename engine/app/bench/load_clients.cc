#include "engine/app/bench/load_clients.h"

#include <algorithm>
#include <utility>

#include "engine/app/bench/bench_people.h"

namespace whorl::app {
namespace {

std::vector<std::unique_ptr<wire::SampleT>> wired(const std::vector<Bytes>& samples) {
  std::vector<std::unique_ptr<wire::SampleT>> made;
  for (const Bytes& bytes : samples) {
    auto sample = std::make_unique<wire::SampleT>();
    sample->bytes.resize(bytes.size());
    std::ranges::copy(bytes, std::as_writable_bytes(std::span(sample->bytes)).begin());
    made.push_back(std::move(sample));
  }
  return made;
}

template <class Answer>
LoadClients::Told told(const Result<Answer>& answer, const auto& right) {
  if (!answer) return {false, tl::unexpected<Error>(answer.error())};
  return {right(*answer), {}};
}

}  // namespace

Result<std::unique_ptr<LoadClients>> LoadClients::connect(const LoadBench& bench,
                                                          const Clock& clock,
                                                          const LoadPeople& people,
                                                          const std::vector<Probe>& probes) {
  WHORL_TRY(const auto drawn, heading_of(bench.service));  // its id is drawn at random
  std::unique_ptr<LoadClients> made(new LoadClients(bench, people, probes, drawn->request_id));
  WHORL_TRY(const service::ClientOptions options, service_from(bench.service, clock));
  for (int i = 0; i < bench.clients; ++i) {
    WHORL_TRY(made->clients_.emplace_back(), service::Client::connect(options));
  }
  return made;
}

Result<std::unique_ptr<wire::HeadingT>> LoadClients::heading(const std::string& id) const {
  ServiceOptions options = bench_.service;
  options.request_id = id;
  return heading_of(options);
}

Result<LoadClients::Request> LoadClients::request(LoadKind kind, std::uint64_t pick) {
  Request request;
  request.kind = kind;
  const std::string id = next_id();
  request.client = asked_ % clients_.size();
  const Probe& probe = probes_[pick % probes_.size()];
  request.person = probe.person;
  switch (kind) {
    case LoadKind::identify: {
      WHORL_TRY(request.identify.heading, heading(id));
      request.identify.samples = wired(probe.samples);
      break;
    }
    case LoadKind::verify: {
      WHORL_TRY(request.verify.heading, heading(id));
      request.verify.subject = bench_subject(probe.person).value();
      request.verify.samples = wired(probe.samples);
      break;
    }
    case LoadKind::enrol: {
      const std::int64_t newcomer = newcomers_++;
      request.person = people_.enrolled() + newcomer;
      WHORL_TRY(request.enrol.heading, heading(id));
      // Another run over the same service has other subjects.
      request.enrol.subject =
          std::stoull(run_.substr(0, 12), nullptr, 16) + static_cast<std::uint64_t>(newcomer);
      request.enrol.source = "load";
      WHORL_TRY(const std::vector<Bytes> samples, people_.samples(request.person, 0));
      request.enrol.samples = wired(samples);
      break;
    }
  }
  return request;
}

Result<LoadClients::Request> LoadClients::first_enrolment(std::int64_t person) {
  Request request;
  request.kind = LoadKind::enrol;
  request.person = person;
  request.client = asked_++ % clients_.size();
  WHORL_TRY(request.enrol.heading,
            heading("load-" + std::to_string(bench_.seed) + "-" + std::to_string(bench_.fingers) +
                    "-" + std::to_string(person)));
  request.enrol.subject = bench_subject(person).value();
  request.enrol.source = "load";
  request.enrol.captured_at_ms = 1;  // the same whenever it is asked again
  WHORL_TRY(const std::vector<Bytes> samples, people_.samples(person, 0));
  request.enrol.samples = wired(samples);
  return request;
}

LoadClients::Told LoadClients::ask(const Request& request, int retries) {
  service::Client& client = *clients_[request.client];
  service::CallOptions options = call_options(bench_.service);
  options.retries = retries;
  switch (request.kind) {
    case LoadKind::identify:
      return told(client.identify(request.identify, options), [&](const auto& answer) {
        return answer.result != nullptr && !answer.result->candidates.empty() &&
               answer.result->candidates.front()->subject == bench_subject(request.person).value();
      });
    case LoadKind::verify:
      return told(client.verify(request.verify, options),
                  [](const auto& answer) { return answer.match == wire::Decision::hit; });
    case LoadKind::enrol:
      return told(client.enrol(request.enrol, options), [&](const auto& answer) {
        if (request.person >= people_.enrolled()) {
          const std::lock_guard lock(lock_);
          acknowledged_.push_back(answer.subject);
        }
        return answer.outcome == wire::Outcome::enrolled;
      });
  }
  return {};
}

std::vector<std::uint64_t> LoadClients::acknowledged() {
  const std::lock_guard lock(lock_);
  return acknowledged_;
}

Result<bool> LoadClients::knows(std::uint64_t subject) {
  wire::GetSubjectRequestT request;
  WHORL_TRY(request.heading, heading(next_id()));
  request.subject = subject;
  service::CallOptions options = call_options(bench_.service);
  options.retries = 30;
  const auto answer = clients_[asked_ % clients_.size()]->get_subject(request, options);
  if (answer) return answer->encounters.size() == 1;
  if (answer.error().fault == Fault::not_found) return false;
  return tl::unexpected<Error>(answer.error());
}

}  // namespace whorl::app
