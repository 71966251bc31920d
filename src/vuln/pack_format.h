// The layout of a pack. Private to this room: vuln/pack_writer.h writes it, vuln/database.h reads
// it.
//
//   header | section table | sections, each at a multiple of 64
//
// Everything is little-endian. Tables hold records of fixed size, sorted by what they are looked
// up by. A text is the offset of a length (32 bits) and that many bytes in the section "strings";
// offset 0 is the empty text. A list is a run of texts in the section "lists".

#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/text.h"

namespace fathom::vuln::pack {

static_assert(std::endian::native == std::endian::little, "records are read as they lie");

constexpr std::array<char, 16> kMagic = {'f', 'a', 't', 'h',  'o',  'm', ' ',  'p',
                                         'a', 'c', 'k', '\r', '\n', 0,   0x1a, '\n'};
constexpr std::uint32_t kVersion = 2;
constexpr std::uint64_t kAlignment = 64;
constexpr std::uint32_t kMostSections = 256;

// What one look-up may gather; the writer refuses more.
constexpr std::uint32_t kMostAdvisories = 65'536;  // of one package
constexpr std::uint64_t kMostListed = 512 * 1024;  // ranges and texts of lists, of one package

struct Header {
  std::array<char, 16> magic;
  std::uint32_t version;
  std::uint32_t sections;
  std::uint64_t size;                   // of the whole pack
  std::array<std::uint8_t, 32> digest;  // SHA-256 of everything behind the header
};
static_assert(sizeof(Header) == 64);

struct Section {
  std::array<char, 16> name;  // padded with NUL
  std::uint64_t offset, size;
};
static_assert(sizeof(Section) == 32);

using Text = std::uint32_t;

struct List {
  std::uint32_t first, count;
};

struct PackageRecord {  // by (ecosystem, name)
  Text ecosystem, name;
  std::uint32_t first, count;  // in "advisories"
};

struct AdvisoryRecord {
  Text id, cvss, cvss_score, published, modified, source, document, note;
  List aliases, fixed_in, unreadable;
  std::uint32_t first_range, ranges, unaffected;  // the unaffected ones stand behind the others
  std::uint8_t scheme, severity, fix, low_confidence, informational, withdrawn, disputed, secondary;
};
static_assert(sizeof(AdvisoryRecord) == 76);

struct RangeRecord {
  Text introduced, fixed, last_affected;
  std::uint32_t introduced_exclusive;
};

struct EcosystemRecord {  // by name
  Text name, newest;
  std::uint64_t advisories;
};

struct LibraryRecord {  // by id
  Text id;
  List cpes, source_packages;
};

struct EpssRecord {  // by key
  std::uint32_t key, score_e5, percentile_e5;
};

struct CveRecord {  // by key
  std::uint32_t key;
  Text cvss, cvss_score;
  std::uint8_t severity, rejected, disputed, unused;
};

struct SourceRecord {  // by (name, part)
  Text name, part, newest, origin, imported, digest;
  std::uint64_t records;
};
static_assert(sizeof(SourceRecord) == 32);

// The section "ids" has the Text of every Advisory::record(), each once, sorted.

// The names of the sections.
constexpr std::string_view kStrings = "strings", kLists = "lists", kRanges = "ranges",
                           kAdvisories = "advisories", kPackages = "packages",
                           kEcosystems = "ecosystems", kLibraries = "libraries", kKev = "kev",
                           kEpss = "epss", kCves = "cves", kSources = "sources", kIds = "ids";

// A CVE name as a number that sorts by year, then by number: 6 bits of year from 1999 on, 26 bits.
// Nothing for other names.
inline std::optional<std::uint32_t> key_of_cve(std::string_view name) {
  constexpr std::uint64_t kFirstYear = 1999, kYears = 64, kNumbers = 1u << 26;
  if (!name.starts_with("CVE-") || name.size() < 10 || name[8] != '-') return std::nullopt;
  std::optional<std::uint64_t> year = parse_unsigned(name.substr(4, 4));
  std::optional<std::uint64_t> number = parse_unsigned(name.substr(9));
  if (!year || !number || *year < kFirstYear || *year >= kFirstYear + kYears || *number >= kNumbers)
    return std::nullopt;
  return static_cast<std::uint32_t>((*year - kFirstYear) * kNumbers + *number);
}

inline std::string cve_of_key(std::uint32_t key) {
  std::string number = std::to_string(key & ((1u << 26) - 1));
  if (number.size() < 4) number.insert(0, 4 - number.size(), '0');
  return "CVE-" + std::to_string(1999 + (key >> 26)) + "-" + number;
}

}  // namespace fathom::vuln::pack
