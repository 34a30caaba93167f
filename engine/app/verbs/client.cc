// The verbs of a register over the network.

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/app/client_access.h"
#include "engine/app/client_answers.h"
#include "engine/app/names.h"
#include "engine/app/search_options.h"
#include "engine/app/store_access.h"
#include "engine/app/verbs/verbs.h"
#include "engine/app/visits.h"

namespace whorl::app {
namespace {

struct ClientVerbOptions {
  ServiceOptions service;
  SampleOptions samples;
  std::vector<std::string> references;
  SearchOptions search;
  std::string subject, folder, least = "hit", source, sex;
  std::optional<int> birth_year;
  std::uint32_t encounter = 0;
  bool expect_new = false, refuse_referrals = false;
};

using Options = ClientVerbOptions;

// Connects, fills in a request's heading, sends it and tells the answer.
template <class RequestT, class AnswerT>
Result<AnswerT> ask(const Options& o, Console& console, RequestT& request,
                    Result<AnswerT> (service::Client::*call)(const RequestT&,
                                                             const service::CallOptions&)) {
  WHORL_TRY(request.heading, heading_of(o.service));
  WHORL_TRY(const auto client, connect(o.service, console));
  WHORL_TRY(AnswerT answer, (client.get()->*call)(request, call_options(o.service)));
  console.answer(as_json(answer), as_text(answer));
  return answer;
}

Result<std::uint64_t> subject_of(const Options& o) {
  WHORL_TRY(const SubjectId subject, subject_from(o.subject, "--subject"));
  return subject.value();
}

Exit exit_of(wire::Decision decision) {
  return decision == wire::Decision::no_hit ? Exit::no_match : Exit::ok;
}

Result<std::unique_ptr<wire::SearchT>> search_of(const SearchOptions& o) {
  WHORL_TRY(const search::Query query, query_of(o));
  auto search = std::make_unique<wire::SearchT>();
  search->max_candidates = static_cast<std::uint16_t>(query.max_candidates);
  search->max_loss = o.max_loss.value_or(0);  // 0: as the policy says
  search->any_finger = query.any_finger;
  search->any_rotation = query.any_rotation;
  search->sex = static_cast<wire::Sex>(query.filter.sex);
  search->birth_year_min = query.filter.birth_year_min;
  search->birth_year_max = query.filter.birth_year_max;
  for (const SubjectId subject : query.filter.excluded) search->excluded.push_back(subject.value());
  return search;
}

// Of a request that stores a visit.
template <class RequestT>
Result<> describe_visit(const Options& o, RequestT& request) {
  WHORL_TRY(request.subject, subject_of(o));
  WHORL_TRY(const Demographics person, demographics_of(o.sex, o.birth_year));
  request.sex = static_cast<wire::Sex>(person.sex);
  request.birth_year = person.birth_year;
  request.source = o.source;
  WHORL_TRY(request.samples, samples_of(o.samples));
  return {};
}

Result<wire::EnrolRequestT> enrol_request(const Options& o) {
  wire::EnrolRequestT request;
  WHORL_TRY_VOID(describe_visit(o, request));
  request.expect_new_subject = o.expect_new;
  request.refuse_referrals = o.refuse_referrals;
  WHORL_TRY(request.search, search_of(o.search));
  return request;
}

Result<Exit> enrol(const Options& o, Console& console) {
  WHORL_TRY(wire::EnrolRequestT request, enrol_request(o));
  WHORL_TRY_VOID(ask(o, console, request, &service::Client::enrol));
  return Exit::ok;
}

Result<Exit> enrol_with_dedup(const Options& o, Console& console) {
  WHORL_TRY(wire::EnrolRequestT request, enrol_request(o));
  WHORL_TRY(const auto answer, ask(o, console, request, &service::Client::enrol_with_dedup));
  return answer.outcome == wire::Outcome::enrolled ? Exit::ok : Exit::bad_input;
}

Result<Exit> identify(const Options& o, Console& console) {
  wire::IdentifyRequestT request;
  WHORL_TRY(request.samples, samples_of(o.samples));
  WHORL_TRY(request.search, search_of(o.search));
  WHORL_TRY(const auto answer, ask(o, console, request, &service::Client::identify));
  return exit_of(answer.result ? answer.result->decision : wire::Decision::no_hit);
}

Result<Exit> verify(const Options& o, Console& console) {
  wire::VerifyRequestT request;
  if (!o.subject.empty()) { WHORL_TRY(request.subject, subject_of(o)); }
  WHORL_TRY(request.samples, samples_of(o.samples));
  WHORL_TRY(request.references, samples_of(o.references));
  WHORL_TRY(const auto answer, ask(o, console, request, &service::Client::verify));
  return exit_of(answer.match);
}

Result<Exit> update(const Options& o, Console& console) {
  wire::UpdateRequestT request;
  WHORL_TRY_VOID(describe_visit(o, request));
  request.encounter = o.encounter;
  WHORL_TRY_VOID(ask(o, console, request, &service::Client::update));
  return Exit::ok;
}

Result<Exit> remove(const Options& o, Console& console) {
  wire::DeleteRequestT request;
  WHORL_TRY(request.subject, subject_of(o));
  request.encounter = o.encounter;
  WHORL_TRY_VOID(ask(o, console, request, &service::Client::remove));
  return Exit::ok;
}

Result<Exit> erase(const Options& o, Console& console) {
  wire::EraseRequestT request;
  WHORL_TRY(request.subject, subject_of(o));
  WHORL_TRY_VOID(ask(o, console, request, &service::Client::erase));
  return Exit::ok;
}

Result<Exit> show(const Options& o, Console& console) {
  wire::GetSubjectRequestT request;
  WHORL_TRY(request.subject, subject_of(o));
  WHORL_TRY_VOID(ask(o, console, request, &service::Client::get_subject));
  return Exit::ok;
}

// Requests that say nothing but who asks.
template <class RequestT, class AnswerT,
          Result<AnswerT> (service::Client::*call)(const RequestT&, const service::CallOptions&)>
Result<Exit> bare(const Options& o, Console& console) {
  RequestT request;
  WHORL_TRY_VOID(ask(o, console, request, call));
  return Exit::ok;
}

Result<Exit> backup(const Options& o, Console& console) {
  wire::BackupRequestT request;
  request.folder = o.folder;
  WHORL_TRY_VOID(ask(o, console, request, &service::Client::backup));
  return Exit::ok;
}

Result<Exit> watch(const Options& o, Console& console) {
  wire::WatchHitsRequestT request;
  request.least = o.least == "refer" ? wire::Decision::refer : wire::Decision::hit;
  WHORL_TRY(request.heading, heading_of(o.service));
  WHORL_TRY(const auto client, connect(o.service, console));
  const auto hear = [&](const wire::HitT& hit) {
    console.answer(as_json(hit), as_text(hit));
    return true;
  };
  WHORL_TRY_VOID(client->watch_hits(request, hear, call_options(o.service)));
  return Exit::ok;
}

// A visit at a station: file after file, then the enrolment.
Result<Exit> capture(const Options& o, Console& console) {
  WHORL_TRY(const std::uint64_t subject, subject_of(o));
  WHORL_TRY(Samples samples, samples_of(o.samples));
  WHORL_TRY(const auto client, connect(o.service, console));
  const auto visit = client->visit(call_options(o.service));
  wire::CaptureRequestT request;
  WHORL_TRY(request.heading, heading_of(o.service));
  request.subject = subject;
  request.source = o.source;
  for (auto& sample : samples) {
    request.sample = std::move(sample);
    WHORL_TRY(const wire::FeedbackT feedback, visit->send(request));
    if (!console.json) console.answer(Json{}, as_text(feedback));
    request = {};
  }
  request.finish = true;
  WHORL_TRY(const wire::FeedbackT feedback, visit->send(request));
  console.answer(as_json(feedback), as_text(feedback));
  const bool enrolled =
      feedback.enrolment && feedback.enrolment->outcome == wire::Outcome::enrolled;
  return enrolled ? Exit::ok : Exit::bad_input;
}

// ---- Their options -----------------------------------------------------------------------------

void take_subject(CLI::App& app, Options& o) {
  app.add_option("--subject", o.subject, "The register's number for the person")->required();
}
void take_samples(CLI::App& app, Options& o) { add_sample_options(app, o.samples); }
void take_source(CLI::App& app, Options& o) {
  app.add_option("--source", o.source, "The station or office they come from");
}
void take_person(CLI::App& app, Options& o) {
  app.add_option("--sex", o.sex, "female, male or other; searches may filter by it");
  app.add_option("--birth-year", o.birth_year, "Likewise");
}

void enrol_options(CLI::App& app, Options& o) {
  take_subject(app, o), take_samples(app, o), take_source(app, o), take_person(app, o);
  app.add_flag("--new", o.expect_new, "Refuse a subject that is enrolled");
}
void dedup_options(CLI::App& app, Options& o) {
  enrol_options(app, o);
  add_search_options(app, o.search, LooksAmong::all);
  app.add_flag("--refuse-referrals", o.refuse_referrals,
               "Do not store what an examiner has yet to look at");
}
void identify_options(CLI::App& app, Options& o) {
  take_samples(app, o);
  add_search_options(app, o.search, LooksAmong::some);
}
void verify_options(CLI::App& app, Options& o) {
  take_samples(app, o);
  auto* subject = app.add_option("--subject", o.subject, "Against this enrolled person");
  app.add_option("--against", o.references, "Against these files, a passport's chip for instance")
      ->excludes(subject);
}
void update_options(CLI::App& app, Options& o) {
  take_subject(app, o), take_samples(app, o), take_source(app, o), take_person(app, o);
  app.add_option("--encounter", o.encounter, "Which is replaced")->required();
}
void delete_options(CLI::App& app, Options& o) {
  take_subject(app, o);
  app.add_option("--encounter", o.encounter, "Only this one");
}
void capture_options(CLI::App& app, Options& o) {
  take_subject(app, o), take_samples(app, o), take_source(app, o);
}
void watch_options(CLI::App& app, Options& o) {
  app.add_option("--least", o.least, "hit, or refer for both")
      ->check(CLI::IsMember({"hit", "refer"}))
      ->capture_default_str();
}
void backup_options(CLI::App& app, Options& o) {
  app.add_option("--to", o.folder, "A name below the folder of the service's policy")->required();
}
void no_options(CLI::App&, Options&) {}

struct Action {
  const char* name;
  const char* summary;
  Heading heading;
  void (*declare)(CLI::App&, Options&);
  Result<Exit> (*run)(const Options&, Console&);
};
using service::Client;
constexpr Action kActions[] = {
    {"enrol", "Enrol a person's samples", Heading::whole, enrol_options, enrol},
    {"enrol-with-dedup", "Search first; who is found is not enrolled", Heading::whole,
     dedup_options, enrol_with_dedup},
    {"identify", "Has this person been enrolled before?", Heading::whole, identify_options,
     identify},
    {"verify", "Is this the person enrolled, or of the other files?", Heading::whole,
     verify_options, verify},
    {"update", "Replace all of an encounter: what is not said again of it is gone", Heading::whole,
     update_options, update},
    {"delete", "Delete a person, or one encounter", Heading::whole, delete_options, remove},
    {"erase", "Destroy a person's key: nothing of them can be read again", Heading::whole,
     take_subject, erase},
    {"show", "What is enrolled of a person", Heading::whole, take_subject, show},
    {"capture", "One visit at a station: files one after another, with feedback", Heading::whole,
     capture_options, capture},
    {"watch", "Hits of other clients, as they come", Heading::whole, watch_options, watch},
    {"galleries", "The galleries you may see", Heading::without_gallery, no_options,
     bare<wire::ListGalleriesRequestT, wire::GalleriesAnswerT, &Client::list_galleries>},
    {"stats", "Sizes, and how busy the service is", Heading::without_gallery, no_options,
     bare<wire::StatsRequestT, wire::StatsAnswerT, &Client::stats>},
    {"backup", "Back the store up on the service's machine", Heading::without_gallery,
     backup_options, backup},
    {"compact", "Rewrite the store's files without what was deleted", Heading::without_gallery,
     no_options, bare<wire::CompactRequestT, wire::AdminAnswerT, &Client::compact>},
    {"reload", "Read policy and revocation list anew", Heading::without_gallery, no_options,
     bare<wire::ReloadRequestT, wire::AdminAnswerT, &Client::reload>},
    {"drain", "Answer what is under way, then stop the service", Heading::without_gallery,
     no_options, bare<wire::DrainRequestT, wire::AdminAnswerT, &Client::drain>},
};

Run declare_client(CLI::App& app) {
  auto o = std::make_shared<Options>();
  app.require_subcommand(1);
  std::vector<CLI::App*> parsers;
  for (const Action& action : kActions) {
    CLI::App* options = app.add_subcommand(action.name, action.summary);
    options->fallthrough();  // --json and --quiet are of `whorl client`
    action.declare(*options, *o);
    add_service_options(*options, o->service, action.heading);
    parsers.push_back(options);
  }
  return [o, parsers](Console& console) -> Result<Exit> {
    for (std::size_t i = 0; i < parsers.size(); ++i) {
      if (parsers[i]->parsed()) return kActions[i].run(*o, console);
    }
    return fail(Fault::bad_argument, 0, "an action is missing");
  };
}

}  // namespace

const Verb kClient{
    "client", "The verbs of a register, over the network",
    "Examples:\n"
    "  whorl client enrol --dev whorl-dev --gallery main --subject 7 left-index.png\n"
    "  whorl client identify --dev whorl-dev --gallery main right-index.wsq face.jpg\n"
    "  whorl client verify --server gate.example.org:7443 --certificate gate-7.pem \\\n"
    "    --private-key gate-7.key --authority authority.pem --gallery main \\\n"
    "    --purpose border-check live.jpg --against chip.dg2\n"
    "\n"
    "`whorl client ACTION --help` lists an action's options. Files go to the service as they are, "
    "which reads\n"
    "pictures and records of every format of docs/formats. A request id that is given again gets "
    "the first\n"
    "answer and does nothing twice. Exit codes as of the verbs of the same names.",
    declare_client};

}  // namespace whorl::app
