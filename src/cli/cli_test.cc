#include <gtest/gtest.h>

#include <cstdlib>

#include "cli/generate.h"
#include "cli/parse.h"

namespace fathom::cli {
namespace {

const Command& scan_command() { return *find_command("scan"); }

TEST(Parse, AllSpellingsOfAFlagAreTheSame) {
  for (std::vector<std::string> words : {std::vector<std::string>{"--output=json", "x"},
                                         {"--output", "json", "x"},
                                         {"-o", "json", "x"},
                                         {"-ojson", "x"},
                                         {"x", "-o", "json"},
                                         {"-o", "json", "--", "x"}}) {
    Result<Arguments> arguments = parse(scan_command(), words);
    ASSERT_TRUE(arguments) << words[0];
    EXPECT_EQ(arguments->one("output"), "json");
    EXPECT_EQ(arguments->operands, std::vector<std::string>{"x"});
  }
}

TEST(Parse, ADashIsAnOperandAndEndedFlagsAreNone) {
  EXPECT_EQ(parse(scan_command(), {"-"})->operands[0], "-");
  EXPECT_EQ(parse(scan_command(), {"--", "--strict"})->operands[0], "--strict");
}

TEST(Parse, SaysWhatIsWrong) {
  auto message = [](std::vector<std::string> words) {
    Result<Arguments> arguments = parse(scan_command(), words);
    return arguments ? std::string() : arguments.error().message;
  };
  EXPECT_NE(message({"--stric"}).find("did you mean --strict?"), std::string::npos);
  EXPECT_NE(message({"--strict=maybe"}).find("takes no value"), std::string::npos);
  EXPECT_NE(message({"-o"}).find("wants a value"), std::string::npos);
  EXPECT_NE(message({"--now", "1", "--now", "2"}).find("given twice"), std::string::npos);
  EXPECT_NE(message({"-Z"}).find("has no flag -Z"), std::string::npos);
}

TEST(Parse, TypedBeatsEnvironmentBeatsConfig) {
  ::setenv("FATHOM_NOW", "2026-01-02", 1);
  ::setenv("FATHOM_FAIL_ON", "kev, high", 1);
  Arguments arguments = *parse(scan_command(), {"--jobs", "3"});
  add_environment(scan_command(), arguments);
  ASSERT_TRUE(add_config(scan_command(),
                         "jobs: 9\nnow: 2020-01-01\nstrict: true\n"
                         "ignore-file: [a.yaml, b.yaml]\n",
                         arguments));
  ::unsetenv("FATHOM_NOW");
  ::unsetenv("FATHOM_FAIL_ON");
  EXPECT_EQ(arguments.one("jobs"), "3");
  EXPECT_EQ(arguments.one("now"), "2026-01-02");
  EXPECT_EQ(arguments.all("fail-on"), (std::vector<std::string>{"kev", "high"}));
  EXPECT_TRUE(arguments.on("strict"));
  EXPECT_EQ(arguments.all("ignore-file").size(), 2u);
}

TEST(Parse, RefusesABadConfig) {
  for (const char* yaml :
       {"nonsense: 1\n", "- a\n", "now: [a, b]\n", "strict: [\n", "strict: perhaps\n"}) {
    Arguments arguments;
    EXPECT_FALSE(add_config(scan_command(), yaml, arguments)) << yaml;
  }
  Arguments arguments;
  EXPECT_TRUE(add_config(scan_command(), "", arguments));
}

// Help, man page and completions name every flag of every command.
TEST(Generate, KnowsEveryFlag) {
  for (const Command& command : all_commands()) {
    EXPECT_NE(overview().find(command.name), std::string::npos);
    for (const Flag& flag : command.flags) {
      std::string name(flag.name);
      EXPECT_NE(help_of(command).find("--" + name), std::string::npos) << name;
      for (const char* shell : {"bash", "zsh"})
        EXPECT_NE(completion(shell).find("--" + name), std::string::npos) << shell << name;
      EXPECT_NE(completion("fish").find("-l " + name), std::string::npos) << name;
    }
  }
  EXPECT_EQ(completion("tcsh"), "");
  // What other tables know has been filled in.
  for (const char* mark : {"{formats}", "{schemes}"})
    EXPECT_EQ(help_of(scan_command()).find(mark), std::string::npos) << mark;
}

TEST(Generate, HelpFitsATerminal) {
  for (const Command& command : all_commands()) {
    std::string help = help_of(command);
    for (std::size_t start = 0; start < help.size();) {
      std::size_t end = help.find('\n', start);
      EXPECT_LE(end - start, 82u) << help.substr(start, end - start);  // "…" has three bytes
      start = end + 1;
    }
  }
}

}  // namespace
}  // namespace fathom::cli
