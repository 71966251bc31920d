// Files built section by section, each wrong in one way; what they say must follow from those bytes
// alone. The whole program is compared with other tools in tests/cli/hardening_test.py.

#include "hardening/hardening.h"

#include <gtest/gtest.h>

#include "elf/constants.h"
#include "elf/testing.h"

namespace fathom::hardening {
namespace {

using namespace std::string_literals;
using elf::testing::TestElf;

constexpr std::uint32_t kRW = elf::PF_R | elf::PF_W, kRX = elf::PF_R | elf::PF_X;

// 4 KiB of code that holds nothing to be recognised.
std::string code(std::string_view instructions = "") {
  std::string out(4096, '\x90');
  return out.replace(64, instructions.size(), instructions);
}

ElfFacts examined(const TestElf& t, ElfFacts facts = {.type = "pie"}) {
  std::string bytes = t.build();
  Result<elf::ElfFile> elf = elf::ElfFile::parse(ByteView::of(bytes));
  EXPECT_TRUE(elf);
  facts.machine = elf->machine();
  facts.machine_name = "x86_64";
  for (const elf::ElfFile::Range& range : elf->executable_ranges())
    facts.executable_bytes += range.size;
  for (const Error& problem : examine(*elf, Limits{}, facts)) ADD_FAILURE() << problem.message;
  return facts;
}

HardeningCheck check_of(const ElfFacts& facts, std::string_view id) {
  for (const HardeningCheck& check : facts.hardening)
    if (check.id == id) return check;
  ADD_FAILURE() << "no check " << id;
  return {};
}
std::string value_of(const ElfFacts& facts, std::string_view id) {
  return check_of(facts, id).value;
}

// A program with a dynamic section; section 0 is .dynamic, 1 is .text, further ones are the test's.
TestElf program(std::vector<std::pair<std::uint64_t, std::uint64_t>> entries = {},
                std::string text = code()) {
  TestElf t{.type = elf::ET_DYN};
  entries.emplace_back(elf::DT_NULL, 0);
  t.sections = {{.name = ".dynamic",
                 .type = elf::SHT_DYNAMIC,
                 .flags = elf::SHF_ALLOC | elf::SHF_WRITE,
                 .address = 0x3000,
                 .contents = t.dynamic(entries)},
                {.name = ".text",
                 .flags = elf::SHF_ALLOC | elf::SHF_EXECINSTR,
                 .address = 0x1000,
                 .contents = std::move(text)}};
  t.segments = {{.flags = kRX, .address = 0x1000, .first = 1, .last = 1, .align = 0x1000},
                {.flags = kRW, .address = 0x3000, .first = 0, .last = 0, .align = 0x1000},
                {.type = elf::PT_DYNAMIC, .address = 0x3000, .first = 0, .last = 0},
                {.type = elf::PT_GNU_STACK, .flags = kRW}};
  return t;
}

// … that imports `names`.
TestElf importing(const std::vector<std::string>& names, std::string text = code()) {
  TestElf t = program({{elf::DT_STRTAB, 0x5000}, {elf::DT_STRSZ, 0}, {elf::DT_SYMTAB, 0x7000}},
                      std::move(text));
  std::string strings(1, '\0'), symbols(24, '\0');
  for (const std::string& name : names) {
    symbols += t.word(strings.size()) + std::string(20, '\0');  // st_shndx SHN_UNDEF
    strings += name + '\0';
  }
  t.sections[0].contents = t.dynamic({{elf::DT_STRTAB, 0x5000},
                                      {elf::DT_STRSZ, strings.size()},
                                      {elf::DT_SYMTAB, 0x7000},
                                      {elf::DT_NULL, 0}});
  t.sections.push_back(
      {.name = ".dynstr", .type = elf::SHT_STRTAB, .address = 0x5000, .contents = strings});
  t.sections.push_back({.name = ".dynsym", .type = 11, .address = 0x7000, .contents = symbols});
  t.segments.push_back({.address = 0x5000, .first = 2, .last = 2});
  t.segments.push_back({.address = 0x7000, .first = 3, .last = 3});
  return t;
}

TEST(Pie, KindsAndTheirEntropy) {
  ElfFacts pie = examined(program());
  EXPECT_EQ(value_of(pie, "pie"), "pie");
  EXPECT_EQ(value_of(pie, "aslr"), "28 of 28 bits");
  TestElf fixed = program();
  fixed.type = elf::ET_EXEC;
  ElfFacts dynamic = examined(fixed, {.type = "executable"});
  EXPECT_EQ(value_of(dynamic, "pie"), "fixed-address");
  EXPECT_EQ(check_of(dynamic, "pie").rating, Rating::missing);
  ElfFacts alone = examined(fixed, {.type = "executable", .is_static = true});
  EXPECT_EQ(value_of(alone, "pie"), "fixed-address static");
  EXPECT_EQ(check_of(alone, "pie").rating, Rating::bad);
  EXPECT_EQ(value_of(alone, "aslr"), "0 of 28 bits");
  EXPECT_EQ(check_of(alone, "aslr").why, "loses 28 bits: ET_EXEC is mapped where its headers say");
}

TEST(Pie, AlignmentCostsEntropy) {
  TestElf t = program();
  t.segments[0].align = 0x200000;
  EXPECT_EQ(value_of(examined(t), "aslr"), "19 of 28 bits");
  t.machine = elf::EM_AARCH64;
  t.segments[0].align = 0x10000;
  EXPECT_EQ(value_of(examined(t), "aslr"), "14 of 18 bits");
  t.machine = 9999;
  EXPECT_EQ(check_of(examined(t), "aslr").rating, Rating::unknown);
}

TEST(Relro, OfDynamicFiles) {
  EXPECT_EQ(value_of(examined(program()), "relro"), "none");
  auto with = [](std::vector<std::pair<std::uint64_t, std::uint64_t>> entries) {
    entries.emplace_back(23, 0x1000);  // DT_JMPREL
    TestElf t = program(std::move(entries));
    t.segments.push_back({.type = elf::PT_GNU_RELRO, .address = 0x3000, .first = 0, .last = 0});
    return value_of(examined(t), "relro");
  };
  EXPECT_EQ(with({}), "partial");
  EXPECT_EQ(with({{elf::DT_BIND_NOW, 0}}), "full");
  EXPECT_EQ(with({{elf::DT_FLAGS, elf::DF_BIND_NOW}}), "full");
  EXPECT_EQ(with({{elf::DT_FLAGS_1, elf::DF_1_NOW}}), "full");
  EXPECT_EQ(with({{elf::DT_FLAGS_1, elf::DF_1_PIE}}), "partial");
}

TEST(Relro, NothingIsLazyWithoutLazyRelocations) {
  TestElf t = program();
  t.segments.push_back({.type = elf::PT_GNU_RELRO, .address = 0x3000, .first = 0, .last = 0});
  EXPECT_EQ(value_of(examined(t), "relro"), "full");
}

// A static program: no dynamic section, its GOT inside of PT_GNU_RELRO or behind it.
TestElf static_program(std::string_view mark, std::uint64_t got_size) {
  TestElf t;
  t.sections = {{.name = ".text",
                 .flags = elf::SHF_ALLOC | elf::SHF_EXECINSTR,
                 .address = 0x1000,
                 .contents = code()},
                {.name = ".rodata",
                 .flags = elf::SHF_ALLOC,
                 .address = 0x3000,
                 .contents = "\0"s + std::string(mark) + '\0'},
                {.name = ".data.rel.ro",
                 .flags = elf::SHF_ALLOC | elf::SHF_WRITE,
                 .address = 0x5000,
                 .contents = std::string(16, '\0')},
                {.name = ".got.plt",
                 .flags = elf::SHF_ALLOC | elf::SHF_WRITE,
                 .address = 0x5010,
                 .contents = std::string(got_size, '\0')}};
  t.segments = {{.flags = kRX, .address = 0x1000, .first = 0, .last = 0},
                {.address = 0x3000, .first = 1, .last = 1},
                {.flags = kRW, .address = 0x5000, .first = 2, .last = 3},
                {.type = elf::PT_GNU_RELRO, .address = 0x5000, .first = 2, .last = 2}};
  return t;
}

TEST(Relro, OfStaticFilesIsWhereTheGotLies) {
  const ElfFacts facts{.type = "executable", .is_static = true};
  ElfFacts lazy = examined(static_program("GLIBC_TUNABLES", 64), facts);
  EXPECT_EQ(lazy.libc, "glibc");
  EXPECT_EQ(value_of(lazy, "relro"), "partial");
  // Three reserved words, as the linker leaves them where everything is bound at the start.
  EXPECT_EQ(value_of(examined(static_program("GLIBC_TUNABLES", 24), facts), "relro"), "full");
  TestElf inside = static_program("GLIBC_TUNABLES", 64);
  inside.segments[3].last = 3;
  EXPECT_EQ(value_of(examined(inside, facts), "relro"), "full");
  TestElf stripped = static_program("GLIBC_TUNABLES", 64);
  stripped.with_section_headers = false;
  EXPECT_EQ(check_of(examined(stripped, facts), "relro").rating, Rating::unknown);
}

TEST(Relro, StartCodeMustApplyIt) {
  const ElfFacts facts{.type = "executable", .is_static = true};
  ElfFacts musl = examined(static_program("No error information", 24), facts);
  EXPECT_EQ(musl.libc, "musl");
  EXPECT_EQ(value_of(musl, "relro"), "not applied");
  EXPECT_EQ(check_of(examined(static_program("", 24), facts), "relro").rating, Rating::unknown);
}

TEST(Stack, HeaderAndItsAbsence) {
  auto with_flags = [](std::uint32_t flags) {
    TestElf t = program();
    t.segments[3].flags = flags;
    return examined(t);
  };
  EXPECT_EQ(value_of(with_flags(kRW), "nx_stack"), "non-executable");
  EXPECT_EQ(value_of(with_flags(kRW), "rwx_by_stack"), "no");
  ElfFacts executable = with_flags(kRW | elf::PF_X);
  EXPECT_EQ(value_of(executable, "nx_stack"), "executable");
  EXPECT_EQ(value_of(executable, "rwx_by_stack"), "before Linux 5.8");
  EXPECT_EQ(check_of(executable, "nx_stack").place.text, "program header 3");

  TestElf absent = program();
  absent.segments.pop_back();
  EXPECT_EQ(value_of(examined(absent), "nx_stack"), "not stated");
  absent.machine = elf::EM_AARCH64;
  EXPECT_EQ(value_of(examined(absent), "nx_stack"), "non-executable");
  absent.machine = elf::EM_386;
  EXPECT_EQ(value_of(examined(absent), "rwx_by_stack"), "yes");
}

TEST(Segments, WritableAndExecutable) {
  EXPECT_EQ(value_of(examined(program()), "wx_segments"), "none");
  TestElf t = program();
  t.segments[0].flags = kRW | elf::PF_X;
  HardeningCheck check = check_of(examined(t), "wx_segments");
  EXPECT_EQ(check.value, "1");
  EXPECT_EQ(check.rating, Rating::bad);
  EXPECT_EQ(check.seen, "PT_LOAD at 0x1000, size 0x1000, RWE");
}

TEST(TextRelocations, BothTags) {
  EXPECT_EQ(value_of(examined(program()), "text_relocations"), "none");
  EXPECT_EQ(value_of(examined(program({{elf::DT_TEXTREL, 0}})), "text_relocations"), "yes");
  EXPECT_EQ(value_of(examined(program({{elf::DT_FLAGS, elf::DF_TEXTREL}})), "text_relocations"),
            "yes");
}

constexpr std::string_view kReadCanary("\x64\x48\x8b\x04\x25\x28\0\0\0", 9);   // mov %fs:0x28,%rax
constexpr std::string_view kCheckCanary("\x64\x48\x2b\x14\x25\x28\0\0\0", 9);  // sub %fs:0x28,%rdx

TEST(StackProtector, ImportsAndReads) {
  std::string body(kReadCanary);
  body += kCheckCanary;
  HardeningCheck check =
      check_of(examined(importing({"__stack_chk_fail"}, code(body))), "stack_protector");
  EXPECT_EQ(check.value, "yes");
  EXPECT_EQ(check.seen, "imports __stack_chk_fail; 2 reads of the canary");
  EXPECT_EQ(value_of(examined(importing({"puts"})), "stack_protector"), "none");
  // A hidden failure function is no import, but the reads are there.
  EXPECT_EQ(value_of(examined(importing({"puts"}, code(body))), "stack_protector"), "yes");
}

// Three functions by the unwinder's table: with frame and canary, with a frame, with neither.
TEST(StackProtector, ShareOfTheFunctionsWithAFrame) {
  constexpr std::string_view kFrame("\x48\x83\xec\x28", 4), kAlign("\x48\x83\xec\x08", 4);
  std::string body(4096, '\x90');
  body.replace(0, 4, kFrame).replace(16, kReadCanary.size(), kReadCanary);
  body.replace(0x100, 4, kFrame).replace(0x200, 4, kAlign);
  TestElf t = program({}, body);
  std::string table = "\x01\x1b\x03\x3b"s + t.word(0) + t.word(3);
  for (std::uint32_t start : {0x1000u, 0x1100u, 0x1200u})
    table += t.word(start - 0x8000u) + t.word(0);
  t.sections.push_back(
      {.name = ".eh_frame_hdr", .flags = elf::SHF_ALLOC, .address = 0x8000, .contents = table});
  t.segments.push_back({.type = 0x6474e550, .address = 0x8000, .first = 2, .last = 2});
  EXPECT_EQ(check_of(examined(t), "stack_protector").seen,
            "1 read of the canary, in 1 of 2 functions with a frame");
  // A table that is not sorted says nothing.
  t.sections[2].contents = table.substr(0, 12) + t.word(0) + t.word(0) + table.substr(20);
  EXPECT_EQ(check_of(examined(t), "stack_protector").seen, "1 read of the canary");
  t.sections[2].contents = table.substr(0, 6);
  EXPECT_EQ(check_of(examined(t), "stack_protector").seen, "1 read of the canary");
}

TEST(StackProtector, OtherUsesOfTheSegmentAreNot) {
  std::string body("\x64\x48\x8b\x04\x25\x30\0\0\0", 9);      // %fs:0x30, another slot
  body += std::string_view("\x48\x8b\x04\x25\x28\0\0\0", 8);  // no segment
  EXPECT_EQ(value_of(examined(importing({}, code(body))), "stack_protector"), "none");
}

TEST(StackProtector, StaticProgramsAreNotJudgedByTheirLibc) {
  TestElf t = static_program("GLIBC_TUNABLES", 24);
  const ElfFacts facts{.type = "executable", .is_static = true};
  EXPECT_EQ(check_of(examined(t, facts), "stack_protector").value, "none");
  t.sections[0].contents = code(kReadCanary);
  HardeningCheck some = check_of(examined(t, facts), "stack_protector");
  EXPECT_EQ(some.value, "some code");
  EXPECT_EQ(some.rating, Rating::unknown);
  t.machine = elf::EM_AARCH64;
  EXPECT_EQ(check_of(examined(t, facts), "stack_protector").value, "unknown");
  t.sections[1].contents += "*** stack smashing detected ***"s;
  EXPECT_EQ(check_of(examined(t, facts), "stack_protector").value, "some code");
}

TEST(StackProtector, GoAndRustProtectThemselves) {
  TestElf t = static_program("", 24);
  t.sections.push_back({.name = ".gopclntab", .contents = "x"});
  ElfFacts go = examined(t, {.type = "executable", .is_static = true});
  EXPECT_EQ(go.language, "Go");
  EXPECT_EQ(go.libc, "none");
  EXPECT_EQ(value_of(go, "stack_protector"), "not applicable");
  ElfFacts rust = examined(static_program("/rustc/0123/library/core/src/fmt.rs", 24),
                           {.type = "executable", .is_static = true});
  EXPECT_EQ(rust.language, "Rust");
  EXPECT_EQ(check_of(rust, "stack_protector").rating, Rating::neutral);
}

// Stripped, and small enough to have none of musl's messages.
TEST(Relro, MuslIsKnownByItsEntry) {
  const ElfFacts facts{.type = "executable", .is_static = true};
  TestElf t = static_program("", 24);
  t.entry = 0x1000 + 64;
  t.sections[0].contents = code(std::string_view(
      "\x48\x31\xed\x48\x89\xe7\x48\x8d\x35\xa5\xef\xbf\xff\x48\x83\xe4\xf0\xe8\x0c\0\0\0", 22));
  EXPECT_EQ(examined(t, facts).libc, "musl");
  EXPECT_EQ(value_of(examined(t, facts), "relro"), "not applied");
  t.sections[0].contents[64] = '\x90';
  EXPECT_EQ(examined(t, facts).libc, "");
  EXPECT_EQ(value_of(examined(t, facts), "relro"), "full or not applied");
}

TEST(StackProtector, NoCodeNeedsNone) {
  TestElf small = importing({}, std::string(241, '\x90'));
  EXPECT_EQ(value_of(examined(small, {.type = "shared object"}), "stack_protector"),
            "not applicable");
  EXPECT_EQ(value_of(examined(small), "stack_protector"), "none");  // a program does something
}

TEST(Fortify, CountsCheckedAgainstFortifiable) {
  auto of = [](const std::vector<std::string>& names) {
    return check_of(examined(importing(names)), "fortify");
  };
  EXPECT_EQ(of({"__printf_chk", "__memcpy_chk", "memcpy"}).value, "2 of 3");
  EXPECT_EQ(of({"__printf_chk", "memcpy"}).rating, Rating::good);
  // printf is always replaced: somebody's code was compiled without.
  EXPECT_EQ(of({"__printf_chk", "printf"}).rating, Rating::partial);
  EXPECT_EQ(of({"printf", "memcpy"}).rating, Rating::missing);
  // memcpy alone is what fortified code has, too, where the sizes are known.
  EXPECT_EQ(of({"memcpy"}).rating, Rating::unknown);
  EXPECT_EQ(of({"puts", "__stack_chk_fail"}).value, "nothing to fortify");
  EXPECT_EQ(of({"__fdelt_chk"}).value, "1 of 1");  // FD_SET
}

TEST(StackClash, ProbesAndFramesWithoutThem) {
  constexpr std::string_view kFrame("\x48\x81\xec\x00\x10\0\0", 7);  // sub $0x1000,%rsp
  constexpr std::string_view kProbe("\x48\x83\x0c\x24\x00", 5);      // orq $0,(%rsp)
  constexpr std::string_view kLarge("\x48\x81\xec\x08\x20\0\0", 7);  // sub $0x2008,%rsp
  constexpr std::string_view kSmall("\x48\x81\xec\x98\x01\0\0", 7);  // sub $0x198,%rsp
  auto value = [](std::string body) {
    return value_of(examined(importing({}, code(body))), "stack_clash");
  };
  std::string probed = std::string(kFrame) + std::string(kProbe);
  EXPECT_EQ(value(probed), "yes");
  EXPECT_EQ(value(std::string(kLarge)), "no");
  EXPECT_EQ(value(probed + std::string(kLarge)), "some code");
  EXPECT_EQ(value(std::string(kSmall)), "unknown");
}

// A property note of 8 bytes alignment, as 64-bit files have it.
TestElf with_property(std::uint32_t type, std::uint32_t bits, std::uint16_t machine) {
  TestElf t = program();
  t.machine = machine;
  std::string property = t.word(type) + t.word(4) + t.word(bits) + t.word(0);
  t.sections.push_back({.name = ".note.gnu.property",
                        .type = elf::SHT_NOTE,
                        .contents = t.note("GNU", elf::NT_GNU_PROPERTY_TYPE_0, property)});
  return t;
}

TEST(Properties, FeatureBits) {
  ElfFacts both = examined(with_property(0xc0000002, 3, elf::EM_X86_64));
  EXPECT_EQ(value_of(both, "ibt"), "yes");
  EXPECT_EQ(value_of(both, "shstk"), "yes");
  EXPECT_EQ(value_of(both, "bti"), "not applicable");
  ElfFacts one = examined(with_property(0xc0000002, 2, elf::EM_X86_64));
  EXPECT_EQ(value_of(one, "ibt"), "no");
  EXPECT_EQ(value_of(one, "shstk"), "yes");
  ElfFacts arm = examined(with_property(0xc0000000, 1, elf::EM_AARCH64));
  EXPECT_EQ(value_of(arm, "bti"), "yes");
  EXPECT_EQ(value_of(arm, "pac"), "no");
  // The other machine's property says nothing.
  EXPECT_EQ(value_of(examined(with_property(0xc0000000, 3, elf::EM_X86_64)), "ibt"), "no");
}

TEST(Properties, LostMarkLeavesTheInstructions) {
  std::string body;
  for (int i = 0; i < 5; ++i) body += "\xf3\x0f\x1e\xfa";
  EXPECT_EQ(value_of(examined(program({}, code(body))), "ibt"), "some code");
  // Start-up files have a few, whatever the program was compiled with.
  EXPECT_EQ(value_of(examined(program({}, code("\xf3\x0f\x1e\xfa"))), "ibt"), "no");
}

TEST(Properties, BrokenNotesEnd) {
  TestElf t = program();
  std::string endless = t.word(0xc0000001) + t.word(0xfffffff8);
  t.sections.push_back({.name = ".note.gnu.property",
                        .type = elf::SHT_NOTE,
                        .contents = t.note("GNU", elf::NT_GNU_PROPERTY_TYPE_0, endless)});
  EXPECT_EQ(value_of(examined(t), "ibt"), "no");
}

TEST(Cfi, BySymbolOrByCompiler) {
  EXPECT_EQ(value_of(examined(importing({"__cfi_slowpath"})), "cfi"), "yes");
  EXPECT_EQ(
      value_of(examined(importing({}), {.type = "pie", .comments = {"GCC: (GNU) 12"}}), "cfi"),
      "no");
  EXPECT_EQ(
      value_of(examined(importing({}), {.type = "pie", .comments = {"clang version 19"}}), "cfi"),
      "unknown");
  EXPECT_EQ(value_of(examined(importing({})), "cfi"), "unknown");
}

TEST(Examine, LeavesAloneWhatIsNotMapped) {
  EXPECT_TRUE(examined({.type = elf::ET_REL}, {.type = "relocatable"}).hardening.empty());
}

TEST(Examine, EveryCheckSaysWhatWasSeen) {
  for (const TestElf& t : {program(), importing({"puts"}), static_program("", 0)})
    for (const HardeningCheck& check : examined(t).hardening) {
      EXPECT_FALSE(check.value.empty()) << check.id;
      EXPECT_FALSE(check.seen.empty()) << check.id;
      EXPECT_NE(check.place, Place{}) << check.id;
    }
}

}  // namespace
}  // namespace fathom::hardening
