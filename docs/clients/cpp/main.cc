// A client of Whorl's service by the generated messages and stubs alone: enrols a person, finds
// them again, verifies them, erases them.
//
//   whorl serve --dev --store store --gallery main --create --key-file master.key
//   client_example whorl-dev main first-visit.png second-visit.png
//
// Inside Whorl's own build, engine/service/client.h is shorter, and asks again by itself.
#include <grpcpp/grpcpp.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "whorl.grpc.fb.h"

namespace {

namespace wire = whorl::wire;
using flatbuffers::grpc::Message;

constexpr std::uint64_t kSubject = 7;
constexpr int kNotFound = 16;  // docs/faults.md

std::string read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::shared_ptr<grpc::Channel> connect(const std::string& folder) {
  std::string address = read(folder + "/address");
  address.erase(address.find_last_not_of('\n') + 1);
  grpc::SslCredentialsOptions tls;
  tls.pem_root_certs = read(folder + "/authority.pem");
  tls.pem_private_key = read(folder + "/client.key");
  tls.pem_cert_chain = read(folder + "/client.pem");
  return grpc::CreateChannel(address, grpc::SslCredentials(tls));
}

std::unique_ptr<wire::HeadingT> heading(const std::string& gallery) {
  static std::random_device random;
  auto made = std::make_unique<wire::HeadingT>();
  for (int i = 0; i < 4; ++i) made->request_id += std::to_string(random()) + ".";
  made->gallery = gallery;
  made->purpose = "trying-out";
  return made;
}

std::vector<std::unique_ptr<wire::SampleT>> sample(const std::string& path) {
  const std::string bytes = read(path);
  std::vector<std::unique_ptr<wire::SampleT>> samples;
  samples.push_back(std::make_unique<wire::SampleT>());
  samples.front()->bytes.assign(bytes.begin(), bytes.end());
  return samples;
}

// The number of docs/faults.md, 0 where gRPC itself refused.
int fault_of(const grpc::ClientContext& context) {
  const auto& trailing = context.GetServerTrailingMetadata();
  const auto found = trailing.find("whorl-fault");
  return found == trailing.end()
             ? 0
             : std::atoi(std::string(found->second.data(), found->second.size()).c_str());
}

// Sends a request and reads its answer; where it is refused, says why and is empty.
template <class Request, class Answer, class RequestT>
std::unique_ptr<typename Answer::NativeTableType> ask(
    wire::Register::Stub& stub,
    grpc::Status (wire::Register::Stub::*call)(grpc::ClientContext*, const Message<Request>&,
                                               Message<Answer>*),
    const RequestT& request, int* fault = nullptr) {
  flatbuffers::grpc::MessageBuilder builder;
  builder.Finish(Request::Pack(builder, &request));
  const auto message = builder.ReleaseMessage<Request>();
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::minutes(1));
  Message<Answer> answer;
  const grpc::Status status = (stub.*call)(&context, message, &answer);
  if (fault != nullptr) *fault = fault_of(context);
  if (status.ok()) {
    const std::vector<std::uint8_t> bytes(answer.data(), answer.data() + answer.size());
    flatbuffers::Verifier verifier(bytes.data(), bytes.size());
    if (!verifier.VerifyBuffer<Answer>(nullptr)) return nullptr;
    return std::unique_ptr<typename Answer::NativeTableType>(
        flatbuffers::GetRoot<Answer>(bytes.data())->UnPack());
  }
  if (fault == nullptr) std::fprintf(stderr, "%s\n", status.error_message().c_str());
  return nullptr;
}

int talk(wire::Register::Stub& service, const std::string& gallery, const std::string& first,
         const std::string& second) {
  wire::EnrolRequestT enrolment;
  enrolment.heading = heading(gallery);
  enrolment.subject = kSubject;
  enrolment.samples = sample(first);
  enrolment.source = "desk 4";
  const auto enrolled = ask(service, &wire::Register::Stub::Enrol, enrolment);
  if (!enrolled) return 3;
  std::printf("subject %llu enrolled as encounter %u\n",
              static_cast<unsigned long long>(enrolled->subject), enrolled->encounter);

  wire::IdentifyRequestT query;
  query.heading = heading(gallery);
  query.samples = sample(second);
  const auto found = ask(service, &wire::Register::Stub::Identify, query);
  if (!found || !found->result) return 3;
  for (const auto& candidate : found->result->candidates) {
    std::printf("subject %llu: false match rate %.1e\n",
                static_cast<unsigned long long>(candidate->subject), candidate->fmr);
  }
  for (const std::string& reason : found->result->reasons) {
    std::printf("  because %s\n", reason.c_str());
  }

  wire::VerifyRequestT comparison;
  comparison.heading = heading(gallery);
  comparison.samples = sample(second);
  comparison.subject = kSubject;
  const auto compared = ask(service, &wire::Register::Stub::Verify, comparison);
  if (!compared) return 3;
  const bool same = compared->match == wire::Decision::hit;
  std::printf(same ? "the same person\n" : "not surely the same person\n");

  wire::EraseRequestT erasure;
  erasure.heading = heading(gallery);
  erasure.subject = kSubject;
  if (!ask(service, &wire::Register::Stub::Erase, erasure)) return 3;
  wire::GetSubjectRequestT look;
  look.heading = heading(gallery);
  look.subject = kSubject;
  int fault = 0;
  if (ask(service, &wire::Register::Stub::GetSubject, look, &fault) || fault != kNotFound) return 3;
  std::printf("erased: E%d\n", fault);
  return same ? 0 : 1;
}

}  // namespace

int main(int count, char** words) {
  if (count != 5) {
    std::fprintf(stderr, "client_example FOLDER GALLERY FIRST_VISIT SECOND_VISIT\n");
    return 2;
  }
  const auto stub = wire::Register::NewStub(connect(words[1]));
  return talk(*stub, words[2], words[3], words[4]);
}
