#include "signature/feature_evidence.h"

#include <algorithm>

#include "signature/row.h"

namespace fathom::signature {
namespace {

// Of a table's windows; the last one may be cut by the end of what was parsed.
constexpr double kShareOfTable = 0.9;

// "1.2.3" from n0 * units[0] + n1 * units[1] + …, as long as it has one digit of each.
std::optional<std::string> decode(const VersionFunction& function, std::uint64_t value) {
  if (function.units.empty() || value < function.rest) return std::nullopt;
  std::uint64_t left = value - function.rest;
  std::string version;
  for (std::size_t i = 0; i < function.units.size(); ++i) {
    const std::uint64_t number = left / function.units[i];
    if (i > 0 && number >= function.units[i - 1] / function.units[i]) return std::nullopt;
    version += (i == 0 ? "" : ".") + std::to_string(number);
    left %= function.units[i];
  }
  if (left != 0) return std::nullopt;
  return version;
}

constexpr std::uint32_t kLeastBeside = 65'536;  // smaller ones are lines and codes

// A window of a table where it stands in the file.
struct Seen {
  std::uint64_t hash, offset;
};

// Where nearly all different windows stand within the size of the table: places that do not
// overlap.
std::vector<std::uint64_t> places_of(const FeatureView::Table& table,
                                     const std::vector<Seen>& windows) {
  std::vector<std::uint64_t> places;
  std::map<std::uint64_t, std::size_t> inside;
  std::size_t first = 0;
  for (std::size_t last = 0; last < windows.size(); ++last) {
    ++inside[windows[last].hash];
    while (windows[last].offset - windows[first].offset > table.bytes) {
      auto leaving = inside.find(windows[first++].hash);
      if (--leaving->second == 0) inside.erase(leaving);
    }
    if (static_cast<double>(inside.size()) < kShareOfTable * table.windows) continue;
    places.push_back(windows[first].offset);
    const std::uint64_t end = windows[first].offset + table.bytes;
    while (last + 1 < windows.size() && windows[last + 1].offset < end) ++last;
    inside.clear();
    first = last + 1;
  }
  return places;
}

std::string join(const std::vector<std::uint64_t>& numbers) {
  std::string out;
  for (std::uint64_t number : numbers) out += (out.empty() ? "" : ".") + std::to_string(number);
  return out;
}

}  // namespace

FeatureEvidence::FeatureEvidence(const FileFacts& facts, const Features& features)
    : facts_(facts),
      features_(features),
      texts_of_(features.library_count()),
      tables_of_(features.library_count()) {
  find_texts();
  find_tables();
}

// Both lists are in the order of the hashes.
void FeatureEvidence::find_texts() {
  const Features::Index& index = features_.texts();
  std::size_t i = 0;
  for (std::size_t s = 0; s < facts_.strings.size() && i < index.size(); ++s) {
    const StringHash& text = facts_.strings[s];
    if (s > 0 && facts_.strings[s - 1].hash == text.hash) continue;
    i = index.first_not_below(i, text.hash);
    if (i == index.size() || index.hash_at(i) != text.hash) continue;
    Text present{.offset = text.offset, .owners = {}};
    for (; i < index.size() && index.hash_at(i) == text.hash; ++i)
      present.owners.push_back(index.entry_at(i));
    for (const Features::Entry& owner : present.owners)
      if (owner.library < texts_of_.size()) texts_of_[owner.library].push_back(texts_.size());
    texts_.push_back(std::move(present));
  }
}

std::optional<std::size_t> FeatureEvidence::index_of(std::size_t text, std::size_t library) const {
  for (const Features::Entry& owner : texts_[text].owners)
    if (owner.library == library && owner.index < features_.library(library).texts())
      return owner.index;
  return std::nullopt;
}

void FeatureEvidence::find_tables() {
  std::map<std::pair<std::uint16_t, std::uint32_t>, std::vector<Seen>> seen;
  const Features::Index& index = features_.windows();
  std::size_t i = 0;
  for (const TableWindow& window : facts_.tables) {
    i = index.first_not_below(i, window.hash);
    for (std::size_t k = i; k < index.size() && index.hash_at(k) == window.hash; ++k) {
      const Features::Entry owner = index.entry_at(k);
      if (owner.library < tables_of_.size())
        seen[{owner.library, owner.index}].push_back({window.hash, window.offset});
    }
  }
  for (auto& [owner, windows] : seen) {
    const FeatureView library = features_.library(owner.first);
    if (owner.second >= library.tables()) continue;
    const FeatureView::Table table = library.table(owner.second);
    if (static_cast<double>(windows.size()) < kShareOfTable * table.windows) continue;
    std::ranges::sort(windows, {}, &Seen::offset);
    Table found{.index = owner.second, .offsets = places_of(table, windows)};
    if (!found.offsets.empty()) tables_of_[owner.first].push_back(std::move(found));
  }
}

namespace {

// What a file tells in the form of a version function.
struct Told {
  std::string version;
  std::uint64_t offset = 0, address = 0;
  std::string shown;
};

void tell_constants(const FileFacts& facts, const VersionFunction& function,
                    std::vector<Told>& out) {
  for (const ConstantReturn& constant : facts.constants)
    if (std::optional<std::string> version = decode(function, constant.value))
      out.push_back({*version, constant.offset, constant.address,
                     "a function that returns " + std::to_string(constant.value)});
}

void tell_beside_names(const FileFacts& facts, const VersionFunction& function,
                       std::vector<Told>& out) {
  for (const SourceLine& line : facts.source_lines)
    if (line.by == SourceLine::By::other_argument && line.line >= kLeastBeside)
      if (std::optional<std::string> version = decode(function, line.line))
        out.push_back({*version, line.offset, 0,
                       "a call that gets " + std::to_string(line.line) + " and a file name"});
}

// The numbers in the order major, minor, patch level; nothing when it is another form.
std::vector<std::uint64_t> numbers_of(const HandedOut& handed, const VersionFunction& function) {
  using How = VersionFunction::How;
  if (function.how == How::pair && handed.how == HandedOut::How::pair && handed.values.size() == 2)
    return {handed.values[0] & 0xffffffff, handed.values[0] >> 32, handed.values[1]};
  if (function.how == How::triple && handed.how == HandedOut::How::triple) return handed.values;
  if (function.how == How::stored && handed.how == HandedOut::How::stored) return handed.values;
  return {};
}

void tell_handed_out(const FileFacts& facts, const VersionFunction& function,
                     std::vector<Told>& out) {
  for (const HandedOut& handed : facts.handed_out) {
    const std::vector<std::uint64_t> numbers = numbers_of(handed, function);
    std::optional<std::string> version;
    if (function.units.empty() && numbers.size() >= 3)
      version = join(numbers);
    else if (!function.units.empty() && numbers.size() == 1)
      version = decode(function, numbers[0]);
    if (version)
      out.push_back(
          {*version, handed.offset, handed.address, "code that hands out " + join(handed.values)});
  }
}

std::vector<Told> told_by(const FileFacts& facts, const VersionFunction& function) {
  std::vector<Told> out;
  if (function.how == VersionFunction::How::one)
    tell_constants(facts, function, out);
  else if (function.how == VersionFunction::How::beside_name)
    tell_beside_names(facts, function, out);
  else
    tell_handed_out(facts, function, out);
  return out;
}

}  // namespace

std::vector<FeatureEvidence::Version> FeatureEvidence::versions_of(std::size_t index) const {
  std::vector<Version> out;
  for (const VersionFunction& function : features_.functions_of(index)) {
    const std::vector<Told> told = told_by(facts_, function);
    if (told.empty()) continue;
    const FeatureView library = features_.library(index);
    for (const Told& one : told)
      for (std::size_t r = 0; r < library.releases(); ++r)
        if (compare_releases(library.release(r), one.version) == 0)
          out.push_back({r, one.offset, one.address, function.proves, one.shown});
  }
  return out;
}

bool FeatureEvidence::is_proved(std::size_t index) const {
  const std::span<const VersionFunction> functions = features_.functions_of(index);
  if (std::ranges::none_of(functions, &VersionFunction::proves)) return false;
  return std::ranges::any_of(versions_of(index), &Version::proves);
}

}  // namespace fathom::signature
