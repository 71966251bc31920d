#include <gtest/gtest.h>

#include <cctype>
#include <cstdlib>
#include <set>

#include "cli/generate.h"
#include "cli/parse.h"

namespace fathom::cli {
namespace {

// As the manual page writes it.
std::string roff_name(const Flag& flag) {
  std::string out;
  for (char c : "--" + std::string(flag.name)) out += c == '-' ? "\\-" : std::string(1, c);
  return out;
}

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

// A value that is good for any flag, as far as parsing goes.
std::string value_for(const Flag& flag) { return flag.argument.empty() ? "true" : "some-value"; }

std::string variable_of(const Flag& flag) {
  std::string name = "FATHOM_";
  for (char c : flag.name) name += c == '-' ? '_' : static_cast<char>(std::toupper(c));
  return name;
}

// Every flag of every command is a command-line word, a variable and a configuration key, with the
// same meaning, and the first of the three wins.
TEST(Flags, EveryFlagIsAVariableAndAConfigurationKey) {
  std::size_t flags = 0;
  for (const Command& command : all_commands())
    for (const Flag& flag : command.flags) {
      ++flags;
      const std::string name(flag.name), value = value_for(flag);
      const std::vector<std::string> expected = {value};
      Result<Arguments> typed = flag.argument.empty() ? parse(command, {"--" + name})
                                                      : parse(command, {"--" + name, value});
      ASSERT_TRUE(typed) << name;
      EXPECT_EQ(typed->all(flag.name), expected) << name;
      if (flag.letter != 0) {
        const std::string letter = std::string("-") + flag.letter;
        Result<Arguments> short_form =
            flag.argument.empty() ? parse(command, {letter}) : parse(command, {letter, value});
        ASSERT_TRUE(short_form) << name;
        EXPECT_EQ(short_form->all(flag.name), expected) << name;
      }

      ::setenv(variable_of(flag).c_str(), value.c_str(), 1);
      Arguments from_variable;
      add_environment(command, from_variable);
      EXPECT_EQ(from_variable.all(flag.name), expected) << name;
      const std::string other = flag.argument.empty() ? "false" : "another";
      ASSERT_TRUE(add_config(command, name + ": " + other + "\n", from_variable)) << name;
      EXPECT_EQ(from_variable.all(flag.name), expected) << name << ": the variable wins";
      ::unsetenv(variable_of(flag).c_str());

      Arguments from_file;
      ASSERT_TRUE(add_config(command, name + ": " + value + "\n", from_file)) << name;
      EXPECT_EQ(from_file.all(flag.name), expected) << name;
    }
  EXPECT_GE(flags, 15u);
}

TEST(Flags, NamesAndLettersAreUniqueAndSpeltAlike) {
  for (const Command& command : all_commands()) {
    std::set<std::string_view> names;
    std::set<char> letters;
    for (const Flag& flag : command.flags) {
      EXPECT_TRUE(names.insert(flag.name).second) << flag.name;
      EXPECT_TRUE(flag.letter == 0 || letters.insert(flag.letter).second) << flag.name;
      EXPECT_EQ(flag.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz-"), flag.name.npos)
          << flag.name << ": would be no variable";
      EXPECT_FALSE(flag.summary.empty()) << flag.name;
      EXPECT_NE(man_page().find(roff_name(flag)), std::string::npos) << flag.name;
      // The same name means the same in every command that has it.
      for (const Command& other : all_commands())
        for (const Flag& twin : other.flags)
          if (twin.name == flag.name) {
            // Commands that inspect write one output, in formats of their own.
            if (flag.name != "output") {
              EXPECT_EQ(twin.argument, flag.argument) << flag.name;
              EXPECT_EQ(twin.repeatable, flag.repeatable) << flag.name;
            }
            EXPECT_EQ(twin.letter, flag.letter) << flag.name;
          }
    }
  }
}

TEST(Flags, AMisspeltOneNamesItsNeighbour) {
  for (const Command& command : all_commands())
    for (const Flag& flag : command.flags) {
      if (flag.name.size() < 4) continue;
      const std::string misspelt = "--" + std::string(flag.name) + "x";
      const Result<Arguments> arguments = parse(command, {misspelt});
      ASSERT_FALSE(arguments) << misspelt;
      EXPECT_NE(arguments.error().message.find("did you mean --" + std::string(flag.name) + "?"),
                std::string::npos)
          << arguments.error().message;
    }
}

TEST(Flags, OneConfigurationFileIsForAllCommands) {
  Arguments arguments;
  ASSERT_TRUE(add_config(*find_command("convert"), "fail-on: high\noutput: csv\n", arguments));
  EXPECT_EQ(arguments.one("output"), "csv");
  EXPECT_FALSE(arguments.values.contains("fail-on"));
}

TEST(Commands, AMisspeltOneNamesItsNeighbour) {
  EXPECT_EQ(nearest_command("scna"), "scan");
  EXPECT_EQ(nearest_command("convrt"), "convert");
  EXPECT_EQ(nearest_command("completion-bash"), "");
  EXPECT_EQ(nearest_command("/etc/passwd"), "");
}

}  // namespace
}  // namespace fathom::cli
