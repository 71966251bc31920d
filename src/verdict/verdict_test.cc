#include "verdict/verdict.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

#include "base/digest.h"
#include "verdict/names.h"
#include "verdict/reach.h"

namespace fathom::verdict {
namespace {

std::uint64_t hash_of(std::string_view text) { return xxh3_of(ByteView::of(text)); }

// ---- Programs as lists of functions, and who calls whom

struct Code {
  CodeFacts facts;

  std::uint32_t add(const std::string& name, bool is_go = false) {
    CodeFunction function;
    function.start = 0x1000 + 0x100 * facts.functions.size();
    function.size = 0x80;
    function.is_go = is_go;
    if (!name.empty()) {
      function.name = static_cast<std::uint32_t>(facts.names.size());
      facts.names.push_back(name);
    }
    facts.functions.push_back(std::move(function));
    return static_cast<std::uint32_t>(facts.functions.size() - 1);
  }
  void call(std::uint32_t from, std::uint32_t to, CallKind kind = CallKind::direct) {
    CodeFunction& f = facts.functions[from];
    f.calls.push_back({f.start + 8 * (f.calls.size() + 1), to, kind, 0});
  }
  void call_pointer(std::uint32_t from, std::uint8_t passed = 0xff,
                    CodePointerCall::Through through = CodePointerCall::Through::c) {
    CodeFunction& f = facts.functions[from];
    f.pointer_calls.push_back({f.start + 4, passed, through});
  }
  void refer(std::uint32_t from, const CodeQuestion& question, std::string_view text) {
    auto at = std::ranges::lower_bound(question.texts, hash_of(text));
    ASSERT_TRUE(at != question.texts.end() && *at == hash_of(text)) << text;
    const auto index = static_cast<std::uint32_t>(at - question.texts.begin());
    facts.functions[from].texts.push_back({index, facts.functions[from].start + 2, 0x9000});
    facts.shown.emplace_back(index, text);
    std::ranges::sort(facts.shown);
  }
  void begin(std::uint32_t function, CodeRoot::Why why = CodeRoot::Why::main) {
    facts.roots.push_back({function, why});
  }
};

std::string shown(const CodeFacts& facts, const std::optional<Path>& path) {
  if (!path) return "none";
  std::string out = path->through_pointers ? "pointer:" : "";
  for (const Step& step : path->steps) out += " " + facts.name_of(facts.functions[step.function]);
  return out;
}

TEST(Reach, TakesTheShortestOfTheKnownCalls) {
  Code code;
  const auto main = code.add("main"), a = code.add("a"), b = code.add("b"), end = code.add("end");
  code.begin(main);
  code.call(main, a);
  code.call(a, b);
  code.call(b, end);
  code.call(a, end);
  EXPECT_EQ(shown(code.facts, Reach(code.facts).path_to(end)), " main a end");
}

TEST(Reach, PrefersAKnownCallToAShorterGuess) {
  Code code;
  const auto main = code.add("main"), a = code.add("a"), end = code.add("end");
  code.begin(main);
  code.facts.taken = {end};
  code.call_pointer(main);
  EXPECT_EQ(shown(code.facts, Reach(code.facts).path_to(end)), "pointer: main end");
  code.call(main, a);
  code.call(a, end);
  EXPECT_EQ(shown(code.facts, Reach(code.facts).path_to(end)), " main a end");
}

TEST(Reach, APointerReachesOnlyWhatIsTakenAndFits) {
  Code code;
  const auto main = code.add("main"), end = code.add("end"), go = code.add("go", true);
  code.begin(main);
  code.call_pointer(main, 0b1);
  EXPECT_EQ(shown(code.facts, Reach(code.facts).path_to(end)), "none")
      << "its address is not taken";
  code.facts.taken = {end, go};
  code.facts.functions[end].needs = 0b11;
  EXPECT_EQ(shown(code.facts, Reach(code.facts).path_to(end)), "none") << "it needs two arguments";
  code.facts.functions[end].needs = 0b1;
  EXPECT_EQ(shown(code.facts, Reach(code.facts).path_to(end)), "pointer: main end");
  EXPECT_EQ(shown(code.facts, Reach(code.facts).path_to(go)), "none") << "C does not call Go so";
}

TEST(Reach, MainComesBeforeWhatRunsBeforeItAndExportsComeLast) {
  Code code;
  const auto main = code.add("main"), init = code.add("init"), api = code.add("api"),
             end = code.add("end");
  code.begin(api, CodeRoot::Why::exported);
  code.call(api, end);
  EXPECT_EQ(shown(code.facts, Reach(code.facts).path_to(end)), " api end");
  code.begin(init, CodeRoot::Why::initializer);
  code.call(init, end);
  EXPECT_EQ(shown(code.facts, Reach(code.facts).path_to(end)), " init end");
  code.begin(main);
  code.call(main, api);
  EXPECT_EQ(shown(code.facts, Reach(code.facts).path_to(end)), " main api end");
}

TEST(Reach, CirclesEnd) {
  Code code;
  const auto main = code.add("main"), a = code.add("a"), end = code.add("end");
  code.begin(main);
  code.call(main, a);
  code.call(a, main);
  code.call(a, a);
  code.call(a, CodeCall::kOutside, CallKind::imported);
  EXPECT_EQ(shown(code.facts, Reach(code.facts).path_to(end)), "none");
}

// ---- Names by texts

// A library of two releases: "parse" has a text of its own, shares one with "print", and got
// another in the second release.
struct Library {
  signature::FeatureLibrary data;
  signature::SourceFunctionList functions;
  std::string packed_features, packed_functions;
  signature::Features features;
  signature::SourceFunctions source_functions;

  Library() {
    data.name = "toy";
    data.releases = {"1.0", "2.0"};
    data.sets = {{{0, 1}}, {{1, 1}}, {{0, 0}}};
    data.files = {"toy.c"};
    for (const char* text : {"unexpected end", "shared words", "nesting too deep", "old words"})
      data.texts.push_back({.hash = hash_of(text),
                            .flags = signature::FeatureText::live,
                            .length = static_cast<std::uint32_t>(std::strlen(text)),
                            .set = 0,
                            .file = 0});
    functions = {{"parse", 0, {{2, {0, 1, 3}}, {1, {0, 1, 2}}}},
                 {"print", 0, {{0, {1}}, {1, {3}}}}};
    packed_features = *signature::pack_features({data});
    packed_functions = signature::pack_source_functions({functions});
    features = std::move(*signature::Features::open(packed_features));
    source_functions = std::move(*signature::SourceFunctions::open(packed_functions));
  }
  SourceNames names(const std::string& version) const {
    VersionClaim claim;
    claim.exact = version;
    return {features, source_functions, "toy", claim};
  }
};

std::string owner_of(const SourceNames& names, std::string_view text) {
  std::span<const Anchor> anchors = names.anchors_of(hash_of(text));
  return anchors.empty() ? "nobody" : names.functions()[anchors[0].function].name;
}

TEST(SourceNames, ATextNamesTheOneFunctionThatHasItInTheRelease) {
  Library library;
  const SourceNames second = library.names("2.0");
  EXPECT_EQ(owner_of(second, "unexpected end"), "parse");
  EXPECT_EQ(owner_of(second, "shared words"), "nobody");
  EXPECT_EQ(owner_of(second, "nesting too deep"), "parse");
  EXPECT_EQ(owner_of(second, "old words"), "print");
  EXPECT_EQ(owner_of(library.names("1.0"), "old words"), "parse");
  EXPECT_EQ(owner_of(library.names("1.0"), "nesting too deep"), "nobody");
  EXPECT_EQ(owner_of(library.names("9.9"), "old words"), "nobody") << "it may be any release";
}

TEST(SourceFunctions, RefusesWhatIsDamaged) {
  Library library;
  EXPECT_FALSE(signature::SourceFunctions::open("FTFNxxxx"));
  EXPECT_FALSE(signature::SourceFunctions::open(library.packed_functions + "x"));
  std::string cut = library.packed_functions;
  cut.pop_back();
  EXPECT_FALSE(signature::SourceFunctions::open(cut));
  EXPECT_EQ(signature::SourceFunctions::open("")->size(), 0u);
}

TEST(Naming, TakesCloneSuffixesOff) {
  EXPECT_EQ(without_clone_suffix("inflate"), "inflate");
  EXPECT_EQ(without_clone_suffix("inflate.part.0"), "inflate");
  EXPECT_EQ(without_clone_suffix("parse.constprop.0.isra.2"), "parse");
}

// ---- Verdicts

constexpr char kDigest[] = "sha256:aa";

// A report with one component and one finding of it.
Report report_of(const std::string& ecosystem, const std::string& name, const std::string& version,
                 const std::string& id) {
  Report report;
  Component component;
  component.id = "c1";
  component.kind = ComponentKind::embedded_library;
  component.ecosystem = ecosystem;
  component.name = name;
  component.version.exact = version;
  component.file = "app";
  component.file_digest = kDigest;
  component.evidence = {{"classifier", "app", kDigest, Place::at_offset(16), version}};
  Finding finding;
  finding.id = id;
  finding.component = "c1";
  finding.verdict = Verdict::affected_by_version;
  finding.why = "in range";
  finding.evidence = component.evidence;
  report.components = {component};
  report.findings = {finding};
  return report;
}

Knowledge knowledge_of(FunctionRow row) {
  const std::string packed = pack_knowledge({std::move(row)});
  return std::move(*Knowledge::open(packed));
}

FunctionRow toy_row(bool approximate = false) {
  return {"C", "toy", "CVE-1-1", approximate, {{"parse", "toy.c", {}, false}}};
}

struct Toy {
  Library library;
  Report report = report_of("C", "toy", "2.0", "CVE-1-1");
  Knowledge knowledge;
  Verdicts verdicts;
  Code code;
  std::uint32_t main, middle, parse;

  explicit Toy(FunctionRow row = toy_row())
      : knowledge(knowledge_of(std::move(row))),
        verdicts(report, {knowledge, library.features, library.source_functions}) {
    main = code.add("");
    middle = code.add("");
    parse = code.add("");
    code.begin(main);
  }
  const CodeQuestion& question() const { return verdicts.questions().at(kDigest); }
  const Finding& judged() {
    verdicts.take(kDigest, code.facts);
    return report.findings[0];
  }
};

TEST(Verdicts, FindsTheFunctionByItsTextsAndTheWayToIt) {
  Toy toy;
  toy.code.refer(toy.parse, toy.question(), "nesting too deep");
  toy.code.call(toy.main, toy.middle);
  toy.code.call(toy.middle, toy.parse);
  const Finding& finding = toy.judged();
  EXPECT_EQ(finding.verdict, Verdict::reachable);
  EXPECT_EQ(finding.functions, std::vector<std::string>{"parse"});
  EXPECT_EQ(finding.path, (std::vector<std::string>{"0x1000", "0x1100", "parse"}));
  ASSERT_EQ(finding.evidence.size(), 5u) << "version, function, root, two calls";
  EXPECT_NE(finding.evidence[1].seen.find("\"nesting too deep\""), std::string::npos);
  EXPECT_EQ(finding.evidence[3].place.value, 0x1008u);
  EXPECT_EQ(finding.evidence[3].file_digest, kDigest);
}

TEST(Verdicts, AWayOverAPointerIsIndirect) {
  Toy toy;
  toy.code.refer(toy.parse, toy.question(), "nesting too deep");
  toy.code.call_pointer(toy.main);
  toy.code.facts.taken = {toy.parse};
  EXPECT_EQ(toy.judged().verdict, Verdict::reachable_indirectly);
}

TEST(Verdicts, WhatWasNotFoundByNameIsUnknownNotAbsent) {
  Toy toy;
  const Finding& finding = toy.judged();
  EXPECT_EQ(finding.verdict, Verdict::unknown);
  EXPECT_NE(finding.why.find("does not mean"), std::string::npos);
}

TEST(Verdicts, AFunctionWithoutAWayIsUnknownUntilAllIsKnown) {
  Toy toy;
  toy.code.refer(toy.parse, toy.question(), "nesting too deep");
  EXPECT_EQ(toy.judged().verdict, Verdict::unknown);
}

// A program of which everything is known, with the function in it and no way there.
struct Unreached : Toy {
  explicit Unreached(FunctionRow row = toy_row()) : Toy(std::move(row)) {
    code.refer(parse, question(), "nesting too deep");
    code.call(main, middle);
    CodeFacts& facts = code.facts;
    facts.is_executable = facts.is_position_independent = facts.is_dynamic = true;
    facts.code_bytes = facts.covered_bytes = 1000;
  }
};

TEST(Unreachable, IsSaidWhenAllObligationsHold) {
  Unreached toy;
  const Finding& finding = toy.judged();
  EXPECT_EQ(finding.verdict, Verdict::present_unreachable) << finding.why;
  EXPECT_GE(finding.evidence.size(), 8u) << "each obligation is in the proof";
}

TEST(Unreachable, EachObligationIsNeeded) {
  auto without = [](auto&& damage) {
    Unreached toy;
    damage(toy.code);
    return toy.judged().verdict;
  };
  EXPECT_EQ(without([](Code& c) { c.facts.is_executable = false; }), Verdict::unknown);
  EXPECT_EQ(without([](Code& c) { c.facts.problems.push_back("x"); }), Verdict::unknown);
  EXPECT_EQ(without([](Code& c) { c.facts.is_position_independent = false; }), Verdict::unknown);
  EXPECT_EQ(without([](Code& c) { c.facts.covered_bytes = 980; }), Verdict::unknown);
  EXPECT_EQ(without([](Code& c) { c.facts.is_dynamic = false; }), Verdict::unknown);
  EXPECT_EQ(without([](Code& c) { c.facts.may_make_code = true; }), Verdict::unknown);
  EXPECT_EQ(without([](Code& c) {
              c.facts.imports.push_back(static_cast<std::uint32_t>(c.facts.names.size()));
              c.facts.names.push_back("dlopen");
            }),
            Verdict::unknown);
}

TEST(Unreachable, AGuessedFunctionNeverLeadsToIt) {
  EXPECT_EQ(Unreached(toy_row(true)).judged().verdict, Verdict::unknown);
}

TEST(Unreachable, NorDoesOneOfSeveralThatWasNotFound) {
  FunctionRow row = toy_row();
  row.functions.push_back({"elsewhere", "toy.c", {}, false});
  EXPECT_EQ(Unreached(row).judged().verdict, Verdict::unknown);
}

// A library whose function "big" has texts enough to be missed, and five others.
struct Missed {
  signature::FeatureLibrary data;
  signature::SourceFunctionList functions;
  std::string packed_features, packed_functions;
  signature::Features features;
  signature::SourceFunctions source_functions;
  Report report = report_of("C", "toy", "1.0", "CVE-1-1");
  Knowledge knowledge;
  Code code;

  explicit Missed(bool approximate = false)
      : knowledge(
            knowledge_of({"C", "toy", "CVE-1-1", approximate, {{"big", "toy.c", {}, false}}})) {
    data.name = "toy";
    data.releases = {"1.0"};
    data.sets = {{{0, 0}}};
    data.files = {"toy.c"};
    for (int i = 0; i < 10; ++i)
      data.texts.push_back({.hash = hash_of(text(i)),
                            .flags = signature::FeatureText::live,
                            .length = static_cast<std::uint32_t>(text(i).size()),
                            .set = 0,
                            .file = 0});
    functions = {{"big", 0, {{0, {0, 1, 2, 3}}}}};
    for (std::uint32_t i = 4; i < 10; ++i)
      functions.push_back({"other" + std::to_string(i), 0, {{0, {i}}}});
    packed_features = *signature::pack_features({data});
    packed_functions = signature::pack_source_functions({functions});
    features = std::move(*signature::Features::open(packed_features));
    source_functions = std::move(*signature::SourceFunctions::open(packed_functions));
    code.begin(code.add("main"));
  }
  static std::string text(int i) { return "a text of some length " + std::to_string(i); }

  // With these texts in the file.
  Verdict judged(const std::vector<int>& texts) {
    Verdicts verdicts(report, {knowledge, features, source_functions});
    const CodeQuestion& question = verdicts.questions().at(kDigest);
    for (int i : texts)
      code.facts.texts_in_file.push_back(static_cast<std::uint32_t>(
          std::ranges::lower_bound(question.texts, hash_of(text(i))) - question.texts.begin()));
    std::ranges::sort(code.facts.texts_in_file);
    verdicts.take(kDigest, code.facts);
    return report.findings[0].verdict;
  }
};

TEST(Absent, WhenItsTextsAreMissingAndItsNeighboursAreThere) {
  EXPECT_EQ(Missed().judged({4, 5, 6}), Verdict::not_present);
}

TEST(Absent, NeverWhenOneOfItsTextsIsAnywhereInTheFile) {
  EXPECT_EQ(Missed().judged({3, 4, 5, 6}), Verdict::unknown);
}

TEST(Absent, NeverWithoutNeighbours) {
  EXPECT_EQ(Missed().judged({4, 5}), Verdict::unknown);
  EXPECT_EQ(Missed().judged({}), Verdict::unknown);
}

TEST(Absent, NeverByAGuessOrWithASymbol) {
  EXPECT_EQ(Missed(true).judged({4, 5, 6}), Verdict::unknown);
  Missed named;
  named.code.add("big");
  EXPECT_EQ(named.judged({4, 5, 6}), Verdict::unknown);
}

TEST(Absent, NeverForAFunctionOfFewTexts) {
  Missed missed;
  missed.functions[0].bodies[0].texts = {0, 1, 2};
  missed.packed_functions = signature::pack_source_functions({missed.functions});
  missed.source_functions = std::move(*signature::SourceFunctions::open(missed.packed_functions));
  EXPECT_EQ(missed.judged({4, 5, 6}), Verdict::unknown);
}

TEST(Verdicts, WithoutKnowledgeNothingIsAskedAndNothingChanges) {
  FunctionRow other = toy_row();
  other.id = "CVE-1-2";
  Toy toy(other);
  EXPECT_TRUE(toy.verdicts.questions().empty());
  EXPECT_EQ(toy.judged().verdict, Verdict::affected_by_version);
  EXPECT_EQ(toy.judged().why, "in range");
}

// A shared object that exports "api" and "other"; only "api" leads to the function.
struct Shared : Toy {
  std::uint32_t api, other;
  Shared() {
    code.facts.roots.clear();
    code.refer(parse, question(), "nesting too deep");
    api = code.add("api");
    other = code.add("other");
    code.begin(api, CodeRoot::Why::exported);
    code.begin(other, CodeRoot::Why::exported);
    code.call(api, parse);
  }
  const Finding& judged_with(const std::vector<Loader>& loaders) {
    verdicts.take(kDigest, code.facts, &loaders);
    return report.findings[0];
  }
};

TEST(SharedObjects, AWayBeginsAtWhatSomebodyImports) {
  Shared shared;
  const Finding& finding = shared.judged_with({{"usr/bin/app", {"api", "malloc"}}});
  EXPECT_EQ(finding.verdict, Verdict::reachable_indirectly);
  EXPECT_EQ(finding.path, (std::vector<std::string>{"usr/bin/app", "api", "parse"}));
}

TEST(SharedObjects, WhatNobodyImportsBeginsNothing) {
  Shared shared;
  const Finding& finding = shared.judged_with({{"usr/bin/app", {"other"}}});
  EXPECT_EQ(finding.verdict, Verdict::unknown);
  EXPECT_NE(finding.why.find("imports anything that leads"), std::string::npos) << finding.why;
}

TEST(SharedObjects, OneThatNothingLoadsIsSeenAsSuch) {
  EXPECT_NE(Shared().judged_with({}).why.find("nothing in the image loads"), std::string::npos);
}

TEST(SharedObjects, WithoutKnowledgeOfTheOtherFilesEveryExportCounts) {
  EXPECT_EQ(Shared().judged().verdict, Verdict::reachable_indirectly);
}

TEST(Verdicts, SymbolsOfClonesName) {
  Toy toy;
  const auto clone = toy.code.add("parse.constprop.0");
  toy.code.call(toy.main, clone);
  EXPECT_EQ(toy.judged().verdict, Verdict::reachable);
}

// ---- Go

FunctionRow go_row() {
  return {"Go",
          "example.org/lib",
          "GO-1-1",
          false,
          {{"T.Parse", "example.org/lib/inner.v2", {}, false}}};
}

struct GoToy {
  Library library;
  Report report = report_of("Go", "example.org/lib", "v1.0.0", "GO-1-1");
  Knowledge knowledge = knowledge_of(go_row());
  Verdicts verdicts;
  Code code;
  std::uint32_t main;

  GoToy() : verdicts(report, {knowledge, library.features, library.source_functions}) {
    main = code.add("main.main", true);
    code.add("example.org/lib.Other", true);
    code.begin(main);
    code.facts.has_go_table = true;
  }
  const Finding& judged() {
    verdicts.take(kDigest, code.facts);
    return report.findings[0];
  }
};

TEST(GoVerdicts, FindsMethodsAsTheTableWritesThem) {
  GoToy toy;
  toy.code.call(toy.main, toy.code.add("example.org/lib/inner%2ev2.(*T).Parse", true));
  EXPECT_EQ(toy.judged().verdict, Verdict::reachable);
}

TEST(GoVerdicts, AClosureBelongsToItsFunction) {
  GoToy toy;
  toy.code.call(toy.main, toy.code.add("example.org/lib/inner%2ev2.T.Parse.func1", true));
  EXPECT_EQ(toy.judged().verdict, Verdict::reachable);
}

TEST(GoVerdicts, AnInlinedCallIsInItsCaller) {
  GoToy toy;
  toy.code.facts.names.push_back("example.org/lib/inner%2ev2.(*T).Parse");
  toy.code.facts.inlined.push_back(
      {0x1010, toy.main, static_cast<std::uint32_t>(toy.code.facts.names.size() - 1)});
  EXPECT_EQ(toy.judged().verdict, Verdict::reachable);
}

TEST(GoVerdicts, WhatTheWholeTableLacksIsNotPresent) {
  GoToy toy;
  toy.code.add("example.org/lib/inner%2ev2.T.ParseAll", true);
  EXPECT_EQ(toy.judged().verdict, Verdict::not_present);
}

TEST(GoVerdicts, ATableThatIsNotWholeProvesNothing) {
  GoToy without;
  without.code.facts.has_go_table = false;
  EXPECT_EQ(without.judged().verdict, Verdict::unknown);
  GoToy damaged;
  damaged.code.facts.problems.push_back("the function table ends early");
  EXPECT_EQ(damaged.judged().verdict, Verdict::unknown);
}

TEST(GoVerdicts, NamesThatWereMadeUpProveNothing) {
  GoToy toy;
  toy.code.facts.names[2] = "Xq3fT.a";  // no function of the module under its own name
  EXPECT_EQ(toy.judged().verdict, Verdict::unknown);
}

// ---- Order

TEST(Order, VerdictThenKevThenEpssThenScore) {
  Finding reachable, known, likely, severe, other;
  reachable.verdict = Verdict::reachable;
  known.verdict = likely.verdict = severe.verdict = other.verdict = Verdict::unknown;
  known.kev = true;
  likely.epss = "0.50000";
  severe.cvss_score = "10.0";
  other.cvss_score = "9.8";
  EXPECT_TRUE(matters_more(reachable, known));
  EXPECT_TRUE(matters_more(known, likely));
  EXPECT_TRUE(matters_more(likely, severe));
  EXPECT_TRUE(matters_more(severe, other));
  EXPECT_FALSE(matters_more(other, severe));
}

// ---- The table of functions

TEST(Knowledge, ReadsRowsAndLeavesProgramsOut) {
  const auto rows = parse_function_rows(
      R"({"library":"tiff","cve":"CVE-1-3","functions":[{"name":"crop","file":"tools/crop.c"}]})"
      "\n"
      R"({"library":"tiff","cve":"CVE-1-4","approx":true,"functions":[{"name":"read","file":"libtiff/read.c"},{"name":"fresh","file":"libtiff/read.c","new":true}]})"
      "\n");
  ASSERT_TRUE(rows) << rows.error().message;
  ASSERT_EQ(rows->size(), 1u);
  EXPECT_TRUE((*rows)[0].approximate);
  ASSERT_EQ((*rows)[0].functions.size(), 2u);
  EXPECT_TRUE((*rows)[0].functions[1].is_new);
}

TEST(Knowledge, SaysWhichLineIsWrong) {
  const auto rows = parse_function_rows("\n{\"library\":1}\n");
  ASSERT_FALSE(rows);
  EXPECT_NE(rows.error().message.find("line 2"), std::string::npos) << rows.error().message;
}

TEST(Knowledge, RowsOfTheUserTakeTheOthersPlace) {
  Knowledge knowledge = knowledge_of(toy_row());
  FunctionRow own = toy_row();
  own.functions[0].name = "other";
  knowledge.add({own});
  ASSERT_EQ(knowledge.size(), 1u);
  EXPECT_EQ(knowledge.find("C", "toy", {"CVE-9", "CVE-1-1"})->functions[0].name, "other");
  EXPECT_EQ(knowledge.find("C", "toy", {"CVE-9"}), nullptr);
  EXPECT_FALSE(Knowledge::open("\xff"));
}

// ---- The codec of what the child sends

TEST(CodeFacts, ComeBackAsTheyWere) {
  Toy toy;
  toy.code.refer(toy.parse, toy.question(), "nesting too deep");
  toy.code.call(toy.main, toy.parse, CallKind::cgo);
  toy.code.call_pointer(toy.middle, 3, CodePointerCall::Through::go_interface);
  toy.code.facts.taken = {toy.parse};
  toy.code.facts.inlined = {{0x1010, toy.main, 0}};
  const std::string bytes = encode(toy.code.facts);
  Result<CodeFacts> back = decode_code_facts(bytes, toy.question());
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(encode(*back), bytes);
  EXPECT_EQ(back->functions[toy.main].calls[0].kind, CallKind::cgo);
  EXPECT_EQ(back->functions[toy.parse].texts[0].address, 0x9000u);
}

TEST(CodeFacts, NoIndexPointsNowhere) {
  Toy toy;
  auto refused = [&](auto&& damage) {
    CodeFacts facts = toy.code.facts;
    damage(facts);
    return !decode_code_facts(encode(facts), toy.question());
  };
  EXPECT_TRUE(refused([](CodeFacts& f) { f.functions[0].calls.push_back({1, 99, {}, 0}); }));
  EXPECT_TRUE(refused([](CodeFacts& f) { f.functions[0].name = 99; }));
  EXPECT_TRUE(refused([](CodeFacts& f) { f.functions[0].texts.push_back({99, 0, 0}); }));
  EXPECT_TRUE(refused([](CodeFacts& f) { f.taken.push_back(99); }));
  EXPECT_TRUE(refused([](CodeFacts& f) { f.roots.push_back({99, CodeRoot::Why::main}); }));
  EXPECT_TRUE(refused([](CodeFacts& f) { f.inlined.push_back({0, 0, 99}); }));
  EXPECT_TRUE(refused([](CodeFacts& f) { f.shown.emplace_back(99, "x"); }));
  EXPECT_TRUE(refused([](CodeFacts& f) { f.names.clear(); }));
  EXPECT_FALSE(refused([](CodeFacts&) {}));
  const std::string bytes = encode(toy.code.facts);
  for (std::size_t cut = 0; cut < bytes.size(); ++cut)
    EXPECT_FALSE(decode_code_facts(bytes.substr(0, cut), toy.question())) << cut;
}

}  // namespace
}  // namespace fathom::verdict
