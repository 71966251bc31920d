#include "vuln/pack_writer.h"

#include <algorithm>
#include <bit>
#include <type_traits>
#include <unordered_map>

#include "base/digest.h"
#include "vuln/pack_format.h"

namespace fathom::vuln {
namespace {

using namespace pack;

// The bytes of one section while it grows.
class Table {
 public:
  template <class Record>
  void add(const Record& record) {
    static_assert(std::has_unique_object_representations_v<Record>,
                  "padding would not be deterministic");
    auto bytes = std::bit_cast<std::array<std::uint8_t, sizeof(Record)>>(record);
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
  }
  void add_text(std::string_view text) { bytes_.insert(bytes_.end(), text.begin(), text.end()); }
  std::uint64_t size() const { return bytes_.size(); }
  template <class Record>
  std::uint32_t count() const {
    return static_cast<std::uint32_t>(bytes_.size() / sizeof(Record));
  }
  const Bytes& bytes() const { return bytes_; }

 private:
  Bytes bytes_;
};

class Writer {
 public:
  Writer() { text(""); }

  Done write(PackContent& content) {
    TRY(write_advisories(content));
    for (const auto& [id, names] : content.libraries)
      libraries_.add(LibraryRecord{text(id), list(names.cpes), list(names.source_packages)});
    TRY(write_kev(content.known_exploited));
    TRY(write_cves(content.cves));
    write_sources(content.sources);
    return write_epss(content.epss);
  }

  Result<Bytes> finish(const std::map<std::string, std::string>& others);

 private:
  Text text(const std::string& value) {
    auto [at, is_new] = texts_.try_emplace(value, static_cast<Text>(strings_.size()));
    if (is_new) {
      strings_.add(static_cast<std::uint32_t>(value.size()));
      strings_.add_text(value);
    }
    return at->second;
  }

  List list(const std::vector<std::string>& values) {
    if (values.empty()) return {0, 0};
    List out{lists_.count<Text>(), static_cast<std::uint32_t>(values.size())};
    for (const std::string& value : values) lists_.add(text(value));
    return out;
  }

  void add_ranges(const std::vector<Range>& ranges) {
    for (const Range& r : ranges)
      ranges_.add(RangeRecord{text(r.introduced), text(r.fixed), text(r.last_affected),
                              r.introduced_exclusive ? 1u : 0u});
  }

  void add_advisory(const Advisory& a) {
    AdvisoryRecord record{};
    record.id = text(a.id);
    record.cvss = text(a.cvss);
    record.cvss_score = text(a.cvss_score);
    record.published = text(a.published);
    record.modified = text(a.modified);
    record.source = text(a.source);
    record.document = text(a.document);
    record.note = text(a.note);
    record.aliases = list(a.aliases);
    record.fixed_in = list(a.fixed_in);
    record.unreadable = list(a.unreadable);
    record.first_range = ranges_.count<RangeRecord>();
    record.ranges = static_cast<std::uint32_t>(a.ranges.size());
    record.unaffected = static_cast<std::uint32_t>(a.unaffected.size());
    record.scheme = static_cast<std::uint8_t>(a.scheme);
    record.severity = static_cast<std::uint8_t>(a.severity);
    record.low_confidence = a.low_confidence ? 1 : 0;
    record.informational = a.informational ? 1 : 0;
    record.fix = static_cast<std::uint8_t>(a.fix);
    record.withdrawn = a.withdrawn ? 1 : 0;
    record.disputed = a.disputed ? 1 : 0;
    record.secondary = a.secondary ? 1 : 0;
    add_ranges(a.ranges);
    add_ranges(a.unaffected);
    advisories_.add(record);
  }

  Done write_advisories(PackContent& content);
  Done write_package(std::vector<Advisory>::const_iterator begin,
                     std::vector<Advisory>::const_iterator end);
  void write_ecosystems(const std::vector<Advisory>& sorted,
                        std::map<std::string, std::string> newest);

  Done write_kev(const std::set<std::string>& names) {
    std::set<std::uint32_t> keys;
    for (const std::string& name : names) keys.insert(TRY(key(name)));
    for (std::uint32_t k : keys) kev_.add(k);
    return Ok{};
  }

  Done write_cves(const std::vector<CveFacts>& cves) {
    std::map<std::uint32_t, const CveFacts*> by_key;
    for (const CveFacts& cve : cves) by_key[TRY(key(cve.name))] = &cve;
    for (const auto& [k, cve] : by_key)
      cves_.add(CveRecord{
          k, text(cve->cvss), text(cve->cvss_score), static_cast<std::uint8_t>(cve->severity),
          static_cast<std::uint8_t>(cve->rejected), static_cast<std::uint8_t>(cve->disputed), 0});
    return Ok{};
  }

  void write_sources(const std::vector<SourceRow>& sources) {
    std::map<std::pair<std::string_view, std::string_view>, const SourceRow*> by_name;
    for (const SourceRow& source : sources) by_name[{source.name, source.part}] = &source;
    for (const auto& [name, s] : by_name)
      sources_.add(SourceRecord{text(s->name), text(s->part), text(s->newest), text(s->origin),
                                text(s->imported), text(s->digest), s->records});
  }

  Done write_epss(const std::vector<std::pair<std::string, Epss>>& scores) {
    std::map<std::uint32_t, Epss> by_key;
    for (const auto& [name, score] : scores) by_key[TRY(key(name))] = score;
    for (const auto& [k, score] : by_key)
      epss_.add(EpssRecord{k, score.score_e5, score.percentile_e5});
    return Ok{};
  }

  static Result<std::uint32_t> key(const std::string& name) {
    if (std::optional<std::uint32_t> k = key_of_cve(name)) return *k;
    return Error{ErrorCode::unsupported, "no CVE name the pack can hold: " + printable(name)};
  }

  Table strings_, lists_, ranges_, advisories_, packages_, ecosystems_, libraries_, kev_, epss_,
      cves_, sources_, ids_;
  std::unordered_map<std::string, Text> texts_;
};

std::string package_key(const Advisory& a) {
  return a.ecosystem == "PyPI" ? normal_pypi_name(a.package) : a.package;
}

bool in_pack_order(const Advisory& a, const Advisory& b) {
  if (auto order = a.ecosystem <=> b.ecosystem; order != 0) return order < 0;
  if (auto order = package_key(a) <=> package_key(b); order != 0) return order < 0;
  return a < b;
}

Done Writer::write_advisories(PackContent& content) {
  std::vector<Advisory>& sorted = content.advisories;
  for (Advisory& a : sorted) a.package = package_key(a);
  std::sort(sorted.begin(), sorted.end(), in_pack_order);
  sorted.erase(std::unique(sorted.begin(), sorted.end()), sorted.end());
  for (auto begin = sorted.cbegin(); begin != sorted.cend();) {
    auto end = std::find_if(begin, sorted.cend(), [&](const Advisory& a) {
      return a.ecosystem != begin->ecosystem || a.package != begin->package;
    });
    TRY(write_package(begin, end));
    begin = end;
  }
  write_ecosystems(sorted, content.newest);
  std::set<std::string_view> records;
  for (const Advisory& a : sorted) records.insert(a.record());
  for (std::string_view record : records) ids_.add(text(std::string(record)));
  return Ok{};
}

Done Writer::write_package(std::vector<Advisory>::const_iterator begin,
                           std::vector<Advisory>::const_iterator end) {
  auto count = static_cast<std::uint64_t>(end - begin);
  std::uint64_t listed = 0;
  for (auto a = begin; a != end; ++a)
    listed += a->ranges.size() + a->unaffected.size() + a->aliases.size() + a->fixed_in.size() +
              a->unreadable.size();
  if (count > kMostAdvisories || listed > kMostListed)
    return Error{ErrorCode::limit_exceeded, "too many advisories for " + begin->package};
  packages_.add(PackageRecord{text(begin->ecosystem), text(begin->package),
                              advisories_.count<AdvisoryRecord>(),
                              static_cast<std::uint32_t>(count)});
  for (auto a = begin; a != end; ++a) add_advisory(*a);
  return Ok{};
}

void Writer::write_ecosystems(const std::vector<Advisory>& sorted,
                              std::map<std::string, std::string> newest) {
  std::map<std::string, std::uint64_t> counts;
  for (const auto& [name, date] : newest) counts[name];
  for (const Advisory& a : sorted) {
    counts[a.ecosystem] += a.withdrawn ? 0 : 1;
    std::string& date = newest[a.ecosystem];
    date = std::max(date, a.published);
  }
  for (const auto& [name, count] : counts)
    ecosystems_.add(EcosystemRecord{text(name), text(newest[name]), count});
}

std::uint64_t aligned(std::uint64_t offset) {
  return (offset + kAlignment - 1) / kAlignment * kAlignment;
}

Result<std::array<char, 16>> section_name(std::string_view name) {
  std::array<char, 16> out{};
  if (name.empty() || name.size() > out.size())
    return Error{ErrorCode::unsupported, "no name for a section: " + printable(name)};
  std::ranges::copy(name, out.begin());
  return out;
}

void set_digest(Bytes& pack, Header& header) {
  std::span<const std::uint8_t> content(pack);
  std::string hex = sha256_of(ByteView(content.subspan(sizeof(Header)))).hex;
  for (std::size_t i = 0; i < header.digest.size(); ++i)
    header.digest[i] = static_cast<std::uint8_t>(*parse_unsigned(hex.substr(2 * i, 2), 16));
  auto bytes = std::bit_cast<std::array<std::uint8_t, sizeof(Header)>>(header);
  std::ranges::copy(bytes, pack.begin());
}

Result<Bytes> Writer::finish(const std::map<std::string, std::string>& others) {
  std::map<std::string_view, std::string_view> sections = {
      {kStrings, ByteView(strings_.bytes()).as_text()},
      {kLists, ByteView(lists_.bytes()).as_text()},
      {kRanges, ByteView(ranges_.bytes()).as_text()},
      {kAdvisories, ByteView(advisories_.bytes()).as_text()},
      {kPackages, ByteView(packages_.bytes()).as_text()},
      {kEcosystems, ByteView(ecosystems_.bytes()).as_text()},
      {kLibraries, ByteView(libraries_.bytes()).as_text()},
      {kKev, ByteView(kev_.bytes()).as_text()},
      {kEpss, ByteView(epss_.bytes()).as_text()},
      {kCves, ByteView(cves_.bytes()).as_text()},
      {kSources, ByteView(sources_.bytes()).as_text()},
      {kIds, ByteView(ids_.bytes()).as_text()}};
  for (const auto& [name, bytes] : sections)
    if (bytes.size() > 0xffff'ffffu) return Error{ErrorCode::limit_exceeded, std::string(name)};
  for (const auto& [name, bytes] : others)
    if (!sections.try_emplace(name, bytes).second)
      return Error{ErrorCode::unsupported, "section has a meaning already: " + name};
  if (sections.size() > kMostSections) return Error{ErrorCode::limit_exceeded, "sections"};

  std::uint64_t offset = aligned(sizeof(Header) + sections.size() * sizeof(Section));
  Table table;
  for (const auto& [name, bytes] : sections) {
    const auto written_name = TRY(section_name(name));
    table.add(Section{written_name, offset, bytes.size()});
    offset = aligned(offset + bytes.size());
  }
  Bytes pack(sizeof(Header));
  pack.reserve(offset);
  pack.insert(pack.end(), table.bytes().begin(), table.bytes().end());
  for (const auto& [name, bytes] : sections) {
    pack.resize(aligned(pack.size()));
    pack.insert(pack.end(), bytes.begin(), bytes.end());
  }
  pack.resize(aligned(pack.size()));
  Header header{kMagic, kVersion, static_cast<std::uint32_t>(sections.size()), pack.size(), {}};
  set_digest(pack, header);
  return pack;
}

}  // namespace

Result<Bytes> write_pack(PackContent content) {
  Writer writer;
  TRY(writer.write(content));
  return writer.finish(content.sections);
}

PackContent content_of(const Database& database) {
  PackContent content;
  database.for_each_advisory([&](const Advisory& a) { content.advisories.push_back(a); });
  for (std::string& name : database.known_exploited())
    content.known_exploited.insert(std::move(name));
  content.epss = database.epss_scores();
  content.cves = database.cves();
  content.sources = database.sources();
  content.libraries = database.libraries();
  for (const EcosystemInfo& info : database.ecosystems())
    if (!info.newest.empty()) content.newest[info.name] = info.newest;
  return content;
}

bool is_cve_name(std::string_view name) { return key_of_cve(name).has_value(); }

}  // namespace fathom::vuln
