// Whorl inside a program of yours: opens a store, enrols a few people and asks who somebody is.
//
//   export WHORL_MASTER_KEY=$(openssl rand -hex 32)
//   embed STORE PROBE FILE...
//
// Every FILE is one person's visit, and the n-th is enrolled as subject n; PROBE is the visit of
// somebody who is to be found among them. Files are templates (ISO/IEC 19794-2, ANSI/INCITS 378,
// Whorl's own) or pictures of fingers and faces. Exit code 0: found; 1: not; 3: something failed.

#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/kept_memory.h"
#include "engine/base/limits.h"
#include "engine/base/master_key.h"
#include "engine/features/read_capture.h"
#include "engine/formats/file_io.h"
#include "engine/matchers/comparison.h"
#include "engine/search/engine.h"

namespace {

using namespace whorl;

const std::string kGallery = "main";

// Everything that can fail gives a Result: the value, or an Error that says what went wrong, where,
// and what to do about it. WHORL_TRY names the value, or leaves the function with the Error.
Result<std::vector<Template>> read_visit(const std::string& file) {
  WHORL_TRY(const Bytes bytes, formats::read_file(file, kMaxImageFileBytes));
  // Records are read, pictures become templates. What the bytes do not say can be said beside
  // them: features::CaptureOptions has the resolution and whether a finger or a face is shown.
  auto templates = features::read_capture(bytes);
  if (!templates) return at(templates.error(), file);
  return templates;
}

// The store is a folder, sealed with a master key: 64 hexadecimal digits in a file, or, as here, in
// the environment variable WHORL_MASTER_KEY. Without that key nothing in it can ever be read.
Result<std::unique_ptr<search::Engine>> open_store(const std::string& folder) {
  search::EngineOptions options;
  options.folder = folder;
  options.create = true;
  WHORL_TRY(options.master, load_master_key({}));
  WHORL_TRY(auto engine, search::Engine::open(options));
  WHORL_TRY_VOID(engine->create_gallery(kGallery));
  return engine;
}

// A subject is a number that you give out. A visit of theirs is an Encounter; it is on disk when
// enrol() returns. A bad visit is refused with its reason in the receipt, and the store is as it
// was; a fault of the Result itself is the machine's.
Result<> enrol(search::Engine& engine, SubjectId subject, const std::string& file) {
  search::Enrolment enrolment;
  enrolment.subject = subject;
  enrolment.expect_new_subject = true;  // refuse a number that is taken
  enrolment.encounter.captured_at = SystemClock().now();
  enrolment.encounter.source = "example";
  WHORL_TRY(enrolment.encounter.templates, read_visit(file));
  WHORL_TRY(const search::Receipt receipt, engine.enrol(kGallery, enrolment));
  if (receipt.error) return tl::unexpected(*receipt.error);
  std::cout << "enrolled " << file << " as subject " << subject.value() << "\n";
  return {};
}

// 1:N. Only calibrated values come out: how rarely two different people look this much alike, and
// by how much the evidence speaks for one person. The decision has its reasons in words.
void print(const search::Answer& answer) {
  std::cout << search::name_of(answer.decision) << "\n";
  for (const std::string& reason : answer.reasons) std::cout << "  because " << reason << "\n";
  for (const search::Candidate& candidate : answer.candidates) {
    std::cout << "  subject " << candidate.subject.value() << ": false match rate "
              << candidate.value.fmr.value() << ", log likelihood ratio "
              << candidate.value.ratio.value() << ", from " << candidate.evidence.size()
              << " comparison(s)\n";
  }
}

// 1:1, without a store: two visits' templates, and the pair of them that speaks loudest.
Result<> compare(const std::string& first, const std::string& second) {
  WHORL_TRY(const auto probe, read_visit(first));
  WHORL_TRY(const auto reference, read_visit(second));
  WHORL_TRY(const matchers::Comparison best, matchers::best_comparison(probe, reference));
  std::cout << "beside " << second << " alone: false match rate " << best.value.fmr.value() << "\n";
  return {};
}

Result<search::Decision> run(const std::string& store, const std::string& probe,
                             const std::vector<std::string>& files) {
  WHORL_TRY(const auto engine, open_store(store));
  SubjectId subject{1};
  for (const std::string& file : files) {
    WHORL_TRY_VOID(enrol(*engine, subject, file));
    subject = SubjectId{subject.value() + 1};
  }
  search::Query query;  // its other members are the thresholds, filters and limits of the search
  WHORL_TRY(query.templates, read_visit(probe));
  WHORL_TRY(const auto answers, engine->identify(kGallery, {&query, 1}));
  print(answers.front());
  WHORL_TRY_VOID(compare(probe, files.front()));
  return answers.front().decision;
}

}  // namespace

int main(int argc, char** argv) {
  (void)keep_freed_memory();  // pictures are read in half the time
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (words.size() < 3) {
    std::cerr << "embed STORE PROBE FILE...\n";
    return 2;
  }
  const auto decision = run(words[0], words[1], {words.begin() + 2, words.end()});
  if (!decision) {
    std::cerr << describe(decision.error()) << "\n";
    return 3;
  }
  return *decision == search::Decision::no_hit ? 1 : 0;
}
