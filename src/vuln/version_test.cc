#include "vuln/version.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <string>
#include <vector>

#include "base/text.h"

namespace fathom::vuln {
namespace {

// tests/data/versions/<scheme>.tsv: a, relation, b. How the truth was made stands in each file.
struct Pair {
  std::string a, relation, b;
};

std::vector<Pair> pairs_of(Scheme scheme) {
  std::ifstream file(FATHOM_SOURCE_DIR "/tests/data/versions/" + std::string(name_of(scheme)) +
                     ".tsv");
  std::vector<Pair> pairs;
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line[0] == '#') continue;
    std::vector<std::string_view> fields = split(line, '\t');
    EXPECT_EQ(fields.size(), 3u) << line;
    if (fields.size() == 3)
      pairs.push_back({std::string(fields[0]), std::string(fields[1]), std::string(fields[2])});
  }
  return pairs;
}

std::string relation(Scheme scheme, std::string_view a, std::string_view b) {
  auto order = compare(scheme, a, b);
  if (!order) return "?";
  return *order < 0 ? "<" : *order > 0 ? ">" : "=";
}

class EveryScheme : public testing::TestWithParam<int> {
 protected:
  Scheme scheme() const { return static_cast<Scheme>(GetParam()); }
};

TEST_P(EveryScheme, OrdersAsItsOwnerDoes) {
  std::vector<Pair> pairs = pairs_of(scheme());
  ASSERT_GE(pairs.size(), 200u);
  for (const Pair& p : pairs) {
    EXPECT_EQ(relation(scheme(), p.a, p.b), p.relation) << p.a << " and " << p.b;
    std::string mirrored = p.relation == "<" ? ">" : p.relation == ">" ? "<" : p.relation;
    EXPECT_EQ(relation(scheme(), p.b, p.a), mirrored) << p.b << " and " << p.a;
  }
}

// Maven's own order goes round in a circle here: 1-0.alpha < 1 < 1-sp < 1-0.alpha, because a zero
// is nothing beside nothing and a number beside a word.
bool in_circle(Scheme scheme, std::string_view text) {
  return scheme == Scheme::maven && text.find("-0.") != text.npos;
}

// All versions of the file stand in one row so that none is greater than one further right: that is
// possible exactly when the order is transitive.
TEST_P(EveryScheme, IsATotalOrder) {
  std::set<std::string> texts;
  for (const Pair& p : pairs_of(scheme()))
    for (const std::string& text : {p.a, p.b})
      if (is_version(scheme(), text) && !in_circle(scheme(), text)) texts.insert(text);
  std::vector<std::string> row(texts.begin(), texts.end());
  ASSERT_GE(row.size(), 80u);
  std::ranges::stable_sort(row, [&](const std::string& a, const std::string& b) {
    return *compare(scheme(), a, b) < 0;
  });
  for (std::size_t i = 0; i < row.size(); ++i)
    for (std::size_t j = i; j < row.size(); ++j)
      ASSERT_TRUE(*compare(scheme(), row[i], row[j]) <= 0) << row[i] << " and " << row[j];
}

TEST_P(EveryScheme, TakesAnyTextPolitely) {
  for (const Pair& p : pairs_of(scheme())) {
    for (std::size_t n = 0; n <= p.a.size(); ++n) {
      std::string prefix = p.a.substr(0, n);
      auto forth = compare(scheme(), prefix, p.b), back = compare(scheme(), p.b, prefix);
      ASSERT_EQ(forth.has_value(), back.has_value()) << prefix;
      ASSERT_TRUE(!forth || *forth == (0 <=> *back)) << prefix << " and " << p.b;
    }
  }
  for (std::string text :
       {std::string(1, '\0'), std::string("\xff\xfe"), std::string("é1"), std::string(2000, '1')})
    EXPECT_FALSE(is_version(scheme(), text));
}

INSTANTIATE_TEST_SUITE_P(Versions, EveryScheme, testing::Range(0, kSchemeCount),
                         [](const auto& row) {
                           return std::string(name_of(static_cast<Scheme>(row.param)));
                         });

TEST(Scheme, NamesAreReadBack) {
  for (int i = 0; i < kSchemeCount; ++i)
    EXPECT_EQ(parse_scheme(name_of(static_cast<Scheme>(i))), static_cast<Scheme>(i));
  EXPECT_EQ(parse_scheme("nuget"), std::nullopt);
}

}  // namespace
}  // namespace fathom::vuln
