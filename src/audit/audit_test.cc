#include "audit/audit.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "audit/lookup.h"
#include "vuln/database.h"
#include "vuln/embedded_pack.h"

namespace fathom::audit {
namespace {

Knowledge knowledge() {
  Result<vuln::Database> database = vuln::Database::open(vuln::embedded_pack());
  EXPECT_TRUE(database);
  Result<Knowledge> parsed = Knowledge::parse(database->section("audit"));
  EXPECT_TRUE(parsed) << parsed.error().message;
  return std::move(*parsed);
}

TEST(Knowledge, TheDataReadsAndFitsTogether) {
  const Knowledge data = knowledge();
  EXPECT_GT(data.tools.size(), 50u);
  EXPECT_GT(data.known_roots.size(), 200u);
  std::set<std::string> ids;
  for (const Tool& tool : data.tools) EXPECT_TRUE(ids.insert(tool.id).second) << tool.id;
  // No text may speak for two tools.
  std::set<std::uint64_t> hashes;
  for (const Tool& tool : data.tools)
    for (const Tool::Text& text : tool.texts) {
      EXPECT_GE(text.text.size(), 6u) << tool.id << ": shorter ones are not kept as facts";
      EXPECT_TRUE(hashes.insert(text.hash).second) << tool.id << ": " << text.text;
    }
  for (const DistrustedRoot& root : data.distrusted) {
    EXPECT_EQ(root.sha256.size(), 64u);
    EXPECT_TRUE(std::ranges::binary_search(data.known_roots, root.sha256)) << root.name;
  }
  for (const char* ability : {"exec", "load-code", "connect"})
    EXPECT_TRUE(std::ranges::any_of(data.abilities,
                                    [&](const AbilityRow& row) { return row.id == ability; }))
        << "the verdict on shells asks for " << ability;
}

TEST(Knowledge, RefusesRowsThatSayNothing) {
  for (const char* json :
       {R"({"tool": [{"id": "x", "category": "shell"}]})",
        R"({"tool": [{"id": "x", "category": "shell", "texts": ["abcdef"]}]})",
        R"({"tool": [{"id": "x", "category": "shell", "texts": ["abcdef"], "at_least": 2}]})",
        R"({"rule": [{"id": "x", "severity": "grave", "title": "t", "why": "w", "fix": "f"}]})",
        R"({"leftover": [{"rule": "missing", "path": "x"}]})", R"({"ability": [{"id": "x"}]})",
        "["})
    EXPECT_FALSE(Knowledge::parse(json)) << json;
}

TEST(Knowledge, Patterns) {
  EXPECT_TRUE(fits("a/b", "a/*"));
  EXPECT_FALSE(fits("a/b/c", "a/*"));
  EXPECT_TRUE(fits("a/b/c", "a/**"));
  EXPECT_TRUE(fits("x/.git/HEAD", "**/.git/HEAD"));
  EXPECT_TRUE(fits("a.o", "**.o"));
  EXPECT_FALSE(fits("a.obj", "**.o"));
  EXPECT_FALSE(fits("", "a"));
  EXPECT_TRUE(fits("", "**"));
}

FileFacts program(std::vector<std::string> imports) {
  FileFacts facts;
  facts.kind = FileKind::elf;
  facts.elf.emplace();
  facts.elf->machine_name = "x86_64";
  facts.audit.imports = std::move(imports);
  return facts;
}

TEST(Profile, WhatAProgramCanDoComesFromWhatItAsksFor) {
  const Knowledge data = knowledge();
  Profile quiet = profile_of(program({"malloc", "printf"}), {}, data);
  EXPECT_TRUE(quiet.abilities.empty());
  EXPECT_FALSE(quiet.can_start_programs);
  Profile loud = profile_of(program({"connect", "execve"}), {}, data);
  ASSERT_EQ(loud.abilities.size(), 2u);
  EXPECT_EQ(loud.abilities[0].id, "exec");
  EXPECT_EQ(loud.abilities[0].evidence.at(0).seen, "execve");
  EXPECT_TRUE(loud.can_start_programs);
}

// A program is cleared only by what is known of it.
TEST(Profile, WhatIsNotKnownClearsNobody) {
  const Knowledge data = knowledge();
  FileFacts packed = program({});
  packed.audit.packer = "unknown";
  FileFacts unread = program({});
  unread.audit.imports_unread = true;
  FileFacts generic = program({});
  generic.audit.undetermined_calls = 1;
  FileFacts loader = program({"dlopen"});
  FileFacts foreign = program({});
  foreign.elf->machine_name = "riscv";
  foreign.elf->is_static = true;
  for (const FileFacts* facts : {&packed, &unread, &generic, &loader, &foreign})
    EXPECT_TRUE(profile_of(*facts, {}, data).can_start_programs);
}

TEST(Profile, TooFewTextsAreNoTool) {
  const Knowledge data = knowledge();
  const auto dash = std::ranges::find(data.tools, "dash", &Tool::id);
  ASSERT_NE(dash, data.tools.end());
  FileFacts facts = program({"execve"});
  for (std::size_t i = 0; i < dash->at_least; ++i) {
    EXPECT_TRUE(profile_of(facts, {}, data).hits.empty());
    facts.strings.push_back({dash->texts[i].hash, 100 * i});
    std::ranges::sort(facts.strings);
  }
  Profile profile = profile_of(facts, {}, data);
  ASSERT_EQ(profile.hits.size(), 1u);
  EXPECT_EQ(data.tools[profile.hits[0].tool].id, "dash");
}

TEST(Lookup, NamesCapabilities) {
  EXPECT_EQ(capabilities_text(1u << 13), "cap_net_raw");
  EXPECT_EQ(capabilities_text(1u | std::uint64_t{1} << 63), "cap_chown, cap_63");
  EXPECT_EQ(capabilities_text(0), "(unreadable)");
  EXPECT_EQ(octal(04755), "4755");
  EXPECT_EQ(octal(0644), "0644");
}

}  // namespace
}  // namespace fathom::audit
