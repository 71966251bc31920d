#include "analyzer/secrets.h"

#include <gtest/gtest.h>

#include "analyzer/analyzer.h"
#include "elf/constants.h"
#include "elf/testing.h"

namespace fathom {
namespace {

std::vector<SecretSighting> in_text(std::string_view text) {
  return find_secrets(ByteView::of(text), SecretScope::text);
}

// A token that GitHub's own announcement of the format shows; revoked, of course.
constexpr std::string_view kToken = "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";

TEST(Secrets, AChecksumDecides) {
  std::vector<SecretSighting> found = in_text("first line\nexport T=" + std::string(kToken) + "\n");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].rule, "github-token");
  EXPECT_EQ(found[0].place, Place::at_line(2));
  EXPECT_TRUE(found[0].checked);
  EXPECT_EQ(found[0].seen, "ghp_zQWB… (40 characters)");
  std::string wrong(kToken);
  wrong.back() = '8';
  EXPECT_TRUE(in_text(wrong).empty());
  EXPECT_TRUE(in_text("x" + std::string(kToken)).empty()) << "part of a longer word";
  EXPECT_TRUE(in_text(std::string(kToken) + "x").empty());
}

TEST(Secrets, PlaceholdersAreNone) {
  for (const char* text :
       {"glpat-xxxxxxxxxxxxxxxxxxxx", "glpat-ABCDEFGHIJKLMNOPQRST", "AKIAIOSFODNN7EXAMPLE",
        "sk_live_000000000000000000000000", "dckr_pat_", "ghp_", "AccountKey=", "eyJ"})
    EXPECT_TRUE(in_text(text).empty()) << text;
}

TEST(Secrets, AnAccessKeyCountsWithTheCredentialBesideIt) {
  const std::string id =
      "AKIA"
      "QYLPMN5HHHFPZAM2";
  ASSERT_EQ(in_text(id).size(), 1u);
  EXPECT_FALSE(in_text(id)[0].checked) << "the name alone is a hint";
  std::vector<SecretSighting> both =
      in_text(id + "\naws_secret_access_key = aB3dE5fG7hJ9kL1mN3pQ5rS7tU9vW1xY3zA5bC7d\n");
  ASSERT_EQ(both.size(), 1u);
  EXPECT_TRUE(both[0].checked);
}

TEST(Secrets, Bech32OfAgeKeys) {
  // The key pair of the age specification's test vectors.
  const std::string key =
      "AGE-SECRET-KEY-1"
      "EGTZVFFV20835NWYV6270LXYVK2VKNX2MMDKWYKLMGR48UAWX40Q2P2LM0";
  std::vector<SecretSighting> found = in_text(key);
  for (const SecretSighting& sighting : found) EXPECT_TRUE(sighting.checked);
  std::string wrong = key;
  wrong[20] = wrong[20] == 'Q' ? 'P' : 'Q';
  EXPECT_TRUE(in_text(wrong).empty());
}

TEST(Secrets, UrlsOnlyInSettings) {
  const std::string_view url = "--index-url https://ci:hunter22@pypi.corp/simple";
  EXPECT_TRUE(in_text(url).empty());
  std::vector<SecretSighting> found = find_secrets(ByteView::of(url), SecretScope::settings);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].seen.find("hunter22"), std::string::npos);
  EXPECT_TRUE(find_secrets(ByteView::of("https://ci:${PW}@h/"), SecretScope::settings).empty());
  EXPECT_TRUE(find_secrets(ByteView::of("http://host:8080/a@b"), SecretScope::settings).empty());
}

TEST(Secrets, KeysMustParse) {
  const std::string head = "-----BEGIN PRIVATE KEY-----\n", tail = "\n-----END PRIVATE KEY-----\n";
  // SEQUENCE { INTEGER 0, SEQUENCE { OID Ed25519 }, OCTET STRING { OCTET STRING of 32 bytes } }
  const std::string good = "MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC";
  ASSERT_EQ(in_text(head + good + tail).size(), 1u);
  EXPECT_TRUE(in_text(head + good.substr(0, 40) + tail).empty()) << "cut short";
  EXPECT_TRUE(in_text(head + "..." + tail).empty());
  EXPECT_TRUE(in_text(head + good).empty()) << "no end";
  EXPECT_TRUE(
      in_text("-----BEGIN PUBLIC KEY-----\n" + good + "\n-----END PUBLIC KEY-----").empty());
}

TEST(Secrets, InAProgramTheOffsetIsThatOfTheFile) {
  elf::testing::TestElf t;
  t.sections = {{.name = ".text",
                 .flags = elf::SHF_ALLOC | elf::SHF_EXECINSTR,
                 .address = 0x1000,
                 .contents = std::string(64, '\x90')},
                {.name = ".rodata",
                 .flags = elf::SHF_ALLOC,
                 .address = 0x2000,
                 .contents = "token=" + std::string(kToken) + '\0'}};
  t.segments = {{.flags = elf::PF_R | elf::PF_X, .address = 0x1000, .first = 0, .last = 0},
                {.flags = elf::PF_R, .address = 0x2000, .first = 1, .last = 1}};
  const std::string bytes = t.build();
  const std::vector<SecretSighting> found = recover(ByteView::of(bytes), Limits{}).audit.secrets;
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].place, Place::at_offset(t.offset_of(1) + 6));
}

TEST(Secrets, HostileInputEndsInTime) {
  std::string many;
  for (int i = 0; i < 20'000; ++i) many += "-----BEGIN RSA PRIVATE KEY-----\n";
  EXPECT_TRUE(in_text(many).empty());
  std::string tokens;
  for (int i = 0; i < 500; ++i) tokens += std::string(kToken) + "\n";
  EXPECT_EQ(in_text(tokens).size(), AuditFacts::kMostSecrets);
  EXPECT_TRUE(in_text(std::string(1 << 20, '-')).empty());
}

}  // namespace
}  // namespace fathom
