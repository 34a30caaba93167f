#include "engine/service/gatekeeper.h"

#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>
#include <vector>

#include "engine/service/certificates.h"
#include "tests/gallery/gallery_samples.h"

namespace whorl::service {
namespace {

using namespace std::chrono_literals;

constexpr UnixMillis kNow{1'800'000'000'000};
UnixMillis after(std::chrono::milliseconds time) { return UnixMillis{kNow.value() + time.count()}; }

constexpr const char* kRoles = R"(
[[role]]
name = "gates"
clients = ["CN=gate"]
galleries = ["border", "visitors"]
verbs = ["identify", "verify"]
purposes = ["border-check", "visa"]
highest = "interactive"

[[role]]
name = "clerks"
clients = ["CN=gate", "CN=clerk"]
galleries = ["residents"]
verbs = ["erase", "enrol"]
purposes = ["*"]

[[role]]
name = "nightly"
clients = ["CN=nightly"]
galleries = ["*"]
verbs = ["identify"]
purposes = ["cleaning"]
highest = "bulk"

[[role]]
name = "operators"
clients = ["CN=operator"]
verbs = ["stats", "drain", "observe", "erase"]
)";

Caller caller(std::string name) { return {std::move(name), {}}; }

TEST(Gatekeeper, LetsARequestInWhereOneRoleAllowsAllOfItAndElseSaysWhatIsMissing) {
  using enum Priority;
  const ManualClock clock(kNow);
  Gatekeeper gatekeeper(parse_policy(kRoles).value(), clock);
  struct Case {
    const char* client;
    Wish wish;
    const char* refused;  // where; null: let in
  };
  const Case cases[] = {
      {"CN=gate", {Verb::identify, "border", "visa", interactive}, nullptr},
      {"CN=gate", {Verb::verify, "visitors", "border-check", bulk}, nullptr},
      {"CN=gate", {Verb::erase, "residents", "anything", routine}, nullptr},
      {"CN=clerk", {Verb::enrol, "residents", "anything", bulk}, nullptr},
      {"CN=nightly", {Verb::identify, "border", "cleaning", bulk}, nullptr},
      {"CN=operator", {Verb::stats, "", "", routine}, nullptr},
      {"CN=operator", {Verb::observe, "", "", routine}, nullptr},

      {"CN=gate", {Verb::enrol_with_dedup, "border", "visa", routine}, "verb enrol-with-dedup"},
      {"CN=gate", {Verb::update, "border", "visa", routine}, "verb update"},
      {"CN=gate", {Verb::reload, "", "", routine}, "verb reload"},
      // Both rights are there, in two roles.
      {"CN=gate", {Verb::erase, "border", "visa", routine}, "gallery border"},
      {"CN=gate", {Verb::identify, "residents", "visa", routine}, "gallery residents"},
      {"CN=gate", {Verb::erase, "residents", "visa", interactive}, "priority interactive"},
      {"CN=gate", {Verb::identify, "Border", "visa", routine}, "gallery"},
      {"CN=gate", {Verb::identify, "borde", "visa", routine}, "gallery borde"},
      {"CN=gate", {Verb::identify, "*", "visa", routine}, "gallery"},
      {"CN=gate", {Verb::identify, "border", "cleaning", routine}, "purpose cleaning"},
      {"CN=gate", {Verb::identify, "border", "", routine}, "no purpose"},
      {"CN=gate", {Verb::identify, "border", "John Smith, 1970", routine}, "purpose"},
      {"CN=clerk", {Verb::enrol, "residents", "", routine}, "no purpose"},
      {"CN=clerk", {Verb::enrol, "residents", "x", interactive}, "priority interactive"},
      {"CN=nightly", {Verb::identify, "border", "cleaning", routine}, "priority routine"},
      {"CN=nightly", {Verb::identify, "border", "*", bulk}, "purpose"},
      {"CN=operator", {Verb::stats, "border", "", routine}, "gallery border"},
      {"CN=operator", {Verb::stats, "", "visa", routine}, "purpose visa"},
      {"CN=operator", {Verb::erase, "", "", routine}, "no purpose"},
  };
  for (const Case& one : cases) {
    const auto admitted = gatekeeper.admit(caller(one.client), one.wish);
    EXPECT_EQ(admitted.has_value(), one.refused == nullptr) << one.client << one.wish.purpose;
    if (admitted || one.refused == nullptr) continue;
    EXPECT_EQ(admitted.error(), (Error{Fault::not_allowed, 0, one.refused}));
  }
}

TEST(Gatekeeper, KnowsNobodyWhoIsNotNamedWhole) {
  const ManualClock clock(kNow);
  Gatekeeper gatekeeper(parse_policy(kRoles).value(), clock);
  Gatekeeper empty(Policy(), clock);
  const Wish wish{Verb::identify, "border", "visa", Priority::routine};
  for (const char* name : {"", "*", "gate", "CN=gat", "CN=gate ", "CN=gates", "cn=gate",
                           "CN=gate,O=x", "O=x,CN=gate"}) {
    EXPECT_EQ(gatekeeper.admit(caller(name), wish).error().fault, Fault::unknown_client) << name;
    EXPECT_FALSE(gatekeeper.may_see(caller(name), "border")) << name;
  }
  EXPECT_EQ(empty.admit(caller("CN=gate"), wish).error().fault, Fault::unknown_client);
}

TEST(Gatekeeper, ShowsOnlyGalleriesThatARoleOfTheClientNames) {
  const ManualClock clock(kNow);
  const Gatekeeper gatekeeper(parse_policy(kRoles).value(), clock);
  struct Case {
    const char *client, *gallery;
    bool seen;
  };
  for (const auto& [client, gallery, seen] :
       {Case{"CN=gate", "border", true}, Case{"CN=gate", "residents", true},
        Case{"CN=gate", "archive", false}, Case{"CN=clerk", "border", false},
        Case{"CN=nightly", "archive", true}, Case{"CN=operator", "border", false}}) {
    EXPECT_EQ(gatekeeper.may_see(caller(client), gallery), seen) << client << gallery;
  }
}

// 60 a minute and three at once; beside it, under another purpose, one a minute.
constexpr const char* kBounded = R"(
[[role]]
name = "fast"
clients = ["CN=a", "CN=b"]
galleries = ["*"]
verbs = ["identify"]
purposes = ["x"]
requests_per_minute = 60
burst = 3
[[role]]
name = "slow"
clients = ["CN=a"]
galleries = ["*"]
verbs = ["identify"]
purposes = ["y"]
requests_per_minute = 1
)";
const Wish kFast{Verb::identify, "g", "x", Priority::routine};
const Wish kSlow{Verb::identify, "g", "y", Priority::routine};

int admitted_of(Gatekeeper& gatekeeper, const char* client, const Wish& wish, int tries) {
  int admitted = 0;
  for (int i = 0; i < tries; ++i) {
    const auto one = gatekeeper.admit(caller(client), wish);
    EXPECT_TRUE(one || one.error().fault == Fault::busy);
    admitted += one.has_value() ? 1 : 0;
  }
  return admitted;
}

TEST(Rates, HoldForEachClientAndRole) {
  ManualClock clock(kNow);
  Gatekeeper gatekeeper(parse_policy(kBounded).value(), clock);
  EXPECT_EQ(admitted_of(gatekeeper, "CN=a", kFast, 10), 3);
  EXPECT_EQ(admitted_of(gatekeeper, "CN=b", kFast, 10), 3);  // its own
  EXPECT_EQ(admitted_of(gatekeeper, "CN=a", kSlow, 10), 1);  // of another role
  clock.set(after(1s));
  EXPECT_EQ(admitted_of(gatekeeper, "CN=a", kFast, 10), 1);
  EXPECT_EQ(admitted_of(gatekeeper, "CN=a", kSlow, 10), 0);
  clock.set(after(1h));
  EXPECT_EQ(admitted_of(gatekeeper, "CN=a", kFast, 10), 3);  // no more than the burst
}

TEST(Rates, RefusalsAndWhatGoesOnTakeNothing) {
  ManualClock clock(kNow);
  Gatekeeper gatekeeper(parse_policy(kBounded).value(), clock);
  Wish refused = kFast;
  refused.verb = Verb::erase;
  EXPECT_EQ(gatekeeper.allows(caller("CN=b"), refused).error().fault, Fault::not_allowed);
  EXPECT_EQ(gatekeeper.allows(caller("CN=c"), kFast).error().fault, Fault::unknown_client);
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(gatekeeper.allows(caller("CN=b"), kFast));
  for (int i = 0; i < 10; ++i) EXPECT_FALSE(gatekeeper.admit(caller("CN=b"), refused));
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(gatekeeper.may_see(caller("CN=b"), "g"));
  EXPECT_EQ(admitted_of(gatekeeper, "CN=b", kFast, 10), 3);
}

TEST(Rates, AreKeptWhateverTheClockDoes) {
  struct Case {
    std::chrono::milliseconds step;
    int most, least;  // admitted of ten right after it
  };
  for (const auto& [step, most, least] :
       {Case{0ms, 0, 0}, Case{-1h, 0, 0}, Case{-50 * 8760h, 0, 0}, Case{500ms, 0, 0},
        Case{2s, 2, 2}, Case{24h, 3, 3}, Case{50 * 8760h, 3, 3}}) {
    ManualClock clock(kNow);
    Gatekeeper gatekeeper(parse_policy(kBounded).value(), clock);
    ASSERT_EQ(admitted_of(gatekeeper, "CN=b", kFast, 10), 3);
    clock.set(after(step));
    const int admitted = admitted_of(gatekeeper, "CN=b", kFast, 10);
    EXPECT_LE(admitted, most) << step.count();
    EXPECT_GE(admitted, least) << step.count();
    // From where the clock now is, the rate goes on.
    clock.set(after(step + 1s));
    EXPECT_GE(admitted_of(gatekeeper, "CN=b", kFast, 10), 1) << step.count();
  }
}

TEST(Rates, ToldWaitIsEnoughAndNotLonger) {
  ManualClock clock(kNow);
  for (const double per_minute : {0.7, 1.0, 7.0, 59.0, 60.0, 600.0, 12345.0}) {
    Policy policy = parse_policy(kBounded).value();
    policy.roles[0].requests_per_minute = per_minute;
    policy.roles[0].burst = 1;
    Gatekeeper gatekeeper(policy, clock);
    EXPECT_EQ(gatekeeper.wait_for(caller("CN=b")), 0ms);
    for (int i = 0; i < 20; ++i) {
      ASSERT_EQ(admitted_of(gatekeeper, "CN=b", kFast, 1), 1) << per_minute;
      const auto wait = gatekeeper.wait_for(caller("CN=b"));
      ASSERT_GE(wait, 1ms);
      ASSERT_LE(static_cast<double>(wait.count()), 60'000 / per_minute + 1);
      const UnixMillis before = clock.now();
      clock.set(UnixMillis{before.value() + wait.count() - 2});
      if (wait > 3ms) { ASSERT_EQ(admitted_of(gatekeeper, "CN=b", kFast, 1), 0) << per_minute; }
      clock.set(UnixMillis{before.value() + wait.count()});
    }
  }
  EXPECT_EQ(Gatekeeper(Policy(), clock).wait_for(caller("CN=nobody")), 0ms);
}

class PolicyFile : public ::testing::Test {
 protected:
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ / name, std::ios::binary) << text;
  }
  std::string path() const { return folder_ / "policy.toml"; }
  static std::string role(const std::string& client, const std::string& more = "") {
    return "[[role]]\nname = \"r\"\nclients = [\"" + client +
           "\"]\ngalleries = [\"g\"]\nverbs = [\"identify\"]\npurposes = [\"x\"]\n" + more;
  }
  static Caller of(const Credentials& credentials) {
    return {subject_of(credentials.certificate).value(), credentials.certificate};
  }

  gallery::TempFolder folder_;
  ManualClock clock_{kNow};
  ThrowAwayAuthority authority_ = ThrowAwayAuthority::make(kNow).value();
  Wish wish_ = kFast;
};

TEST_F(PolicyFile, HoldsAnewAfterReloadAndAsBeforeAfterAFault) {
  write("policy.toml", role("CN=a"));
  const auto gatekeeper = Gatekeeper::open(path(), clock_).value();
  const auto in = [&](const char* client) {
    return gatekeeper->admit(caller(client), wish_).has_value();
  };
  EXPECT_TRUE(in("CN=a"));
  EXPECT_FALSE(in("CN=b"));
  const auto before = gatekeeper->policy();

  write("policy.toml", role("CN=b"));
  EXPECT_TRUE(in("CN=a"));  // not before it is reloaded
  ASSERT_TRUE(gatekeeper->reload());
  EXPECT_FALSE(in("CN=a"));
  EXPECT_TRUE(in("CN=b"));
  EXPECT_EQ(before->roles[0].clients[0], "CN=a");  // whoever holds the old one keeps it

  write("policy.toml", role("CN=c", "colour = 3\n"));
  EXPECT_EQ(gatekeeper->reload().error().fault, Fault::bad_policy);
  write("policy.toml", "[service]\nrevoked = \"missing.pem\"\n" + role("CN=c"));
  EXPECT_EQ(gatekeeper->reload().error().fault, Fault::io_error);
  write("missing.pem", "no list\n");
  EXPECT_EQ(gatekeeper->reload().error().fault, Fault::bad_certificate);
  std::filesystem::remove(path());
  EXPECT_EQ(gatekeeper->reload().error().fault, Fault::io_error);
  EXPECT_TRUE(in("CN=b"));
  EXPECT_FALSE(in("CN=c"));
}

TEST_F(PolicyFile, IsNeededToOpenAndToReload) {
  EXPECT_EQ(Gatekeeper::open(path(), clock_).error().fault, Fault::io_error);
  write("policy.toml", "x");
  EXPECT_EQ(Gatekeeper::open(path(), clock_).error().fault, Fault::bad_policy);
  EXPECT_EQ(Gatekeeper(Policy(), clock_).reload().error().fault, Fault::bad_argument);
}

TEST_F(PolicyFile, ReloadFillsNoBucketOfAClientThatStays) {
  const std::string bounded = role("CN=a", "requests_per_minute = 1\nburst = 2\n");
  write("policy.toml", bounded);
  const auto gatekeeper = Gatekeeper::open(path(), clock_).value();
  EXPECT_EQ(admitted_of(*gatekeeper, "CN=a", wish_, 5), 2);
  ASSERT_TRUE(gatekeeper->reload());
  EXPECT_EQ(admitted_of(*gatekeeper, "CN=a", wish_, 5), 0);
}

TEST_F(PolicyFile, RevokesCertificatesFromTheNextReloadOn) {
  const Credentials lost = authority_.issue_client("lost").value();
  const Credentials good = authority_.issue_client("good").value();
  const std::string text =
      "[service]\nrevoked = \"revoked.pem\"\n[[role]]\nname = \"r\"\n"
      "clients = [\"CN=lost,O=Whorl\", \"CN=good,O=Whorl\"]\n"
      "galleries = [\"g\"]\nverbs = [\"identify\"]\npurposes = [\"x\"]\n";
  write("policy.toml", text);
  write("revoked.pem", authority_.revoke({}).value());
  const auto gatekeeper = Gatekeeper::open(path(), clock_, authority_.certificate()).value();
  EXPECT_TRUE(gatekeeper->admit(of(lost), wish_));
  write("revoked.pem", authority_.revoke({lost.certificate}).value());
  EXPECT_TRUE(gatekeeper->admit(of(lost), wish_));
  ASSERT_TRUE(gatekeeper->reload());
  for (int again = 0; again < 2; ++again) {  // looked at, then remembered
    EXPECT_EQ(gatekeeper->admit(of(lost), wish_).error().fault, Fault::unknown_client);
    EXPECT_FALSE(gatekeeper->may_see(of(lost), "g"));
    EXPECT_TRUE(gatekeeper->admit(of(good), wish_));
  }
  // Who shows none cannot be looked for in the list.
  EXPECT_EQ(gatekeeper->admit(caller("CN=good,O=Whorl"), wish_).error().fault,
            Fault::unknown_client);

  ThrowAwayAuthority other = ThrowAwayAuthority::make(kNow).value();
  write("revoked.pem", other.revoke({}).value());  // by it nobody of ours is revoked
  EXPECT_EQ(gatekeeper->reload().error().fault, Fault::bad_certificate);
  EXPECT_FALSE(gatekeeper->admit(of(lost), wish_));
}

TEST_F(PolicyFile, NeedsACertificateThatIsTheClientsAndStillInTime) {
  const Credentials mine = authority_.issue_client("a", after(-1h), after(1h)).value();
  const Credentials another = authority_.issue_client("b").value();
  write("policy.toml", role("CN=a,O=Whorl"));
  const auto gatekeeper = Gatekeeper::open(path(), clock_).value();
  EXPECT_TRUE(gatekeeper->admit(of(mine), wish_));
  for (const std::string& pem : {another.certificate, std::string("nothing"),
                                 mine.certificate.substr(0, 200), std::string(100'000, 'A')}) {
    EXPECT_EQ(gatekeeper->admit({"CN=a,O=Whorl", pem}, wish_).error().fault,
              Fault::bad_certificate);
  }
  clock_.set(after(1h + 1ms));  // the connection is open still
  EXPECT_EQ(gatekeeper->admit(of(mine), wish_).error().fault, Fault::unknown_client);
  EXPECT_FALSE(gatekeeper->may_see(of(mine), "g"));
}

TEST_F(PolicyFile, IsReloadedWhileRequestsComeFromManyThreads) {
  write("policy.toml", role("CN=a,O=Whorl"));
  const auto gatekeeper = Gatekeeper::open(path(), clock_).value();
  const Credentials mine = authority_.issue_client("a").value();
  std::atomic<bool> stop = false;
  std::atomic<int> admitted = 0, refused = 0;
  std::vector<std::thread> clients;
  for (int t = 0; t < 4; ++t) {
    clients.emplace_back([&] {
      while (!stop) (gatekeeper->admit(of(mine), wish_) ? admitted : refused)++;
    });
  }
  for (int i = 0; i < 50; ++i) {
    const std::string next = folder_ / "next.toml";
    write("next.toml", role(i % 2 == 0 ? "CN=b" : "CN=a,O=Whorl"));
    std::filesystem::rename(next, path());
    EXPECT_TRUE(gatekeeper->reload());
    EXPECT_EQ(gatekeeper->policy()->roles.size(), 1U);
    const int seen = i % 2 == 0 ? refused.load() : admitted.load();
    while ((i % 2 == 0 ? refused : admitted) == seen) std::this_thread::yield();
  }
  stop = true;
  for (std::thread& client : clients) client.join();
  EXPECT_TRUE(gatekeeper->admit(of(mine), wish_));
}

}  // namespace
}  // namespace whorl::service
