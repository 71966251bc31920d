// Compiled references: their forms, the graph of members, and matching, on libraries made by hand.

#include <gtest/gtest.h>

#include <algorithm>

#include "signature/identify.h"
#include "signature/object_builder.h"
#include "signature/object_data.h"
#include "signature/object_match.h"

namespace fathom::signature {
namespace {

constexpr std::uint32_t kLong = 50;  // instructions

RawFunction function(std::string name, std::uint64_t hash, std::vector<std::string> calls = {},
                     std::uint32_t instructions = kLong) {
  return {.name = std::move(name),
          .aliases = {},
          .bytes = instructions * 4,
          .instructions = instructions,
          .exact = hash,
          .loose = hash + 1,
          .calls = std::move(calls)};
}
RawMember member(std::string name, std::vector<RawFunction> functions,
                 std::vector<std::string> needed = {}, std::vector<std::string> wanted = {}) {
  RawMember out{"libfoo.a", std::move(name), std::move(functions), {}, {}, {}};
  for (const RawFunction& f : out.functions) out.defined.push_back(f.name);
  std::ranges::sort(out.defined);
  out.needed = std::move(needed);
  out.wanted = std::move(wanted);
  return out;
}
ObjectBuild build(std::string version, std::string release) {
  return {.package = "libfoo-dev",
          .version = version,
          .source = "foo",
          .source_version = version,
          .release = std::move(release),
          .distribution = "debian",
          .distribution_release = "12",
          .machine = ObjectMachine::x86_64,
          .purl = {}};
}

// Two revisions: b.o has a fix in the second.
ObjectLibrary foo() {
  ObjectBuilder builder;
  const RawMember a =
      member("a.o", {function("open_it", 100, {"read_it", "malloc"}), function("close_it", 200)},
             {"malloc", "read_it"});
  builder.add(
      build("1.2-3+deb12u1", "1.2"),
      {a,
       member("b.o", {function("read_it", 300), function("check_it", 400), function("end_it", 500)},
              {}, {"close_it"})});
  builder.add(
      build("1.2-3+deb12u10", "1.2"),
      {a,
       member("b.o", {function("read_it", 300), function("check_it", 444), function("end_it", 500)},
              {}, {"close_it"})});
  builder.add(
      build("1.2-3+deb12u9", "1.2"),
      {a,
       member("b.o", {function("read_it", 300), function("check_it", 444), function("end_it", 500)},
              {}, {"close_it"})});
  return builder.finish("foo");
}

struct Packed {
  std::string bytes = *pack_objects({foo()});
  Objects objects = *Objects::open(bytes);
};

std::vector<HashedFunction> file_with(const std::vector<std::uint64_t>& hashes) {
  std::vector<HashedFunction> out;
  for (std::size_t i = 0; i < hashes.size(); ++i)
    out.push_back({.start = 0x1000 + i * 0x100,
                   .bytes = kLong * 4,
                   .instructions = kLong,
                   .exact = hashes[i],
                   .loose = hashes[i] + 1,
                   .calls = {}});
  return out;
}

std::vector<std::string> versions_of(const ObjectMatch& match, const Objects& objects) {
  std::vector<std::string> out;
  for (std::uint32_t b : match.builds)
    out.push_back(objects.library(match.library).builds[b].version);
  return out;
}

TEST(Objects, KeepOnceWhatRevisionsShare) {
  const ObjectLibrary library = foo();
  EXPECT_EQ(library.members.size(), 3u);
  EXPECT_EQ(library.functions.size(), 6u);
  ASSERT_EQ(library.builds.size(), 3u);
  EXPECT_EQ(library.builds[1].version, "1.2-3+deb12u9");  // by number, not as text
}

TEST(Objects, ComeBackFromTheirForms) {
  const ObjectLibrary library = foo();
  Result<ObjectLibrary> back = decode_object_library(encode(library));
  ASSERT_TRUE(back);
  EXPECT_EQ(encode(*back), encode(library));
  Packed packed;
  EXPECT_TRUE(packed.objects.check());
  EXPECT_EQ(packed.objects.hashes(), 12u);
  auto [first, last] = packed.objects.find(300);
  ASSERT_EQ(last - first, 1u);
  const ObjectLibrary& same = packed.objects.library(0);
  EXPECT_EQ(same.names[same.functions[packed.objects.entry_at(first).function].name], "read_it");
}

TEST(Objects, RefuseWhatPointsNowhere) {
  ObjectLibrary library = foo();
  library.members[0].functions.push_back(99);
  EXPECT_FALSE(decode_object_library(encode(library)));
  EXPECT_FALSE(pack_objects({library}));
  Packed packed;
  for (std::size_t size : {3u, 15u, 30u, 100u})
    EXPECT_FALSE(Objects::open(std::string_view(packed.bytes).substr(0, size)));
  EXPECT_TRUE(Objects::open(""));
}

TEST(MemberGraph, FollowsWhatMembersNeed) {
  const ObjectLibrary library = foo();
  const MemberGraph graph(library, 0);
  const std::uint32_t a = graph.definer_of("open_it"), b = graph.definer_of("read_it");
  ASSERT_LT(a, library.members.size());
  ASSERT_LT(b, library.members.size());
  std::vector<std::uint32_t> both = {a, b};
  std::ranges::sort(both);
  EXPECT_EQ(graph.closure(a), both);
  EXPECT_EQ(graph.closure(b), std::vector{b});  // a weak wish pulls nothing in
  EXPECT_EQ(graph.referrers(b), std::vector{a});
  EXPECT_EQ(graph.referrers(a), std::vector{b});
  EXPECT_EQ(graph.definer_of("malloc"), ~0u);
}

TEST(ObjectMatch, NamesFunctionsAndTheRevision) {
  Packed packed;
  ObjectMatches found =
      match_objects(file_with({100, 200, 7, 300, 400, 500}), "x86_64", packed.objects);
  ASSERT_EQ(found.libraries.size(), 1u);
  EXPECT_EQ(versions_of(found.libraries[0], packed.objects),
            std::vector<std::string>{"1.2-3+deb12u1"});
  EXPECT_FALSE(found.libraries[0].is_unknown);
  ASSERT_EQ(found.functions.size(), 5u);
  EXPECT_EQ(found.functions[2].name, "read_it");
  EXPECT_EQ(found.functions[2].member, "libfoo.a(b.o)");
  EXPECT_EQ(found.functions[2].by, NamedBy::exact);
}

TEST(ObjectMatch, GivesAllRevisionsThatHaveTheCode) {
  Packed packed;
  ObjectMatches found = match_objects(file_with({300, 444, 500}), "x86_64", packed.objects);
  ASSERT_EQ(found.libraries.size(), 1u);
  EXPECT_EQ(versions_of(found.libraries[0], packed.objects),
            (std::vector<std::string>{"1.2-3+deb12u9", "1.2-3+deb12u10"}));
}

TEST(ObjectMatch, SaysThatARevisionIsNoneOfTheKnown) {
  Packed packed;
  std::vector<HashedFunction> file = file_with({100, 200, 300, 999, 500});
  file[3].bytes += 8;
  ObjectMatches found = match_objects(file, "x86_64", packed.objects);
  ASSERT_EQ(found.libraries.size(), 1u);
  EXPECT_TRUE(found.libraries[0].is_unknown);
  EXPECT_EQ(found.libraries[0].changed, 1u);
  ASSERT_EQ(found.functions.size(), 5u);
  EXPECT_EQ(found.functions[3].name, "check_it");
  EXPECT_EQ(found.functions[3].by, NamedBy::order);
}

TEST(ObjectMatch, NamesByCallers) {
  Packed packed;
  std::vector<HashedFunction> file = file_with({100, 200, 7, 300, 500});
  file[0].calls = {3, 2};  // read_it, malloc
  ObjectMatches found = match_objects(file, "x86_64", packed.objects);
  ASSERT_EQ(found.functions.size(), 5u);
  EXPECT_EQ(found.functions[2].name, "malloc");
  EXPECT_EQ(found.functions[2].library, "");
  EXPECT_EQ(found.functions[2].by, NamedBy::caller);
}

TEST(ObjectMatch, WantsMoreThanAFewShortFunctions) {
  Packed packed;
  std::vector<HashedFunction> file = file_with({300, 500});
  for (HashedFunction& f : file) f.instructions = 9;
  EXPECT_TRUE(match_objects(file, "x86_64", packed.objects).libraries.empty());
  EXPECT_TRUE(match_objects(file_with({1, 2, 3}), "x86_64", packed.objects).libraries.empty());
}

TEST(ObjectMatch, BecomesTheLibraryAndItsPackage) {
  Packed packed;
  FileFacts facts;
  facts.elf.emplace().machine_name = "x86_64";
  facts.functions = file_with({100, 200, 300, 400, 500});
  Identified found = identify(facts, Classifiers(), Features(), packed.objects);
  ASSERT_EQ(found.components.size(), 2u);
  EXPECT_EQ(found.components[0].name, "foo");
  EXPECT_EQ(found.components[0].ecosystem, "C");
  EXPECT_EQ(found.components[0].version.exact, "1.2");
  EXPECT_EQ(found.components[1].name, "libfoo-dev");
  EXPECT_EQ(found.components[1].ecosystem, "deb");
  EXPECT_EQ(found.components[1].source_name, "foo");
  EXPECT_EQ(found.components[1].purl,
            "pkg:deb/debian/libfoo-dev@1.2-3%2Bdeb12u1?arch=amd64&distro=debian-12");
  ASSERT_FALSE(found.components[1].evidence.empty());
  EXPECT_EQ(found.functions.size(), 5u);
}

}  // namespace
}  // namespace fathom::signature
