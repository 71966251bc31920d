#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "elf/testing.h"
#include "sandbox/profile.h"
#include "sandbox/tables.h"

namespace fathom::sandbox {
namespace {

constexpr std::uint64_t kText = 0x401000;

std::string bytes(std::initializer_list<int> values) {
  std::string out;
  for (int value : values) out += static_cast<char>(value);
  return out;
}

std::string program(std::string text) {
  elf::testing::TestElf file;
  file.entry = kText;
  file.sections = {{".text", 1, 6, kText, std::move(text)}};
  file.segments = {{1, 5, kText, 0, 0}};
  return file.build();
}

StaticSet set_of(const std::string& text) {
  std::string file = program(text);
  Result<StaticSet> set = static_system_calls({{"app", ByteView::of(file)}});
  EXPECT_TRUE(set);
  return std::move(*set);
}

std::vector<std::uint32_t> numbers(const StaticSet& set) {
  std::vector<std::uint32_t> out;
  for (const Source& source : set.sources) out.push_back(source.number);
  return out;
}

using Numbers = std::vector<std::uint32_t>;

TEST(StaticSet, BothWaysToASystemCallCount) {
  // xor eax, eax; test edi, edi; jz +5; mov eax, 39; syscall; mov eax, 231; syscall
  std::string code = bytes({0x31, 0xc0, 0x85, 0xff, 0x74, 5, 0xb8, 39, 0, 0, 0, 0x0f, 0x05});
  code += bytes({0xb8, 231, 0, 0, 0, 0x0f, 0x05, 0xf4});
  StaticSet set = set_of(code);
  EXPECT_EQ(numbers(set), (Numbers{0, 39, 231}));
  EXPECT_TRUE(set.complete());
}

TEST(StaticSet, AWrapperIsResolvedAtItsCallers) {
  // mov edi, 60; call 0x401010; hlt … mov eax, edi; syscall; ret
  std::string code = bytes({0xbf, 60, 0, 0, 0, 0xe8, 0x06, 0, 0, 0, 0xf4});
  code.resize(0x10, '\x90');
  code += bytes({0x89, 0xf8, 0x0f, 0x05, 0xc3});
  StaticSet set = set_of(code);
  EXPECT_EQ(numbers(set), Numbers{60});
  EXPECT_TRUE(set.complete());
}

TEST(StaticSet, ANumberFromMemoryIsAQuestion) {
  std::string code = bytes({0x8b, 0x07, 0x0f, 0x05, 0xf4});  // mov eax, [rdi]; syscall; hlt
  StaticSet set = set_of(code);
  EXPECT_TRUE(set.sources.empty());
  ASSERT_EQ(set.unresolved.size(), 1u);
  EXPECT_EQ(set.unresolved[0].place, kText + 2);
}

TEST(StaticSet, WhatNothingReachesDoesNotCount) {
  std::string code = bytes({0xb8, 60, 0, 0, 0, 0x0f, 0x05, 0xf4});
  code.resize(0x10, '\x90');
  code += bytes({0xb8, 59, 0, 0, 0, 0x0f, 0x05, 0xc3});  // found, but nobody calls it
  EXPECT_EQ(numbers(set_of(code)), Numbers{60});
}

TEST(Profile, IsWhatRuntimesRead) {
  StaticSet set;
  set.sources = {{0, "app", "f", 1}};
  nlohmann::json complete = nlohmann::json::parse(oci_json(make_profile(set)));
  EXPECT_EQ(complete["defaultAction"], "SCMP_ACT_ERRNO");
  EXPECT_EQ(complete["defaultErrnoRet"], 38);
  EXPECT_EQ(complete["architectures"][0], "SCMP_ARCH_X86_64");
  std::vector<std::string> names = complete["syscalls"][0]["names"];
  EXPECT_TRUE(std::is_sorted(names.begin(), names.end()));
  for (const char* needed : {"read", "execve", "exit_group", "futex", "restart_syscall"})
    EXPECT_TRUE(std::binary_search(names.begin(), names.end(), needed)) << needed;
  set.unresolved.push_back({"app", "g", 2, "why"});
  nlohmann::json incomplete = nlohmann::json::parse(oci_json(make_profile(set)));
  EXPECT_EQ(incomplete["defaultAction"], "SCMP_ACT_LOG");
  EXPECT_FALSE(incomplete.contains("defaultErrnoRet"));
  EXPECT_EQ(incomplete["x-fathom"]["complete"], false);
  EXPECT_EQ(incomplete["x-fathom"]["unresolved"][0]["what"], "why");
}

TEST(Profile, OfSystemdAndKubernetes) {
  StaticSet set;
  set.sources = {{0, "app", "f", 1}};
  std::string unit = systemd_unit(make_profile(set));
  EXPECT_NE(unit.find("[Service]\nSystemCallArchitectures=native\nSystemCallErrorNumber=ENOSYS\n"
                      "SystemCallFilter="),
            unit.npos);
  EXPECT_NE(unit.find(" read"), unit.npos);
  set.unresolved.push_back({"app", "g", 2, "why"});
  EXPECT_NE(systemd_unit(make_profile(set)).find("SystemCallLog=~"), unit.npos);
  EXPECT_NE(kubernetes_yaml(make_profile(set), "out/app.json")
                .find("type: Localhost\n    localhostProfile: profiles/app.json\n"),
            unit.npos);
}

TEST(Tables, NamesAndNumbersAgree) {
  EXPECT_EQ(system_call_name(code::Machine::x86_64, 59), "execve");
  EXPECT_EQ(system_call_name(code::Machine::aarch64, 221), "execve");
  EXPECT_EQ(system_call_number(code::Machine::aarch64, "openat"), 56u);
  EXPECT_EQ(system_call_number(code::Machine::aarch64, "open"), std::nullopt);
  for (const RuntimeRow& row : runtime_rows())
    EXPECT_TRUE(system_call_number(code::Machine::x86_64, row.name)) << row.name;
  ASSERT_NE(loading_row("dlsym"), nullptr);
  EXPECT_EQ(loading_row("dlsym")->argument, 1u);
}

}  // namespace
}  // namespace fathom::sandbox
