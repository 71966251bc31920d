#include "vuln/database.h"

#include <algorithm>
#include <utility>

#include "base/digest.h"
#include "vuln/pack_format.h"

namespace fathom::vuln {

using namespace pack;

namespace {

template <class Record>
std::uint64_t count_in(ByteView table) {
  return table.size() / sizeof(Record);
}

// A record that is not there reads as zeros, which name nothing.
template <class Record>
Record record_at(ByteView table, std::uint64_t index) {
  if (index >= count_in<Record>(table)) return Record{};
  return table.read<Record>(index * sizeof(Record)).value_or(Record{});
}

// The end of a run of records, as far as the table has them.
template <class Record>
std::uint64_t clamped_end(ByteView table, std::uint64_t first, std::uint64_t count) {
  return std::min(first + count, count_in<Record>(table));
}

// The first record for which `before(record)` is false, or the number of records.
template <class Record, class Before>
std::uint64_t partition_point(ByteView table, Before before) {
  std::uint64_t low = 0, high = count_in<Record>(table);
  while (low < high) {
    std::uint64_t middle = low + (high - low) / 2;
    if (before(record_at<Record>(table, middle)))
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

std::string_view name_of(const Section& section) {
  std::string_view name(section.name.data(), section.name.size());
  return name.substr(0, name.find('\0'));
}

}  // namespace

// One look-up's reading, with a budget: in a damaged pack lists may overlap, and small input must
// not unfold into large output.
class Database::Reader {
 public:
  explicit Reader(const Database& database) : db_(database) {}

  std::string_view text(Text at) const {
    Result<std::uint32_t> size = db_.strings_.read<std::uint32_t>(at);
    if (!size) return {};
    Result<ByteView> bytes = db_.strings_.slice(std::uint64_t{at} + sizeof(std::uint32_t), *size);
    return bytes ? bytes->as_text() : std::string_view();
  }

  std::vector<std::string> list(List list) {
    std::vector<std::string> out;
    std::uint64_t end = clamped_end<Text>(db_.lists_, list.first, list.count);
    for (std::uint64_t i = list.first; i < end && spend(); ++i)
      out.emplace_back(text(record_at<Text>(db_.lists_, i)));
    return out;
  }

  std::vector<Range> ranges(std::uint64_t first, std::uint64_t count) {
    std::vector<Range> out;
    std::uint64_t end = clamped_end<RangeRecord>(db_.ranges_, first, count);
    for (std::uint64_t i = first; i < end && spend(); ++i) {
      auto r = record_at<RangeRecord>(db_.ranges_, i);
      out.push_back({std::string(text(r.introduced)), r.introduced_exclusive != 0,
                     std::string(text(r.fixed)), std::string(text(r.last_affected))});
    }
    return out;
  }

  CveFacts cve(const CveRecord& record) const {
    constexpr auto kWorst = static_cast<std::uint8_t>(Severity::critical);
    return {cve_of_key(record.key),
            std::string(text(record.cvss)),
            std::string(text(record.cvss_score)),
            static_cast<Severity>(std::min(record.severity, kWorst)),
            record.rejected != 0,
            record.disputed != 0};
  }

  Advisory advisory(const AdvisoryRecord& record) {
    Advisory a;
    a.id = text(record.id);
    a.cvss = text(record.cvss);
    a.cvss_score = text(record.cvss_score);
    a.published = text(record.published);
    a.modified = text(record.modified);
    a.source = text(record.source);
    a.document = text(record.document);
    a.note = text(record.note);
    a.aliases = list(record.aliases);
    a.fixed_in = list(record.fixed_in);
    a.unreadable = list(record.unreadable);
    a.ranges = ranges(record.first_range, record.ranges);
    a.unaffected = ranges(std::uint64_t{record.first_range} + record.ranges, record.unaffected);
    a.scheme = record.scheme < kSchemeCount ? static_cast<Scheme>(record.scheme) : Scheme::dotted;
    constexpr auto kWorst = static_cast<std::uint8_t>(Severity::critical);
    a.severity = static_cast<Severity>(std::min(record.severity, kWorst));
    constexpr auto kLastFix = static_cast<std::uint8_t>(FixState::end_of_life);
    a.fix = record.fix <= kLastFix ? static_cast<FixState>(record.fix) : FixState::unknown;
    a.low_confidence = record.low_confidence != 0;
    a.informational = record.informational != 0;
    a.withdrawn = record.withdrawn != 0;
    a.disputed = record.disputed != 0;
    a.secondary = record.secondary != 0;
    return a;
  }

 private:
  bool spend() { return budget_ > 0 && budget_-- > 0; }

  const Database& db_;
  std::uint64_t budget_ = kMostListed;
};

Result<Database> Database::open(ByteView pack) {
  Header header = TRY(pack.read<Header>(0).in("pack header"));
  if (header.magic != kMagic) return Error{ErrorCode::malformed, "not a fathom pack"};
  if (header.version != kVersion)
    return Error{ErrorCode::unsupported, "pack version " + std::to_string(header.version)};
  if (header.size != pack.size() || header.sections > kMostSections)
    return Error{ErrorCode::malformed, "pack header does not fit the pack"};
  Database db;
  db.pack_ = pack;
  const std::pair<std::string_view, ByteView*> known[] = {
      {kStrings, &db.strings_},     {kLists, &db.lists_},
      {kRanges, &db.ranges_},       {kAdvisories, &db.advisories_},
      {kPackages, &db.packages_},   {kEcosystems, &db.ecosystems_},
      {kLibraries, &db.libraries_}, {kKev, &db.kev_},
      {kEpss, &db.epss_},           {kCves, &db.cves_},
      {kSources, &db.sources_},     {kIds, &db.ids_}};
  std::size_t found = 0;
  for (std::uint64_t i = 0; i < header.sections; ++i) {
    Section section = TRY(pack.read<Section>(sizeof(Header) + i * sizeof(Section)));
    ByteView bytes = TRY(pack.slice(section.offset, section.size).in("pack section"));
    for (const auto& [name, target] : known) {
      if (name_of(section) != name) continue;
      *target = bytes;
      ++found;
    }
  }
  if (found != std::size(known)) return Error{ErrorCode::malformed, "pack lacks a section"};
  return db;
}

std::vector<Advisory> Database::advisories_for(std::string_view ecosystem,
                                               std::string_view package) const {
  std::string normal;
  if (ecosystem == "PyPI") package = normal = normal_pypi_name(package);
  Reader reader(*this);
  std::pair wanted(ecosystem, package);
  auto key = [&](const PackageRecord& p) {
    return std::pair(reader.text(p.ecosystem), reader.text(p.name));
  };
  std::uint64_t at = partition_point<PackageRecord>(
      packages_, [&](const PackageRecord& p) { return key(p) < wanted; });
  auto found = record_at<PackageRecord>(packages_, at);
  if (at == count_in<PackageRecord>(packages_) || key(found) != wanted) return {};
  std::vector<Advisory> out;
  for_each_of(found, [&](Advisory a) { out.push_back(std::move(a)); });
  return out;
}

void Database::for_each_of(const pack::PackageRecord& package,
                           const std::function<void(Advisory)>& body) const {
  Reader reader(*this);
  std::uint64_t count = std::min(package.count, kMostAdvisories);
  std::uint64_t end = clamped_end<AdvisoryRecord>(advisories_, package.first, count);
  for (std::uint64_t i = package.first; i < end; ++i) {
    Advisory a = reader.advisory(record_at<AdvisoryRecord>(advisories_, i));
    a.ecosystem = reader.text(package.ecosystem);
    a.package = reader.text(package.name);
    body(std::move(a));
  }
}

void Database::for_each_advisory(const std::function<void(const Advisory&)>& body) const {
  for (std::uint64_t i = 0; i < count_in<PackageRecord>(packages_); ++i)
    for_each_of(record_at<PackageRecord>(packages_, i), body);
}

std::vector<std::string> Database::known_exploited() const {
  std::vector<std::string> out;
  for (std::uint64_t i = 0; i < count_in<std::uint32_t>(kev_); ++i)
    out.push_back(cve_of_key(record_at<std::uint32_t>(kev_, i)));
  return out;
}

std::vector<std::pair<std::string, Epss>> Database::epss_scores() const {
  std::vector<std::pair<std::string, Epss>> out;
  for (std::uint64_t i = 0; i < count_in<EpssRecord>(epss_); ++i) {
    auto record = record_at<EpssRecord>(epss_, i);
    out.emplace_back(cve_of_key(record.key), Epss{record.score_e5, record.percentile_e5});
  }
  return out;
}

std::vector<CveFacts> Database::cves() const {
  Reader reader(*this);
  std::vector<CveFacts> out;
  for (std::uint64_t i = 0; i < count_in<CveRecord>(cves_); ++i)
    out.push_back(reader.cve(record_at<CveRecord>(cves_, i)));
  return out;
}

std::vector<SourceRow> Database::sources() const {
  Reader reader(*this);
  std::vector<SourceRow> out;
  for (std::uint64_t i = 0; i < count_in<SourceRecord>(sources_); ++i) {
    auto r = record_at<SourceRecord>(sources_, i);
    out.push_back({std::string(reader.text(r.name)), std::string(reader.text(r.part)),
                   std::string(reader.text(r.newest)), std::string(reader.text(r.origin)),
                   std::string(reader.text(r.imported)), std::string(reader.text(r.digest)),
                   r.records});
  }
  return out;
}

Done Database::verify() const {
  ByteView content = TRY(pack_.from(sizeof(Header)));
  if (sha256_of(content).text() == id()) return Ok{};
  return Error{ErrorCode::malformed, "its content is not what it was written as (SHA-256)"};
}

bool Database::is_known_exploited(std::string_view cve) const {
  std::optional<std::uint32_t> key = key_of_cve(cve);
  if (!key) return false;
  std::uint64_t at =
      partition_point<std::uint32_t>(kev_, [&](std::uint32_t other) { return other < *key; });
  return at < count_in<std::uint32_t>(kev_) && record_at<std::uint32_t>(kev_, at) == *key;
}

std::optional<Epss> Database::epss(std::string_view cve) const {
  std::optional<std::uint32_t> key = key_of_cve(cve);
  if (!key) return std::nullopt;
  std::uint64_t at =
      partition_point<EpssRecord>(epss_, [&](const EpssRecord& other) { return other.key < *key; });
  auto found = record_at<EpssRecord>(epss_, at);
  if (at == count_in<EpssRecord>(epss_) || found.key != *key) return std::nullopt;
  return Epss{found.score_e5, found.percentile_e5};
}

std::optional<CveFacts> Database::cve(std::string_view name) const {
  std::optional<std::uint32_t> key = key_of_cve(name);
  if (!key) return std::nullopt;
  std::uint64_t at =
      partition_point<CveRecord>(cves_, [&](const CveRecord& other) { return other.key < *key; });
  auto found = record_at<CveRecord>(cves_, at);
  if (at == count_in<CveRecord>(cves_) || found.key != *key) return std::nullopt;
  return Reader(*this).cve(found);
}

bool Database::has_record(std::string_view record) const {
  Reader reader(*this);
  std::uint64_t at =
      partition_point<Text>(ids_, [&](Text other) { return reader.text(other) < record; });
  return at < count_in<Text>(ids_) && reader.text(record_at<Text>(ids_, at)) == record;
}

std::vector<EcosystemInfo> Database::ecosystems() const {
  Reader reader(*this);
  std::vector<EcosystemInfo> out;
  for (std::uint64_t i = 0; i < count_in<EcosystemRecord>(ecosystems_); ++i) {
    auto record = record_at<EcosystemRecord>(ecosystems_, i);
    out.push_back({std::string(reader.text(record.name)), record.advisories,
                   std::string(reader.text(record.newest))});
  }
  return out;
}

std::optional<EcosystemInfo> Database::ecosystem(std::string_view name) const {
  Reader reader(*this);
  std::uint64_t at = partition_point<EcosystemRecord>(
      ecosystems_, [&](const EcosystemRecord& e) { return reader.text(e.name) < name; });
  auto found = record_at<EcosystemRecord>(ecosystems_, at);
  if (at == count_in<EcosystemRecord>(ecosystems_) || reader.text(found.name) != name)
    return std::nullopt;
  return EcosystemInfo{std::string(name), found.advisories, std::string(reader.text(found.newest))};
}

std::optional<LibraryNames> Database::library(std::string_view id) const {
  Reader reader(*this);
  std::uint64_t at = partition_point<LibraryRecord>(
      libraries_, [&](const LibraryRecord& l) { return reader.text(l.id) < id; });
  auto found = record_at<LibraryRecord>(libraries_, at);
  if (at == count_in<LibraryRecord>(libraries_) || reader.text(found.id) != id) return std::nullopt;
  return LibraryNames{reader.list(found.cpes), reader.list(found.source_packages)};
}

std::map<std::string, LibraryNames> Database::libraries() const {
  Reader reader(*this);
  std::map<std::string, LibraryNames> out;
  for (std::uint64_t i = 0; i < count_in<LibraryRecord>(libraries_); ++i) {
    auto record = record_at<LibraryRecord>(libraries_, i);
    out[std::string(reader.text(record.id))] = {reader.list(record.cpes),
                                                reader.list(record.source_packages)};
  }
  return out;
}

std::string_view Database::section(std::string_view name) const {
  Header header = pack_.read<Header>(0).value_or(Header{});
  for (std::uint64_t i = 0; i < header.sections; ++i) {
    Section section = pack_.read<Section>(sizeof(Header) + i * sizeof(Section)).value_or(Section{});
    if (name_of(section) == name) return pack_.clamped(section.offset, section.size).as_text();
  }
  return {};
}

std::string Database::id() const {
  Header header = pack_.read<Header>(0).value_or(Header{});
  return "sha256:" + to_hex(ByteView(std::span<const std::uint8_t>(header.digest)));
}

std::string Database::newest() const {
  std::string date;
  for (const EcosystemInfo& info : ecosystems()) date = std::max(date, info.newest);
  return date;
}

}  // namespace fathom::vuln
