#include "engine/service/policy.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "engine/base/limits.h"
#include "tests/base/source_tree.h"
#include "tests/gallery/gallery_samples.h"

namespace whorl::service {
namespace {

// The example of docs/policy.md, which is to hold every entry.
std::string example() {
  const std::string page = testing::file_text("docs/policy.md");
  const std::string begin = "```toml\n";
  const std::size_t from = page.find(begin) + begin.size();
  return page.substr(from, page.find("```", from) - from);
}

TEST(Policy, OfThePageIsReadAsItSays) {
  const auto policy = parse_policy(example());
  ASSERT_TRUE(policy.has_value()) << describe(policy.error());
  EXPECT_EQ(policy->revoked, "revoked.pem");
  EXPECT_EQ(policy->backup_folder, "/var/backups/whorl");
  EXPECT_EQ(policy->keep_answers, std::chrono::days(7));
  EXPECT_EQ(policy->keep_audit, std::chrono::days(3650));
  EXPECT_EQ(policy->queue.most, (std::array{500, 100, 50}));  // routine, interactive, bulk
  using std::chrono::milliseconds;
  EXPECT_EQ(policy->queue.longest_wait,
            (std::array{milliseconds(3000), milliseconds(800), milliseconds(60'000)}));

  const GalleryPolicy& any = policy->gallery("residents");
  EXPECT_EQ(any.hit_fpir, 1e-3);
  EXPECT_EQ(any.max_loss, 3e-3);
  EXPECT_EQ(any.face_model, "dlib-resnet-128");
  EXPECT_TRUE(any.finger_decides_alone);
  EXPECT_FALSE(any.face_decides_alone);
  const GalleryPolicy& visitors = policy->gallery("visitors");
  EXPECT_EQ(visitors.hit_fpir, 1e-2);
  EXPECT_EQ(visitors.refer_fpir, 1e-1);
  EXPECT_TRUE(visitors.face_decides_alone);

  ASSERT_EQ(policy->roles.size(), 3U);
  const Role& enrolment = policy->roles[0];
  EXPECT_EQ(enrolment.name, "enrolment");
  ASSERT_EQ(enrolment.clients.size(), 2U);
  EXPECT_EQ(enrolment.clients[0], "CN=office-12,O=Migration,C=LT");
  EXPECT_EQ(enrolment.galleries, std::vector<std::string>{"residents"});
  EXPECT_EQ(enrolment.verbs,
            (std::vector{Verb::enrol_with_dedup, Verb::update, Verb::capture, Verb::get_subject}));
  EXPECT_EQ(enrolment.purposes, std::vector<std::string>{"residence-permit"});
  EXPECT_EQ(enrolment.requests_per_minute, 120);
  EXPECT_EQ(enrolment.burst, 20);
  EXPECT_EQ(enrolment.highest, Priority::routine);
  EXPECT_EQ(policy->roles[1].highest, Priority::interactive);
  EXPECT_EQ(policy->roles[2].galleries, std::vector<std::string>{"*"});
  EXPECT_TRUE(policy->roles[2].purposes.empty());
}

TEST(Policy, ThatIsEmptyHasItsDefaultsAndLetsNobodyIn) {
  for (const char* text : {"", "# nothing\n", "[service]\n[gallery]\n", "role = []\n"}) {
    const auto policy = parse_policy(text);
    ASSERT_TRUE(policy.has_value()) << text;
    EXPECT_TRUE(policy->roles.empty());
    EXPECT_TRUE(policy->galleries.empty());
    EXPECT_EQ(policy->keep_answers, Policy().keep_answers);
    EXPECT_EQ(policy->gallery("any").hit_fpir, GalleryPolicy().hit_fpir);
  }
}

TEST(Policy, OfAGalleryStandsOnThatOfAllWhicheverComesFirst) {
  const auto policy = parse_policy(
      "[gallery.a]\nhit_fmr = 1e-7\n[gallery.\"*\"]\nhit_fmr = 1e-5\nrefer_fpir = 0.2\n"
      "decides_alone = []\n");
  ASSERT_TRUE(policy.has_value()) << describe(policy.error());
  EXPECT_EQ(policy->gallery("a").hit_fmr, 1e-7);
  EXPECT_EQ(policy->gallery("a").refer_fpir, 0.2);
  EXPECT_FALSE(policy->gallery("a").finger_decides_alone);
  EXPECT_EQ(policy->gallery("b").hit_fmr, 1e-5);
}

// One entry of a good policy, spoilt.
struct SpoiltPolicy {
  const char* line;  // how it begins
  const char* instead;
  const char* where;  // what the fault says
};

// Good, with every entry; the fuzzer starts from it too.
std::string good() { return testing::file_text("tests/service/policy.toml"); }

const SpoiltPolicy kSpoiltPolicies[] = {
    {"[service]", "[services]", "line 1: services: there is no such entry"},
    {"[service]", "[[service]]", "line 1: service: a table is wanted"},
    {"[service]", "[service", "line 1"},
    {"revoked", "revoked = 3", "line 2: service.revoked: a text is wanted"},
    {"revoked", "revoked = ''", "line 2: service.revoked: a text is wanted"},
    {"revoked", "revoked = \"a\\u0000b\"", "line 2: service.revoked: a text is wanted"},
    {"revoked", "revoked = ['a']", "line 2: service.revoked: a text is wanted"},
    {"revoked", "revokes = 'r.pem'", "line 2: service.revokes: there is no such entry"},
    {"backup_folder", "backup_folder = 'b'", "line 3: service.backup_folder: an absolute path"},
    {"backup_folder", "backup_folder = true", "line 3: service.backup_folder: a text"},
    {"keep_answers", "keep_answers_days = 0", "line 4: service.keep_answers_days: a whole number"},
    {"keep_answers", "keep_answers_days = 1.5", "line 4: service.keep_answers_days: a whole"},
    {"keep_answers", "keep_answers_days = '7'", "line 4: service.keep_answers_days: a whole"},
    {"keep_answers", "keep_answers_days = true", "line 4: service.keep_answers_days: a whole"},
    {"keep_audit", "keep_audit_days = 36501", "line 5: service.keep_audit_days: a whole number"},
    {"keep_audit", "keep_audit_days = -1", "line 5: service.keep_audit_days: a whole number"},
    {"keep_audit", "keep_audit_days = 99999999999999999999", "line 5"},
    {"queue", "queue = 5", "line 6: service.queue: a table is wanted"},
    {"queue", "queue = { fast = 5 }", "line 6: service.queue.fast: there is no such entry"},
    {"queue", "queue = { bulk = 0 }", "line 6: service.queue.bulk: a whole number"},
    {"queue", "queue = { bulk = 1001 }", "line 6: service.queue.bulk: a whole number"},
    {"queue", "longest_wait_ms = 5", "line 6: service.longest_wait_ms: a table is wanted"},
    {"queue", "longest_wait_ms = { fast = 5 }",
     "line 6: service.longest_wait_ms.fast: there is no such entry"},
    {"queue", "longest_wait_ms = { bulk = 0 }",
     "line 6: service.longest_wait_ms.bulk: a whole number"},
    {"queue", "longest_wait_ms = { bulk = 300001 }",
     "line 6: service.longest_wait_ms.bulk: a whole number"},
    {"[gallery.\"*\"]", "[gallery.Border]", "line 7: gallery.a key: a gallery's name is"},
    {"[gallery.\"*\"]", "[gallery.\"\"]", "line 7: gallery.a key: a gallery's name is"},
    {"[gallery.\"*\"]", "[gallery.a.b]", "line 7: gallery.a.b: there is no such entry"},
    {"[gallery.\"*\"]", "[gallery]", "line 12: gallery.decides_alone: a table is wanted"},
    {"[gallery.\"*\"]", "[galleries.a]", "galleries: there is no such entry"},
    {"hit_fpir = 0.001", "hit_fpir = 0", "line 8: gallery.\"*\".hit_fpir: a number above 0"},
    {"hit_fpir = 0.001", "hit_fpir = 1.0", "line 8: gallery.\"*\".hit_fpir: a number above 0"},
    {"hit_fpir = 0.001", "hit_fpir = nan", "line 8: gallery.\"*\".hit_fpir: a number above 0"},
    {"hit_fpir = 0.001", "hit_fpir = -inf", "line 8: gallery.\"*\".hit_fpir: a number above 0"},
    {"hit_fpir = 0.001", "hit_fpir = '0.1'", "line 8: gallery.\"*\".hit_fpir: a number above 0"},
    {"hit_fpir = 0.001", "hit_fpir = true", "line 8: gallery.\"*\".hit_fpir: a number above 0"},
    {"hit_fpir = 0.001", "hit_fpir = 0.2", "line 8: gallery.\"*\".hit_fpir: is above refer_fpir"},
    {"refer_fpir", "refer_fpir = 2", "line 9: gallery.\"*\".refer_fpir: a number above 0"},
    {"refer_fpir", "refer_fpir = 0.0001", "line 8: gallery.\"*\".hit_fpir: is above refer_fpir"},
    {"hit_fmr", "hit_fmr = 1e-3", "line 10: gallery.\"*\".hit_fmr: is above refer_fmr"},
    {"hit_fmr", "hit_fmr = 0.0", "line 10: gallery.\"*\".hit_fmr: a number above 0"},
    {"refer_fmr", "refer_fmr = 1", "line 11: gallery.\"*\".refer_fmr: a number above 0"},
    {"decides_alone", "decides_alone = 'finger'", "line 12: gallery.\"*\".decides_alone: a list"},
    {"decides_alone", "decides_alone = ['iris']", "line 12: gallery.\"*\".decides_alone: \"fin"},
    {"decides_alone", "decides_alone = ['face', 'face']", "decides_alone: the same is named twice"},
    {"max_loss", "face_model = 'nobodys'", "line 13: gallery.\"*\".face_model: the id of a"},
    {"max_loss", "max_loss = 0", "line 13: gallery.\"*\".max_loss: a number above 0"},
    {"max_loss", "max_los = 0.1", "line 13: gallery.\"*\".max_los: there is no such entry"},
    {"hit_fpir = 0.01\n", "hit_fpir = 0.2", "line 15: gallery.border.hit_fpir: is above refer"},
    {"hit_fpir = 0.01\n", "refer_fpir = 0.0001", "line 14: gallery.border.hit_fpir: is above"},
    {"[[role]]\nname = 'gates'", "[role]\nname = 'gates'", "line 25"},
    {"name = 'gates'", "name = 'Gates'", "line 17: role.name: [a-z0-9_-]{1,64} is wanted"},
    {"name = 'gates'", "name = ''", "line 17: role.name: a text is wanted"},
    {"name = 'gates'", "", "line 16: role.name: [a-z0-9_-]{1,64} is wanted"},
    {"name = 'gates'", "name = 'other'", "line 25: role.name: another role has this name"},
    {"name = 'gates'", "name = 'gates'\nname = 'gates'", "line 18"},
    {"clients = ['CN=gate-7,C=LT', '", "", "line 16: role.clients: at least one is wanted"},
    {"clients = ['CN=gate-7,C=LT', '", "clients = []", "line 18: role.clients: at least one"},
    {"clients = ['CN=gate-7,C=LT', '", "clients = ['*']", "line 18: role.clients: every client"},
    {"clients = ['CN=gate-7,C=LT', '", "clients = 'CN=a'", "line 18: role.clients: a list"},
    {"clients = ['CN=gate-7,C=LT', '", "clients = [3]", "line 18: role.clients: a list of texts"},
    {"clients = ['CN=gate-7,C=LT', '", "clients = ['']", "line 18: role.clients: 1 to 256 bytes"},
    {"clients = ['CN=gate-7,C=LT', '", "clients = ['gate-7']", "line 18: role.clients: not as `o"},
    {"clients = ['CN=gate-7,C=LT', '", "clients = ['CN=a, C=LT']", "line 18: role.clients: not as"},
    {"clients = ['CN=gate-7,C=LT', '", "clients = ['CN = a,C = LT']", "line 18: role.clients: not"},
    {"clients = ['CN=gate-7,C=LT', '", "clients = [' CN=a']", "line 18: role.clients: not as `op"},
    {"clients = ['CN=gate-7,C=LT', '", "clients = ['CN=\xC4\x97']", "line 18: role.clients: not a"},
    {"clients = ['CN=gate-7,C=LT', '", "clients = ['CN=a', 'CN=a']", "clients: the same is named"},
    {"clients = ['CN=gate-7,C=LT', '", "clients = [\n'CN=a',\n'b']", "line 20: role.clients: not"},
    {"galleries", "galleries = ['*', 'a']", "line 19: role.galleries: beside \"*\" nothing else"},
    {"galleries", "galleries = ['A']", "line 19: role.galleries: a gallery's name is"},
    {"galleries", "galleries = 'a'", "line 19: role.galleries: a list of texts is wanted"},
    {"galleries", "gallery = ['a']", "line 19: role.gallery: there is no such entry"},
    {"verbs = ['identify'", "verbs = ['Identify']", "line 20: role.verbs: there is no such verb"},
    {"verbs = ['identify'", "verbs = ['*']", "line 20: role.verbs: there is no such verb"},
    {"verbs = ['identify'", "verbs = ['stats', 'stats']", "line 20: role.verbs: the same is named"},
    {"verbs = ['identify'", "verbs = []", "line 20: role.verbs: at least one is wanted"},
    {"verbs = ['identify'", "", "line 16: role.verbs: at least one is wanted"},
    {"purposes", "purposes = ['border check']", "line 21: role.purposes: a word of"},
    {"purposes", "purposes = ['abcdefghijklmnopqrstuvwxyz0123456']", "line 21: role.purposes: a w"},
    {"purposes", "purposes = ['*', 'visa']", "line 21: role.purposes: beside \"*\" nothing else"},
    {"highest", "highest = 'urgent'", "line 22: role.highest: interactive, routine or bulk"},
    {"highest", "highest = 1", "line 22: role.highest: a text is wanted"},
    {"requests_per", "requests_per_minute = -1", "line 23: role.requests_per_minute: a number"},
    {"requests_per", "requests_per_minute = 1e6", "line 23: role.requests_per_minute: a number"},
    {"requests_per", "", "line 23: role.burst: means nothing without requests_per_minute"},
    {"burst", "burst = 0", "line 24: role.burst: a whole number from 1"},
    {"burst", "burst = 2.5", "line 24: role.burst: a whole number from 1"},
    {"burst", "colour = 'red'", "line 24: role.colour: there is no such entry"},
    {"burst", "\"a\\nb\" = 1", "line 24: role.a key: there is no such entry"},
    {"burst", "burst == 3", "line 24"},
};

TEST(Policy, SpoiltIsRefusedWithTheLine) {
  ASSERT_TRUE(parse_policy(good()).has_value());
  for (const SpoiltPolicy& one : kSpoiltPolicies) {
    std::string text = good();
    const std::size_t from = text.find(one.line);
    ASSERT_NE(from, std::string::npos) << one.line;
    // To the end of the last line that is named.
    const std::string line = one.line;
    const std::size_t last = from + line.size() - (line.ends_with('\n') ? 1 : 0);
    const std::size_t end = text.find('\n', last);
    const bool left_out = std::string(one.instead).empty();
    text.replace(from, end - from + (left_out ? 1 : 0), one.instead);
    const auto policy = parse_policy(text);
    ASSERT_FALSE(policy.has_value()) << one.instead;
    EXPECT_EQ(policy.error().fault, Fault::bad_policy) << one.instead;
    EXPECT_NE(policy.error().where.find(one.where), std::string::npos)
        << one.instead << " said: " << policy.error().where << "\nwanted: " << one.where;
  }
}

TEST(Policy, CutOffNeverGivesAnybodyMore) {
  const auto whole = parse_policy(good()).value();
  for (std::size_t size = 0; size < good().size(); ++size) {
    const auto cut = parse_policy(good().substr(0, size));
    if (!cut) {
      EXPECT_EQ(cut.error().fault, Fault::bad_policy);
      EXPECT_TRUE(cut.error().where.starts_with("line ")) << cut.error().where;
    } else {
      EXPECT_LE(cut->roles.size(), whole.roles.size());
    }
  }
}

TEST(Policy, IsBoundedInSize) {
  EXPECT_TRUE(parse_policy(std::string(kMaxPolicyBytes, '#')));
  EXPECT_EQ(parse_policy(std::string(kMaxPolicyBytes + 1, '#')).error().fault,
            Fault::limit_exceeded);
}

TEST(Policy, OfAFileNamesTheFileAndWhatLiesBesideIt) {
  const gallery::TempFolder folder;
  const auto write = [&](const std::string& text) {
    std::ofstream(folder / "policy.toml", std::ios::binary) << text;
    return folder / "policy.toml";
  };
  EXPECT_EQ(load_policy(write("[service]\nrevoked = 'r.pem'\n"))->revoked, folder / "r.pem");
  EXPECT_EQ(load_policy(write("[service]\nrevoked = '/a/r.pem'\n"))->revoked, "/a/r.pem");
  EXPECT_TRUE(load_policy(write(""))->revoked.empty());
  const auto bad = load_policy(write("[service]\nrevoked = 3\n"));
  EXPECT_EQ(bad.error().where, folder / "policy.toml, line 2: service.revoked: a text is wanted");
  EXPECT_EQ(load_policy(folder / "missing").error().fault, Fault::io_error);
  EXPECT_EQ(load_policy(folder.path()).error().fault, Fault::io_error);
  EXPECT_EQ(load_policy(write(std::string(kMaxPolicyBytes + 1, '#'))).error().fault,
            Fault::limit_exceeded);
}

}  // namespace
}  // namespace whorl::service
