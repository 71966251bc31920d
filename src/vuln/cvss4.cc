// CVSS 4.0 (https://www.first.org/cvss/v4.0/specification-document, section 8). The metrics fall
// into six equivalence classes; their levels form a macro-vector that has a score, fixed by
// experts. Within a macro-vector the score falls towards those of the next lower ones, in
// proportion to how far the vector is from the most severe one of its class.
//
// The class distances are whole steps and the class depths divide 840, so the score is computed
// exactly and rounded once, half up.

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <string>

#include "vuln/cvss_metrics.h"

namespace fathom::vuln {
namespace {

constexpr int kClasses = 6;
using Levels = std::array<int, kClasses>;  // EQ1 … EQ6

constexpr std::uint8_t kNone = 255;
constexpr std::array<int, kClasses> kLevelCount = {3, 2, 3, 3, 3, 2};

// Scores in tenths. A row has EQ1, EQ2 and EQ3 in common; in it EQ6 turns fastest, then EQ5, EQ4.
// No vector has EQ3 at 2 and EQ6 at 0.
constexpr std::array<std::uint8_t, 324> kScores = {{
    // clang-format off
    100, 99, 98, 95, 95, 92, 100, 96, 93, 87, 91, 81, 93, 90, 89, 80, 81, 68,  // 000
    98, 95, 95, 92, 90, 84, 93, 92, 89, 81, 81, 65, 88, 80, 78, 70, 69, 48,  // 001
    kNone, 92, kNone, 82, kNone, 72, kNone, 79, kNone, 69, kNone, 50, kNone, 69, kNone, 55, kNone, 27,  // 002
    99, 97, 95, 92, 92, 85, 95, 91, 90, 83, 84, 71, 92, 81, 82, 71, 72, 53,  // 010
    95, 93, 92, 85, 85, 73, 92, 82, 80, 72, 70, 59, 84, 70, 71, 52, 50, 30,  // 011
    kNone, 86, kNone, 75, kNone, 52, kNone, 71, kNone, 52, kNone, 29, kNone, 63, kNone, 29, kNone, 17,  // 012
    98, 95, 94, 87, 91, 81, 94, 89, 86, 74, 77, 64, 87, 75, 74, 63, 63, 49,  // 100
    94, 89, 88, 77, 76, 67, 86, 76, 74, 58, 59, 50, 72, 57, 57, 52, 52, 25,  // 101
    kNone, 83, kNone, 70, kNone, 54, kNone, 65, kNone, 58, kNone, 26, kNone, 53, kNone, 21, kNone, 13,  // 102
    95, 90, 88, 76, 76, 70, 90, 77, 75, 62, 61, 53, 77, 66, 68, 59, 52, 30,  // 110
    89, 78, 76, 67, 62, 58, 74, 59, 57, 57, 47, 23, 61, 52, 57, 29, 24, 16,  // 111
    kNone, 71, kNone, 59, kNone, 30, kNone, 58, kNone, 26, kNone, 15, kNone, 23, kNone, 13, kNone, 6,  // 112
    93, 87, 86, 72, 75, 58, 86, 74, 74, 61, 56, 34, 70, 54, 52, 40, 40, 22,  // 200
    85, 75, 74, 55, 62, 51, 72, 57, 55, 41, 46, 19, 53, 36, 34, 19, 19, 8,  // 201
    kNone, 64, kNone, 51, kNone, 20, kNone, 47, kNone, 21, kNone, 11, kNone, 24, kNone, 9, kNone, 4,  // 202
    88, 75, 73, 53, 60, 50, 73, 55, 59, 40, 41, 20, 54, 43, 45, 22, 20, 11,  // 210
    75, 55, 58, 45, 40, 21, 61, 51, 48, 18, 20, 9, 46, 18, 17, 7, 8, 2,  // 211
    kNone, 53, kNone, 24, kNone, 14, kNone, 24, kNone, 12, kNone, 5, kNone, 10, kNone, 3, kNone, 1,  // 212
    // clang-format on
}};

// Of a macro-vector, or nothing when there is none with these levels.
std::optional<int> score_of(const Levels& levels) {
  std::size_t index = 0;
  for (std::size_t i = 0; i < kClasses; ++i) {
    if (levels[i] >= kLevelCount[i]) return std::nullopt;
    index = index * static_cast<std::size_t>(kLevelCount[i]) + static_cast<std::size_t>(levels[i]);
  }
  return kScores[index] == kNone ? std::nullopt : std::optional<int>(kScores[index]);
}

// ---- metrics

struct Metric {
  std::string_view name;
  std::string_view values;  // from the most severe down; one step apart
  char if_not_defined = 0;  // 0: mandatory
  bool modifiable = true;   // by "M" + name
};

// The order matters: kMostSevere below names the same metrics.
enum MetricIndex { AV, PR, UI, AC, AT, VC, VI, VA, CR, IR, AR, SC, SI, SA, E, kMetricCount };

constexpr std::array<Metric, kMetricCount> kMetrics = {{
    {"AV", "NALP"},
    {"PR", "NLH"},
    {"UI", "NPA"},
    {"AC", "LH"},
    {"AT", "NP"},
    {"VC", "HLN"},
    {"VI", "HLN"},
    {"VA", "HLN"},
    {"CR", "HML", 'H', false},
    {"IR", "HML", 'H', false},
    {"AR", "HML", 'H', false},
    {"SC", "SHLN"},
    {"SI", "SHLN"},
    {"SA", "SHLN"},
    {"E", "APU", 'A', false},
}};

// Steps down from the most severe value, per metric. "S" (safety) only exists in the modified
// SI and SA, and is the step above H.
using Steps = std::array<int, kMetricCount>;

int steps_of(const Metric& metric, char value) {
  std::size_t at = metric.values.find(value);
  return at == metric.values.npos ? -1 : static_cast<int>(at);
}

char value_of(const CvssMetrics& m, const Metric& metric) {
  std::string_view value = m.value(metric.name);
  if (value.size() > 1) return 0;
  if (metric.if_not_defined != 0)
    return value.empty() || value == "X" ? metric.if_not_defined : value[0];
  if (value.empty() || value == "S") return 0;
  std::string modified_name = "M" + std::string(metric.name);
  std::string_view modified = m.value(modified_name);
  if (modified.empty() || modified == "X") return value[0];
  if (modified.size() > 1 || (metric.name == "SC" && modified == "S")) return 0;
  return modified[0];
}

std::optional<Steps> steps_of(const CvssMetrics& m) {
  Steps steps{};
  for (std::size_t i = 0; i < kMetrics.size(); ++i) {
    steps[i] = steps_of(kMetrics[i], value_of(m, kMetrics[i]));
    if (steps[i] < 0) return std::nullopt;
  }
  return steps;
}

// ---- levels

// Steps from "S" down in SC, SI and SA.
constexpr int kSafety = 0, kSubsequentHigh = 1, kSubsequentNone = 3;

int level1(const Steps& s) {
  if (s[AV] == 0 && s[PR] == 0 && s[UI] == 0) return 0;
  bool some = s[AV] == 0 || s[PR] == 0 || s[UI] == 0;
  constexpr int kPhysical = 3;
  return some && s[AV] != kPhysical ? 1 : 2;
}

int level3(const Steps& s) {
  if (s[VC] == 0 && s[VI] == 0) return 0;
  return s[VC] == 0 || s[VI] == 0 || s[VA] == 0 ? 1 : 2;
}

int level4(const Steps& s) {
  if (s[SI] == kSafety || s[SA] == kSafety) return 0;
  bool high = s[SC] == kSubsequentHigh || s[SI] == kSubsequentHigh || s[SA] == kSubsequentHigh;
  return high ? 1 : 2;
}

int level6(const Steps& s) {
  bool needed =
      (s[CR] == 0 && s[VC] == 0) || (s[IR] == 0 && s[VI] == 0) || (s[AR] == 0 && s[VA] == 0);
  return needed ? 0 : 1;
}

Levels levels_of(const Steps& s) {
  return {level1(s), s[AC] == 0 && s[AT] == 0 ? 0 : 1, level3(s), level4(s), s[E], level6(s)};
}

// ---- distances from the most severe vector of a class

// A most severe vector of a class: steps of its metrics, in the order of MetricIndex.
struct MostSevere {
  int level;  // of the class; for EQ3 and EQ6 together 10 × EQ3 + EQ6
  std::array<int, 6> steps;
};

// In the order in which the specification's own calculator tries them.
constexpr std::array<MostSevere, 6> kMostSevere1 = {{{0, {0, 0, 0}},
                                                     {1, {1, 0, 0}},
                                                     {1, {0, 1, 0}},
                                                     {1, {0, 0, 1}},
                                                     {2, {3, 0, 0}},
                                                     {2, {1, 1, 1}}}};
constexpr std::array<MostSevere, 3> kMostSevere2 = {{{0, {0, 0}}, {1, {1, 0}}, {1, {0, 1}}}};
constexpr std::array<MostSevere, 11> kMostSevere36 = {{{0, {0, 0, 0, 0, 0, 0}},
                                                       {1, {0, 0, 1, 1, 1, 0}},
                                                       {1, {0, 0, 0, 1, 1, 1}},
                                                       {10, {1, 0, 0, 0, 0, 0}},
                                                       {10, {0, 1, 0, 0, 0, 0}},
                                                       {11, {1, 0, 1, 0, 1, 0}},
                                                       {11, {1, 0, 0, 0, 1, 1}},
                                                       {11, {0, 1, 0, 1, 0, 1}},
                                                       {11, {0, 1, 1, 1, 0, 0}},
                                                       {11, {1, 1, 0, 0, 0, 1}},
                                                       {21, {1, 1, 1, 0, 0, 0}}}};
constexpr std::array<MostSevere, 3> kMostSevere4 = {
    {{0, {1, 0, 0}}, {1, {1, 1, 1}}, {2, {2, 2, 2}}}};

// The steps from the first most severe vector of `level` that is nowhere below this one.
int distance(std::span<const int> steps, int level, std::span<const MostSevere> candidates) {
  for (const MostSevere& most : candidates) {
    if (most.level != level) continue;
    int sum = 0;
    bool below = false;
    for (std::size_t i = 0; i < steps.size(); ++i) {
      below = below || steps[i] < most.steps[i];
      sum += steps[i] - most.steps[i];
    }
    if (!below) return sum;
  }
  return 0;
}

// ---- the score

// How a class draws the score down: by `distance / depth` of the gap to `next_lower`.
struct Pull {
  std::optional<int> next_lower;
  int distance, depth;
};

Levels lowered(Levels levels, std::size_t index) {
  ++levels[index];
  return levels;
}

// EQ3 and EQ6 are not independent, so they are lowered together.
std::optional<int> next_lower36(const Levels& levels) {
  if (levels[2] == 0 && levels[5] == 0)
    return std::max(score_of(lowered(levels, 5)), score_of(lowered(levels, 2)));
  return score_of(lowered(levels, levels[2] == 1 && levels[5] == 0 ? 5 : 2));
}

std::array<Pull, 5> pulls_of(const Steps& steps, const Levels& levels) {
  constexpr std::array<int, 3> kDepth1 = {1, 4, 5}, kDepth4 = {6, 5, 4};
  constexpr std::array<int, 2> kDepth2 = {1, 2};
  constexpr std::array<std::array<int, 2>, 3> kDepth36 = {{{7, 6}, {8, 8}, {10, 10}}};
  auto level = [&](std::size_t i) { return static_cast<std::size_t>(levels[i]); };
  std::span<const int> all(steps);
  return {{
      {score_of(lowered(levels, 0)), distance(all.subspan(AV, 3), levels[0], kMostSevere1),
       kDepth1[level(0)]},
      {score_of(lowered(levels, 1)), distance(all.subspan(AC, 2), levels[1], kMostSevere2),
       kDepth2[level(1)]},
      {next_lower36(levels),
       distance(all.subspan(VC, 6), 10 * levels[2] + levels[5], kMostSevere36),
       kDepth36[level(2)][level(5)]},
      {score_of(lowered(levels, 3)), distance(all.subspan(SC, 3), levels[3], kMostSevere4),
       kDepth4[level(3)]},
      {score_of(lowered(levels, 4)), 0, 1},
  }};
}

}  // namespace

std::optional<int> cvss4_tenths(const CvssMetrics& metrics) {
  std::optional<Steps> steps = steps_of(metrics);
  if (!steps) return std::nullopt;
  bool harmless = (*steps)[VC] == 2 && (*steps)[VI] == 2 && (*steps)[VA] == 2 &&
                  (*steps)[SC] == kSubsequentNone && (*steps)[SI] == kSubsequentNone &&
                  (*steps)[SA] == kSubsequentNone;
  if (harmless) return 0;
  Levels levels = levels_of(*steps);
  std::optional<int> score = score_of(levels);
  if (!score) return std::nullopt;
  constexpr int kUnit = 840;  // the least common multiple of the depths
  int pull = 0, classes = 0;
  for (const Pull& p : pulls_of(*steps, levels)) {
    if (!p.next_lower) continue;
    ++classes;
    pull += (*score - *p.next_lower) * p.distance * (kUnit / p.depth);
  }
  if (classes == 0) return score;
  int whole = kUnit * classes;
  int rounded = (2 * (*score * whole - pull) + whole) / (2 * whole);
  return std::clamp(rounded, 0, 100);
}

}  // namespace fathom::vuln
