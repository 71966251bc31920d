// What a program shows of languages and commands it knows. Imports and system calls are compared
// with nm in tests/cli/audit_test.py.

#include <gtest/gtest.h>

#include "analyzer/analyzer.h"
#include "elf/constants.h"
#include "elf/testing.h"

namespace fathom {
namespace {

using namespace std::string_literals;

AuditFacts traits_of(std::string data) {
  elf::testing::TestElf t;
  t.sections = {
      {.name = ".text",
       .flags = elf::SHF_ALLOC | elf::SHF_EXECINSTR,
       .address = 0x1000,
       .contents = std::string(64, '\x90')},
      {.name = ".rodata", .flags = elf::SHF_ALLOC, .address = 0x2000, .contents = std::move(data)}};
  t.segments = {{.flags = elf::PF_R | elf::PF_X, .address = 0x1000, .first = 0, .last = 0},
                {.flags = elf::PF_R, .address = 0x2000, .first = 1, .last = 1}};
  const std::string bytes = t.build();
  return recover(ByteView::of(bytes), Limits{}).audit;
}

std::vector<std::string> grammars_of(std::string data) {
  return traits_of(std::move(data)).grammars;
}

TEST(Grammars, WordsOfATable) {
  EXPECT_EQ(grammars_of("\0case\0do\0done\0elif\0esac\0until\0"s),
            std::vector<std::string>{"posix-shell"});
  EXPECT_EQ(grammars_of("\0breaksw\0endsw\0foreach\0"s), std::vector<std::string>{"csh"});
  EXPECT_TRUE(grammars_of("\0case\0do\0done\0elif\0esac\0"s).empty()) << "no until";
}

// Linkers keep a text that ends another one only once.
TEST(Grammars, WordsThatAreTheEndOfAnotherText) {
  EXPECT_EQ(grammars_of("\0breaksw\0endsw\0Not in while/foreach\0"s),
            std::vector<std::string>{"csh"});
}

TEST(Grammars, WordsInWideCharacters) {
  std::string wide(4, '\0');
  for (std::string_view word : {"case", "do", "done", "elif", "esac", "until"}) {
    for (char c : word) wide += std::string({c, '\0', '\0', '\0'});
    wide.append(4, '\0');
  }
  EXPECT_EQ(grammars_of(wide), std::vector<std::string>{"posix-shell"});
}

TEST(Grammars, AScriptIsNoTable) {
  EXPECT_TRUE(grammars_of("\0case $1 in\na) until b; do c; done;; esac\nif d; then e; elif f\n\0"s)
                  .empty());
}

TEST(Commands, TheSortedTableOfAProgramThatIsMany) {
  const std::string table = "[\0[[\0basename\0cat\0chroot\0dirname\0ls\0mkfifo\0printf\0sh\0"s;
  const AuditFacts facts = traits_of("Usage: %s\0"s + table + "\0zz\0"s);
  EXPECT_EQ(facts.commands, (std::vector<std::string>{"[", "[[", "basename", "cat", "chroot",
                                                      "dirname", "ls", "mkfifo", "printf", "sh"}));
}

TEST(Commands, NamesThatHappenToStandThereAreNone) {
  // Not sorted: a list of options, or literals as the compiler met them.
  EXPECT_TRUE(traits_of("\0printf\0basename\0mkfifo\0chroot\0dirname\0"s).commands.empty());
  // Sorted, but nothing that is a usual command.
  EXPECT_TRUE(
      traits_of("\0aaaaaa\0bbbbbb\0cccccc\0dddddd\0eeeeee\0ffffff\0gggggg\0hhhhhh\0iiiiii\0"s)
          .commands.empty());
}

}  // namespace
}  // namespace fathom
