// The rules of identify(), each on facts made by hand for a library of two releases and a bit.

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>

#include "base/digest.h"
#include "signature/identify.h"
#include "signature/row.h"

namespace fathom::signature {
namespace {

// By the classifiers alone.
Identified identify(const FileFacts& facts, const Classifiers& rows) {
  return signature::identify(facts, rows, Features());
}

// "foo" names itself in its texts and has a version function; "bar" has only a bare number.
constexpr std::string_view kRows = R"({"classifiers": [
  {"library": "foo", "purl": "pkg:generic/foo@{version}",
   "cpe": "cpe:2.3:a:foo:foo:{version}:*:*:*:*:*:*:*",
   "sonames": ["libfoo.so"], "not": ["Foolish 1.2.3"],
   "confirm_at_least": 2, "confirm_alone": 4,
   "confirm": ["foo: out of frobs", "foo: no such knob", "foo: bad handle\n", "foo: overflow"],
   "dated": [{"since": "1.2.2", "texts": ["foo: new in 1.2.2"]},
             {"until": "1.2.2", "texts": ["foo: gone after 1.2.2"]}],
   "exclude_if": ["bigfoo: fork"],
   "releases": "1.2.1 1.2.2 1.2.3 1.3.0\n2.0.0",
   "versions": [{"pattern": "^Foo (\\d+\\.\\d+\\.\\d+)$", "sample": "Foo 1.2.3", "version": "1.2.3"},
                {"pattern": "^(\\d\\.\\d\\.\\d)$", "sample": "1.2.3", "version": "1.2.3", "bare": true}],
   "constant": {"units": [10000, 100, 1], "min": "1.0", "max": "2.9"}},
  {"library": "bar", "purl": "pkg:generic/bar@{version}",
   "confirm_at_least": 1, "confirm_alone": 2, "confirm": ["bar: one text", "bar: two texts"],
   "releases": "1.2.2 1.2.3 1.2.4",
   "versions": [{"pattern": "^(\\d\\.\\d\\.\\d+)$", "sample": "1.2.3", "version": "1.2.3", "bare": true}]},
  {"library": "num", "purl": "pkg:generic/num@{version}",
   "constant": {"units": [1000000, 1000, 1], "min": "3.0", "max": "3.99", "proves": true}}
]})";

const Classifiers& classifiers() {
  static const Classifiers parsed = *Classifiers::parse(kRows);
  return parsed;
}

// A file that has these strings (and, of them, those that state a version as texts).
FileFacts file_with(const std::vector<std::string>& strings,
                    const std::vector<std::uint64_t>& constants = {}) {
  FileFacts facts;
  facts.kind = FileKind::elf;
  facts.elf = ElfFacts{};
  facts.elf->machine_name = "x86_64";
  std::uint64_t offset = 0x1000;
  for (const std::string& string : strings) {
    facts.strings.push_back({xxh3_of(ByteView::of(string)), offset});
    facts.texts.push_back({offset, string});
    offset += string.size() + 1;
  }
  std::sort(facts.strings.begin(), facts.strings.end());
  for (std::uint64_t value : constants)
    facts.constants.push_back({value, 0x2000 + value, 0x402000 + value});
  std::sort(facts.constants.begin(), facts.constants.end());
  return facts;
}

std::vector<std::string> seen_in(const Component& component) {
  std::vector<std::string> seen;
  for (const Evidence& evidence : component.evidence)
    seen.push_back(text_of(evidence.place) + ": " + evidence.seen);
  return seen;
}

using Strings = std::vector<std::string>;

TEST(Identify, VersionTextAndConfirmTextsMakeAComponentWithEvidence) {
  Identified found = identify(
      file_with({"Foo 1.2.3", "foo: out of frobs", "foo: no such knob"}, {10203}), classifiers());
  ASSERT_EQ(found.components.size(), 1u);
  const Component& foo = found.components[0];
  EXPECT_EQ(foo.name, "foo");
  EXPECT_EQ(foo.kind, ComponentKind::embedded_library);
  EXPECT_EQ(foo.ecosystem, "C");
  EXPECT_EQ(foo.version.exact, "1.2.3");
  EXPECT_EQ(foo.purl, "pkg:generic/foo@1.2.3");
  EXPECT_EQ(foo.cpe, "cpe:2.3:a:foo:foo:1.2.3:*:*:*:*:*:*:*");
  EXPECT_EQ(foo.confidence, Confidence::high);
  EXPECT_EQ(seen_in(foo),
            (Strings{"offset 0x1000: Foo 1.2.3", "address 0x4047db: mov eax, 10203; ret",
                     "offset 0x100a: foo: out of frobs", "offset 0x101c: foo: no such knob"}));
  EXPECT_TRUE(found.mentions.empty());
}

TEST(Identify, AVersionTextAloneIsAMention) {
  Identified none = identify(file_with({"Foo 1.2.3", "Foolish 1.2.2"}), classifiers());
  EXPECT_TRUE(none.components.empty());
  ASSERT_EQ(none.mentions.size(), 1u);
  EXPECT_EQ(none.mentions[0].library, "foo");
  EXPECT_EQ(none.mentions[0].version, "1.2.3");
  EXPECT_EQ(none.mentions[0].evidence.place.value, 0x1000u);
  EXPECT_EQ(none.mentions[0].why, "no other text of the library is there");

  Identified one = identify(file_with({"Foo 1.2.3", "foo: out of frobs"}), classifiers());
  EXPECT_TRUE(one.components.empty());
  ASSERT_EQ(one.mentions.size(), 1u);
  EXPECT_EQ(one.mentions[0].why, "only 1 other text of the library, 2 would confirm it");
}

TEST(Identify, ABareNumberIsNotEvenAMention) {
  Identified found = identify(file_with({"1.2.3", "2.0.0"}), classifiers());
  EXPECT_TRUE(found.components.empty());
  EXPECT_TRUE(found.mentions.empty());
}

TEST(Identify, AFileThatLinksTheLibraryNeedsMoreThanItsHeadersLeave) {
  Strings few = {"Foo 1.2.3", "foo: out of frobs", "foo: no such knob", "foo: overflow"};
  FileFacts facts = file_with(few, {10203});
  facts.elf->needed = {"libc.so.6", "libfoo.so.1"};
  Identified linked = identify(facts, classifiers());
  EXPECT_TRUE(linked.components.empty());
  ASSERT_EQ(linked.mentions.size(), 1u);
  EXPECT_EQ(linked.mentions[0].why, "the file links libfoo.so.1");

  Strings all = few;
  all.push_back("foo: bad handle\n");
  FileFacts both = file_with(all);
  both.elf->needed = {"libfoo.so.1"};
  ASSERT_EQ(identify(both, classifiers()).components.size(),
            1u);  // linked, and compiled in

  // Names that only begin alike are other libraries; a bundler's hash is not part of the name.
  facts.elf->needed = {"libfoobar.so.1", "libfoo.sox"};
  EXPECT_EQ(identify(facts, classifiers()).components.size(), 1u);
  facts.elf->needed = {"libfoo-0a1b2c3d.so.1.2.3"};
  EXPECT_TRUE(identify(facts, classifiers()).components.empty());
}

TEST(Identify, TheLibrarysOwnSharedObjectNeedsOneTextOnly) {
  FileFacts facts = file_with({"foo: overflow"});
  EXPECT_TRUE(identify(facts, classifiers()).components.empty());
  facts.elf->soname = "libfoo-0a1b2c3d.so.1";
  facts.elf->needed = {"libfoo.so.1"};  // as split libraries have it: libssl links libcrypto
  Identified found = identify(facts, classifiers());
  ASSERT_EQ(found.components.size(), 1u);
  EXPECT_FALSE(found.components[0].version.known());

  FileFacts empty = file_with({});
  empty.elf->soname = "libfoo.so.1";
  EXPECT_TRUE(identify(empty, classifiers()).components.empty());  // a name proves nothing
}

TEST(Identify, SeveralVersionsThatConstantsConfirmAreSeveralCopies) {
  Identified found = identify(
      file_with({"Foo 1.2.3", "Foo 2.0.0", "Foo 1.2.1", "foo: out of frobs", "foo: overflow"},
                {10203, 20000}),
      classifiers());
  ASSERT_EQ(found.components.size(), 2u);
  EXPECT_EQ(found.components[0].version.exact, "1.2.3");
  EXPECT_EQ(found.components[1].version.exact, "2.0.0");
}

TEST(Identify, SeveralUnconfirmedVersionsAreOneComponentWithAnInterval) {
  Identified found = identify(
      file_with({"Foo 2.0.0", "Foo 1.2.3", "foo: out of frobs", "foo: overflow"}), classifiers());
  ASSERT_EQ(found.components.size(), 1u);
  const Component& foo = found.components[0];
  EXPECT_FALSE(foo.version.known());
  EXPECT_EQ(foo.version.low, "1.2.3");
  EXPECT_EQ(foo.version.high, "2.0.0");
  EXPECT_EQ(foo.version.candidates, (Strings{"1.2.3", "2.0.0"}));
  EXPECT_EQ(foo.purl, "pkg:generic/foo");
  EXPECT_EQ(foo.cpe, "cpe:2.3:a:foo:foo:*:*:*:*:*:*:*:*");
  EXPECT_EQ(foo.confidence, Confidence::medium);
  Strings seen = seen_in(foo);
  EXPECT_EQ(seen[0], "offset 0x1000: Foo 2.0.0");
  EXPECT_EQ(seen[1], "offset 0x100a: Foo 1.2.3");
}

TEST(Identify, EnoughConfirmTextsAreAComponentOfUnknownVersion) {
  Strings three = {"foo: out of frobs", "foo: no such knob", "foo: overflow"};
  EXPECT_TRUE(identify(file_with(three), classifiers()).components.empty());
  Strings four = three;
  four.push_back("foo: bad handle");  // as puts() has it, without the newline
  Identified found = identify(file_with(four), classifiers());
  ASSERT_EQ(found.components.size(), 1u);
  EXPECT_FALSE(found.components[0].version.known());
  EXPECT_TRUE(found.components[0].version.low.empty());
  EXPECT_EQ(found.components[0].confidence, Confidence::medium);
  EXPECT_EQ(found.components[0].evidence.size(), 4u);
}

TEST(Identify, DatedTextsBoundAnUnstatedVersion) {
  Strings base = {"foo: out of frobs", "foo: no such knob", "foo: overflow"};
  Strings newer = base, exact = base;
  newer.push_back("foo: new in 1.2.2");
  Identified open = identify(file_with(newer), classifiers());
  ASSERT_EQ(open.components.size(), 1u);
  EXPECT_EQ(open.components[0].version.low, "1.2.2");
  EXPECT_EQ(open.components[0].version.high, "2.0.0");
  EXPECT_EQ(open.components[0].version.candidates, (Strings{"1.2.2", "1.2.3", "1.3.0", "2.0.0"}));

  exact.insert(exact.end(), {"foo: new in 1.2.2", "foo: gone after 1.2.2"});
  Identified one = identify(file_with(exact), classifiers());
  ASSERT_EQ(one.components.size(), 1u);
  EXPECT_EQ(one.components[0].version.exact, "1.2.2");
  EXPECT_EQ(one.components[0].confidence, Confidence::medium);
}

TEST(Identify, ABareNumberGoesToTheLibraryThatNothingElseExplains) {
  // 1.2.3 is foo's (its constant says so), so bar is the other one.
  Identified found = identify(file_with({"1.2.3", "1.2.4", "foo: out of frobs", "foo: overflow",
                                         "bar: one text", "bar: two texts"},
                                        {10203}),
                              classifiers());
  ASSERT_EQ(found.components.size(), 2u);
  EXPECT_EQ(found.components[0].name + found.components[0].version.exact, "foo1.2.3");
  EXPECT_EQ(found.components[1].name + found.components[1].version.exact, "bar1.2.4");
  EXPECT_EQ(found.components[1].confidence, Confidence::medium);
}

TEST(Identify, BareNumbersMustBeReleases) {
  Strings bar = {"bar: one text", "bar: two texts"};
  auto version = [&](std::string number) {
    Strings strings = bar;
    strings.push_back(std::move(number));
    Identified found = identify(file_with(strings), classifiers());
    return found.components.empty() ? "absent" : found.components[0].version.exact;
  };
  EXPECT_EQ(version("1.2.3"), "1.2.3");
  EXPECT_EQ(version("1.2.1"), "");       // never released
  EXPECT_EQ(version("7.0.0"), "");       // another branch
  EXPECT_EQ(version("1.2.7"), "1.2.7");  // later than the data
  EXPECT_EQ(version("1.2.9"), "1.2.9");
  EXPECT_EQ(version("1.2.10"), "");  // hardly
}

TEST(Identify, AForksTextsTakeTheFileFromTheOriginal) {
  Identified found = identify(file_with({"Foo 1.2.3", "foo: out of frobs", "foo: no such knob",
                                         "foo: overflow", "foo: bad handle\n", "bigfoo: fork"},
                                        {10203}),
                              classifiers());
  EXPECT_TRUE(found.components.empty());
  ASSERT_EQ(found.mentions.size(), 1u);
  EXPECT_EQ(found.mentions[0].why, "the file has the code of a fork of the library");
}

TEST(Identify, AProvingConstantIsEnoughUnlessTheLibraryIsLinked) {
  FileFacts facts = file_with({}, {3040001, 12});
  Identified found = identify(facts, classifiers());
  ASSERT_EQ(found.components.size(), 1u);
  EXPECT_EQ(found.components[0].name + found.components[0].version.exact, "num3.40.1");
  EXPECT_EQ(seen_in(found.components[0]).size(), 1u);
  facts.elf->machine_name = "aarch64";
  EXPECT_EQ(identify(facts, classifiers()).components[0].evidence[0].seen, "mov w0, #3040001; ret");
}

TEST(Identify, NothingIsFoundInNothing) {
  Identified found = identify(FileFacts{}, classifiers());
  EXPECT_TRUE(found.components.empty());
  EXPECT_TRUE(found.mentions.empty());
}

TEST(Identify, ThousandsOfNumbersStayBounded) {
  FileFacts facts =
      file_with({"foo: out of frobs", "foo: no such knob", "foo: overflow", "foo: bad handle\n"});
  for (std::uint64_t i = 0; i < 50'000; ++i)
    facts.texts.push_back({0x10000 + i * 10, i % 2 == 0 ? "Foo 1.2.3" : "Foo 2.0.0"});
  Identified found = identify(facts, classifiers());
  ASSERT_EQ(found.components.size(), 1u);
  EXPECT_LE(found.components[0].evidence.size(), 20u);
}

TEST(Row, DecodesVersionNumbers) {
  VersionConstant decimal{.units = {1000000, 1000, 1}, .min = "3.0", .max = "3.99.99"};
  EXPECT_EQ(decode(decimal, 3040001), "3.40.1");
  EXPECT_EQ(decode(decimal, 2040001), std::nullopt);
  EXPECT_EQ(decode(decimal, 0), std::nullopt);
  EXPECT_EQ(decode(decimal, ~0ull), std::nullopt);
  VersionConstant letters{.units = {1u << 28, 1u << 20, 1u << 12},
                          .rest = 15,
                          .letter_unit = 16,
                          .min = "1.0",
                          .max = "1.1.99"};
  EXPECT_EQ(decode(letters, 0x1010117f), "1.1.1w");
  EXPECT_EQ(decode(letters, 0x1010100f), "1.1.1" + std::string());
  EXPECT_EQ(decode(letters, 0x10101170), std::nullopt);  // a pre-release
  EXPECT_EQ(decode(letters, 0x10101fff), std::nullopt);  // no such letter
}

TEST(Row, OrdersReleases) {
  for (auto [a, b] : {std::pair{"1.2", "1.10"},
                      {"1.0.2", "1.0.2a"},
                      {"1.0.2z", "1.0.2za"},
                      {"9.9", "10.0"},
                      {"1.2", "1.2.1"},
                      {"0008", "9"}}) {
    EXPECT_EQ(compare_releases(a, b), -1) << a << " " << b;
    EXPECT_EQ(compare_releases(b, a), 1) << a << " " << b;
  }
  for (auto [a, b] : {std::pair{"1.2", "1.2.0"}, {"1.02", "1.2"}, {"", ""}, {"", "0"}})
    EXPECT_EQ(compare_releases(a, b), 0) << a << " " << b;
}

TEST(Classifiers, RefuseWhatIsNoRow) {
  auto error = [](std::string row) {
    Result<Classifiers> parsed = Classifiers::parse(R"({"classifiers":[)" + row + "]}");
    return parsed ? "none" : parsed.error().message;
  };
  EXPECT_EQ(error(R"({"purl":"pkg:generic/x"})"), "classifiers: a row without library");
  EXPECT_EQ(error(R"({"library":"x"})"), "classifiers: x: no purl");
  EXPECT_EQ(error(R"({"library":"x","purl":"p","confirm_at_least":1,"confirm_alone":1})"),
            "classifiers: x: fewer confirm texts than confirm_at_least");
  EXPECT_EQ(error(R"({"library":"x","purl":"p","confirm":["short"]})"),
            "classifiers: x: confirm text \"short\" is shorter than what files are searched for");
  EXPECT_EQ(error(R"({"library":"x","purl":"p","kind":"module"})"),
            "classifiers: x: unknown kind \"module\"");
  EXPECT_EQ(error(R"({"library":"x","purl":"p","constant":{"units":[0]}})"),
            "classifiers: x: constant with a unit that is no positive number");
  EXPECT_EQ(error(R"({"library":"x","purl":"p","versions":[{"pattern":"ab"}]})"),
            "classifiers: x: ab: no sample, or none of its version");
  EXPECT_EQ(error("7"), "classifiers: a row without library");
  EXPECT_FALSE(Classifiers::parse("{}"));
  EXPECT_FALSE(Classifiers::parse("not JSON"));
}

std::string row_with(std::string pattern) {
  return R"({"classifiers":[{"library":"x","purl":"p","confirm_at_least":1,"confirm_alone":1,)"
         R"("confirm":["x: some text"],"not":["no 1.1"],"versions":[{"pattern":")" +
         pattern + R"(","sample":"yes 1.1","version":"1.1"}]}]})";
}

TEST(Classifiers, CheckFindsWhatOnlyRunningThePatternsShows) {
  auto check = [](std::string pattern) {
    Done done = Classifiers::parse(row_with(std::move(pattern)))->check();
    return done ? "good" : done.error().message;
  };
  EXPECT_EQ(check("^yes ([\\\\d.]+)$"), "good");
  EXPECT_EQ(check("(1.1)"), "x: matches \"no 1.1\"");
  EXPECT_EQ(check("(2)"), "x: the sample \"yes 1.1\" yields \"\", not \"1.1\"");
  EXPECT_EQ(check("yes"), "yes: not exactly one group");
  EXPECT_EQ(check("((1.1)"), "((1.1): missing ): ((1.1)");
  EXPECT_EQ(check("(a{999}){999}"), "(a{999}){999}: invalid repetition size: {999}");
}

// What makes a backtracking matcher run for years, and a large automaton.
TEST(Classifiers, PathologicalPatternsAndTextsTakeLinearTime) {
  FileFacts facts;
  facts.strings.push_back({xxh3_of(ByteView::of("x: some text")), 0});
  std::string text(4096, 'a');
  for (std::uint64_t i = 0; i < 64; ++i) facts.texts.push_back({i * 5000, text});
  auto start = std::chrono::steady_clock::now();
  for (const char* pattern :
       {"^(a+)+$x", "(a*)*b", "(a|aa)+c", "(.*.*.*.*)=1", "a.{300}(b)", "([a-z]+)*[0-9]{2}"}) {
    Identified found = identify(facts, *Classifiers::parse(row_with(pattern)));
    EXPECT_EQ(found.components.size(), 1u) << pattern;  // by its confirm text
    EXPECT_FALSE(found.components[0].version.known()) << pattern;
  }
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20));
}

TEST(Classifiers, ABrokenPatternDoesNotSilenceTheOthers) {
  std::string rows = std::string(kRows);
  rows.replace(rows.find("^Foo "), 5, "^Foo [");
  Result<Classifiers> parsed = Classifiers::parse(rows);
  ASSERT_TRUE(parsed);
  EXPECT_FALSE(parsed->check());
  Identified found = identify(file_with({"1.2.3", "bar: one text", "bar: two texts"}), *parsed);
  ASSERT_EQ(found.components.size(), 1u);
  EXPECT_EQ(found.components[0].version.exact, "1.2.3");
}

}  // namespace
}  // namespace fathom::signature
