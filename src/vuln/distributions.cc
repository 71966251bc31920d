#include "vuln/distributions.h"

#include <algorithm>

#include "base/text.h"

namespace fathom::vuln {
namespace {

std::string_view field(const std::vector<std::string_view>& fields, std::size_t i) {
  return i < fields.size() && fields[i] != "-" ? fields[i] : std::string_view();
}

std::string_view base_of(std::string_view ecosystem) {
  return ecosystem.substr(0, ecosystem.find(':'));
}

// The first `count` numbers of "3.20.3", or nothing when there are not as many.
std::string first_numbers(std::string_view version, std::size_t count) {
  std::string out;
  std::vector<std::string_view> parts = split(version, '.');
  if (parts.size() < count) return {};
  for (std::size_t i = 0; i < count; ++i) {
    std::string_view digits = parts[i].substr(0, parts[i].find_first_not_of("0123456789"));
    if (digits.empty()) return {};
    out += (i > 0 ? "." : "") + std::string(digits);
  }
  return out;
}

// Alpine numbers what is not released yet "3.21_alpha20240923".
bool is_unreleased(std::string_view version) { return version.find('_') != version.npos; }

// Fills one alternative of the column "release"; empty when the version does not have what it asks.
std::string suffix_of(std::string_view form, std::string_view version) {
  std::string out(form);
  for (auto [mark, count] : {std::pair("{version}", 0u), {"{major}", 1u}, {"{minor}", 2u}}) {
    std::size_t at = out.find(mark);
    if (at == out.npos) continue;
    std::string value = count == 0 ? std::string(version) : first_numbers(version, count);
    if (value.empty()) return {};
    out.replace(at, std::string_view(mark).size(), value);
  }
  return out;
}

}  // namespace

Distributions Distributions::parse(std::string_view text) {
  Distributions out;
  for (std::string_view line : lines_of(text)) {
    std::vector<std::string_view> f = split(line, '\t');
    auto at = [&](std::size_t i) { return std::string(field(f, i)); };
    if (f[0] == "ecosystem") out.rows_.push_back({at(1), at(2), at(3), at(4), at(5)});
    if (f[0] == "release") out.releases_.push_back({at(1), at(2), at(3), at(4), at(5)});
  }
  return out;
}

const Distributions::Row* Distributions::row_of(std::string_view ecosystem) const {
  auto row = std::ranges::find(rows_, base_of(ecosystem), &Row::ecosystem);
  return row == rows_.end() ? nullptr : &*row;
}

const Distributions::Row* Distributions::row_of_os(std::string_view os) const {
  if (os.empty()) return nullptr;
  auto row = std::ranges::find(rows_, os, &Row::os);
  return row == rows_.end() ? nullptr : &*row;
}

bool Distributions::knows(std::string_view ecosystem) const { return row_of(ecosystem) != nullptr; }

std::optional<Scheme> Distributions::scheme_of(std::string_view ecosystem) const {
  const Row* row = row_of(ecosystem);
  return row == nullptr ? std::nullopt : parse_scheme(row->scheme);
}

bool Distributions::has_releases(std::string_view ecosystem) const {
  const Row* row = row_of(ecosystem);
  return row != nullptr && !row->release.empty();
}

std::string Distributions::purl_type(std::string_view ecosystem) const {
  const Row* row = row_of(ecosystem);
  return row == nullptr ? std::string() : row->purl.substr(0, row->purl.find('/'));
}

std::string Distributions::ecosystem_of(std::string_view type, std::string_view name_space,
                                        std::string_view distro) const {
  const std::string full = std::string(type) + "/" + std::string(name_space);
  for (const Row& row : rows_) {
    if (row.purl.empty() || (row.purl != type && row.purl != full)) continue;
    if (row.os.empty() || distro.empty()) return row.ecosystem;
    std::size_t dash = distro.rfind('-');
    std::string_view version = dash == distro.npos ? distro : distro.substr(dash + 1);
    // "bookworm" and "debian-12" are both in use.
    if (dash == distro.npos && first_numbers(version, 1).empty())
      return ecosystem_of_codename(row.ecosystem, distro);
    std::optional<Release> release = release_of(row.os, version);
    return release ? release->ecosystems.front() : row.ecosystem;
  }
  return {};
}

std::optional<Release> Distributions::release_of(std::string_view os,
                                                 std::string_view version) const {
  const Row* row = row_of_os(os);
  if (row == nullptr) return std::nullopt;
  Release release{std::string(os), std::string(version), {}, {}};
  std::vector<std::string_view> forms;
  if (!row->release.empty()) forms = split(row->release, '|');
  for (std::string_view form : forms) {
    constexpr std::string_view kEdge = "edge=";
    const bool for_edge = form.starts_with(kEdge);
    if (for_edge != (is_unreleased(version) && row->release.find(kEdge) != std::string::npos))
      continue;
    std::string suffix =
        for_edge ? std::string(form.substr(kEdge.size())) : suffix_of(form, version);
    if (!suffix.empty()) release.ecosystems.push_back(row->ecosystem + suffix);
  }
  if (row->release.empty()) release.ecosystems.push_back(row->ecosystem);
  if (release.ecosystems.empty()) return std::nullopt;
  for (const ReleaseRow& r : releases_) {
    if (r.os != os) continue;
    const bool same = version == r.release || first_numbers(version, 1) == r.release ||
                      first_numbers(version, 2) == r.release;
    if (same && !is_unreleased(version)) release.end_of_life = std::max(r.end, r.long_end);
  }
  return release;
}

std::optional<Release> Distributions::release_of(const std::vector<Component>& components) const {
  for (const Component& component : components)
    if (component.ecosystem == "os") return release_of(component.name, component.version.exact);
  return std::nullopt;
}

std::string Distributions::ecosystem_of_codename(std::string_view ecosystem,
                                                 std::string_view codename) const {
  const Row* row = row_of(ecosystem);
  if (row != nullptr)
    for (const ReleaseRow& r : releases_)
      if (r.os == row->os && r.codename == codename)
        if (std::optional<Release> release = release_of(row->os, r.release))
          return release->ecosystems.front();
  return std::string(ecosystem) + ":" + std::string(codename);
}

}  // namespace fathom::vuln
