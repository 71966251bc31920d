#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <set>

#include "analyzer/analyzer.h"
#include "base/text.h"
#include "elf/constants.h"
#include "elf/testing.h"

namespace fathom {
namespace {

using elf::testing::TestElf;

std::vector<ConstantReturn> constants_in(std::string_view code, std::uint16_t machine = 62,
                                         std::uint64_t address = 0x1000) {
  TestElf t{.machine = machine};
  t.sections = {{.name = ".text",
                 .flags = elf::SHF_ALLOC | elf::SHF_EXECINSTR,
                 .address = address,
                 .contents = std::string(code)}};
  return recover(ByteView::of(t.build()), Limits{}).constants;
}

std::string mov(std::uint32_t value) {
  std::string out = "\xb8";
  for (int shift = 0; shift < 32; shift += 8) out += static_cast<char>(value >> shift);
  return out;
}

TEST(ConstantReturns, SaysValueOffsetAndAddress) {
  TestElf t;
  t.sections = {{.name = ".text",
                 .flags = elf::SHF_EXECINSTR,
                 .address = 0x401000,
                 .contents = std::string(16, '\xcc') + mov(3038005) + "\xc3"}};
  FileFacts facts = recover(ByteView::of(t.build()), Limits{});
  ASSERT_EQ(facts.constants.size(), 1u);
  EXPECT_EQ(facts.constants[0], (ConstantReturn{3038005, t.offset_of(0) + 16, 0x401010}));
}

TEST(ConstantReturns, KnowsTheFormsCompilersUse) {
  const std::string value = mov(3038005);
  for (const std::string& code : {
           value + "\xc3",
           value + "\xf3\xc3",                       // rep ret
           "\xf3\x0f\x1e\xfa" + value + "\xc3",      // endbr64
           "\x55\x48\x89\xe5" + value + "\x5d\xc3",  // a frame
           "\x55" + value + "\x48\x89\xe5\x5d\xc3",  // a frame, scheduled
           "\xf3\x0f\x1e\xfa\x55\x48\x89\xe5" + value + "\x5d\xc3",
       }) {
    std::vector<ConstantReturn> found = constants_in(code);
    ASSERT_EQ(found.size(), 1u) << to_hex(ByteView::of(code));
    EXPECT_EQ(found[0].value, 3038005u);
  }
}

TEST(ConstantReturns, LeavesOutWhatIsNoSuchFunction) {
  const std::string value = mov(3038005);
  for (const std::string& code : {
           mov(255) + "\xc3",                    // small
           value,                                // no return
           value + "\x90\xc3",                   // something in between
           "\x31\xc9\x90\xb9" + value + "\xc3",  // the end of a larger function
           "\x48\x89\xe5" + value + "\xc3",      // a frame that is not left
       }) {
    std::vector<ConstantReturn> found = constants_in(code);
    EXPECT_TRUE(found.empty()) << to_hex(ByteView::of(code));
  }
  TestElf t;
  t.sections = {{.name = ".data", .contents = value + "\xc3"}};
  EXPECT_TRUE(recover(ByteView::of(t.build()), Limits{}).constants.empty());
}

TEST(ConstantReturns, KeepsAFewPlacesOfOneValue) {
  std::string code;
  for (int i = 0; i < 50; ++i) code += mov(4096) + "\xc3" + std::string(10, '\xcc');
  std::vector<ConstantReturn> found = constants_in(code);
  ASSERT_EQ(found.size(), 8u);
  EXPECT_EQ(found[7].address, 0x1000u + 7 * 16);
}

std::string little(std::initializer_list<std::uint32_t> instructions) {
  std::string out;
  for (std::uint32_t instruction : instructions)
    for (int shift = 0; shift < 32; shift += 8) out += static_cast<char>(instruction >> shift);
  return out;
}

TEST(ConstantReturns, Aarch64) {
  constexpr std::uint32_t kRet = 0xd65f03c0, kBtiC = 0xd503245f;
  // 3038005 = 0x2e5b35: movz w0, #0x5b35; movk w0, #0x2e, lsl 16
  auto value_of = [](const std::string& code) -> std::uint64_t {
    std::vector<ConstantReturn> found = constants_in(code, elf::EM_AARCH64);
    return found.size() == 1 ? found[0].value : 0;
  };
  EXPECT_EQ(value_of(little({0x528b66a0, 0x72a005c0, kRet})), 0x2e5b35u);
  EXPECT_EQ(value_of(little({kBtiC, 0x528b66a0, 0x72a005c0, kRet})), 0x2e5b35u);
  EXPECT_EQ(value_of(little({0x52a005c0, kRet})), 0x2e0000u);       // movz w0, #0x2e, lsl 16
  EXPECT_EQ(value_of(little({0x528b66a1, kRet})), 0u);              // w1
  EXPECT_EQ(value_of(little({0x72a005c0, kRet})), 0u);              // movk alone
  EXPECT_EQ(value_of(little({0x8b000000, 0x528b66a0, kRet})), 0u);  // the end of more
  EXPECT_EQ(value_of(std::string(1, '\0') + little({0x528b66a0, kRet})),
            0u);  // not at a multiple of 4
}

std::string output_of(const std::string& command) {
  std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "r"), pclose);
  std::string out;
  for (int c; (c = std::fgetc(pipe.get())) != EOF;) out += static_cast<char>(c);
  return out;
}

#ifdef __x86_64__
// Address of "mov $value,%eax" -> value, where a ret follows, by objdump.
std::map<std::uint64_t, std::uint64_t> by_objdump(const std::string& path) {
  std::map<std::uint64_t, std::uint64_t> out;
  std::uint64_t address = 0, value = 0;
  bool loaded = false;
  std::string text = output_of("LC_ALL=C objdump -d --no-show-raw-insn '" + path + "'");
  for (std::string_view line : lines_of(text)) {
    std::size_t colon = line.find(":\t");
    if (colon == line.npos) continue;
    std::string_view instruction = trim(line.substr(colon + 2));
    if (loaded && (instruction == "ret" || instruction == "repz ret")) out[address] = value;
    loaded = instruction.starts_with("mov    $0x") && instruction.ends_with(",%eax");
    if (!loaded) continue;
    address = parse_unsigned(trim(line.substr(0, colon)), 16).value_or(0);
    value = parse_unsigned(instruction.substr(10, instruction.size() - 15), 16).value_or(0);
  }
  return out;
}

std::string libc_path() {
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);)
    if (line.find("/libc.so") != line.npos) return line.substr(line.find('/'));
  return {};
}

TEST(ConstantReturns, ObjdumpSeesTheSame) {
  std::string path = libc_path();
  ASSERT_FALSE(path.empty());
  std::ifstream in(path, std::ios::binary);
  Bytes bytes{std::istreambuf_iterator<char>(in), {}};
  FileFacts facts = recover(bytes, Limits{});
  std::map<std::uint64_t, std::uint64_t> theirs = by_objdump(path);
  ASSERT_GT(theirs.size(), 10u);
  std::set<std::uint64_t> ours;
  for (const ConstantReturn& c : facts.constants) {
    ours.insert(c.address);
    ASSERT_TRUE(theirs.contains(c.address)) << hex_number(c.address);
    EXPECT_EQ(theirs[c.address], c.value);
  }
  std::map<std::uint64_t, int> places;
  for (auto [address, value] : theirs) {
    if (value < 256 || address % 16 != 0 || ++places[value] > 2) continue;
    EXPECT_TRUE(ours.contains(address)) << hex_number(address);
  }
}
#endif

}  // namespace
}  // namespace fathom
