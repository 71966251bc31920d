#include "code/object_layout.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "code/call_graph.h"
#include "code/functions.h"
#include "code/references.h"
#include "code/testing.h"
#include "elf/testing.h"

namespace fathom::code {
namespace {

using elf::testing::little;
using elf::testing::TestElf;
using testing::bytes;

std::string symbol(std::uint32_t name, int info, std::uint16_t section, std::uint64_t value,
                   std::uint64_t size) {
  return little(name) + little(static_cast<std::uint64_t>(info), 1) + little(0, 1) +
         little(section, 2) + little(value, 8) + little(size, 8);
}
std::string rela(std::uint64_t offset, std::uint64_t symbol, std::uint32_t type,
                 std::int64_t addend) {
  return little(offset, 8) + little(symbol << 32 | type, 8) +
         little(static_cast<std::uint64_t>(addend), 8);
}

// first: lea rdi, [text]; call outside; mov rax, [outside's table entry]; jmp second.  second: ret
struct Object {
  TestElf made;
  std::string file;
  Result<elf::ElfFile> elf;
  Result<Program> program;

  Object()
      : made(build()),
        file(made.build()),
        elf(elf::ElfFile::parse(ByteView::of(file))),
        program(Program::open(*elf)) {}

  static TestElf build() {
    TestElf out;
    out.type = elf::ET_REL;
    const std::string names = std::string("\0first\0second\0outside\0", 22);
    std::string text = bytes({0x48, 0x8d, 0x3d, 0, 0, 0, 0,    0xe8, 0, 0, 0, 0,   0x48,
                              0x8b, 0x05, 0,    0, 0, 0, 0xe9, 0,    0, 0, 0, 0xc3});
    out.sections = {
        {".text", 1, 6, 0, text},
        {".rodata", 1, 2, 0, std::string("hello\0", 6)},
        {".rela.text", 4, 0, 0,
         rela(3, 1, 2, -4) + rela(8, 4, 4, -4) + rela(15, 4, 42, -4) + rela(20, 3, 4, -4), 5, 1},
        {".rela.rodata", 4, 0, 0, rela(0x40, 3, 1, 0), 5, 2},
        {".symtab", 2, 0, 0,
         symbol(0, 0, 0, 0, 0) + symbol(0, 3, 2, 0, 0) + symbol(1, 0x12, 1, 0, 24) +
             symbol(7, 0x12, 1, 24, 1) + symbol(14, 0x10, 0, 0, 0),
         6, 2},
        {".strtab", 3, 0, 0, names}};
    return out;
  }
};

TEST(ObjectLayout, PutsSectionsAtTheirOffsets) {
  Object object;
  ASSERT_TRUE(object.program) << object.program.error().message;
  ASSERT_EQ(object.program->code().size(), 1u);
  EXPECT_EQ(object.program->code()[0].address, object.made.offset_of(0));
  EXPECT_TRUE(object.program->is_position_independent());
}

TEST(ObjectLayout, FillsInFieldsAndListsThem) {
  Object object;
  const std::uint64_t text = object.made.offset_of(0);
  EXPECT_EQ(object.program->instruction_at(text).target, object.made.offset_of(1));
  EXPECT_EQ(object.program->instruction_at(text + 19).target, text + 24);
  ASSERT_EQ(object.program->linker_fields().size(), 4u);
  EXPECT_EQ(object.program->linker_fields()[1].place, text + 8);
  EXPECT_EQ(object.program->linker_fields()[1].name, "outside");
}

TEST(ObjectLayout, SaysWhatIsNotDefinedHere) {
  Object object;
  const std::uint64_t text = object.made.offset_of(0);
  const Fixup* stub = stub_at(*object.program, object.program->instruction_at(text + 7).target);
  ASSERT_NE(stub, nullptr);
  EXPECT_EQ(stub->name, "outside");
  EXPECT_GE(stub->place, object.file.size());
  const Fixup* entry = object.program->fixup_at(object.program->instruction_at(text + 12).target);
  ASSERT_NE(entry, nullptr);
  EXPECT_EQ(entry->kind, Fixup::Kind::symbol);
  EXPECT_EQ(entry->name, "outside");
}

TEST(ObjectLayout, NotesARelocationOutsideItsSection) {
  Object object;
  ASSERT_EQ(object.program->problems().size(), 1u);
  EXPECT_EQ(object.program->problems()[0].message, "a relocation outside .rodata");
}

TEST(ObjectLayout, GivesFunctionsAndCalls) {
  Object object;
  Functions functions = find_functions(*object.program);
  ASSERT_EQ(functions.list.size(), 2u);
  EXPECT_EQ(functions.list[0].name, "first");
  EXPECT_EQ(functions.list[1].name, "second");
  const CallGraph graph(*object.program, functions);
  ASSERT_EQ(graph.calls_of(0).size(), 2u);
  EXPECT_EQ(graph.calls_of(0)[0].name, "outside");
  EXPECT_EQ(graph.calls_of(0)[0].kind, Edge::Kind::imported);
  EXPECT_EQ(graph.calls_of(0)[1].callee, 1u);
  const References references = find_references(*object.program, functions);
  auto text = std::ranges::find(references.of(0), Referred::text, &Reference::kind);
  ASSERT_NE(text, references.of(0).end());
  EXPECT_EQ(text_of(*object.program, *text), "hello");
}

TEST(ObjectLayout, FillsInPartsOfAArch64Instructions) {
  TestElf made;
  made.type = elf::ET_REL;
  made.machine = elf::EM_AARCH64;
  const std::string names = std::string("\0f\0", 3);
  // adrp x0, text; add x0, x0, text; ret
  made.sections = {
      {".text", 1, 6, 0, little(0x90000000) + little(0x91000000) + little(0xd65f03c0)},
      {".rodata", 1, 2, 0, std::string("hello\0", 6)},
      {".rela.text", 4, 0, 0, rela(0, 1, 275, 0) + rela(4, 1, 277, 0), 4, 1},
      {".symtab", 2, 0, 0,
       symbol(0, 0, 0, 0, 0) + symbol(0, 3, 2, 0, 0) + symbol(1, 0x12, 1, 0, 12), 5, 2},
      {".strtab", 3, 0, 0, names}};
  std::string file = made.build();
  auto elf = elf::ElfFile::parse(ByteView::of(file));
  auto program = Program::open(*elf);
  ASSERT_TRUE(program);
  const std::uint64_t text = made.offset_of(0), data = made.offset_of(1);
  EXPECT_EQ(program->instruction_at(text).target, data & ~std::uint64_t{0xfff});
  EXPECT_EQ(program->instruction_at(text + 4).immediate, static_cast<std::int64_t>(data & 0xfff));
}

}  // namespace
}  // namespace fathom::code
