// Alpine's secdb: per release and repository, which version of a package fixed what. "0" means that
// no version ever was affected. What is not fixed is not in it.
//
//   {"distroversion": "v3.20", "reponame": "main", "packages": [{"pkg": {"name": "curl",
//    "secfixes": {"8.9.0-r0": ["CVE-2024-6197", "CVE-2024-6874 GHSA-…"], "0":
//    ["CVE-2021-22897"]}}}]}
//
// Wolfi, Chainguard and others publish the same form without "distroversion"; there the address of
// their packages says whose it is. Source: https://secdb.alpinelinux.org,
// gitlab.alpinelinux.org/alpine/infra/alpine-secdb

#include <algorithm>

#include "base/text.h"
#include "feeds/collector.h"

namespace fathom::feeds {
namespace {

using json::Value;
using vuln::Advisory;

// "CVE-2017-2616 (+ regression fix)" has one name, "CVE-2024-6874 GHSA-…" has two.
std::vector<std::string> names_in(std::string_view entry) {
  std::vector<std::string> names;
  for (std::string_view word : split(trim(entry), ' ')) {
    const std::size_t dash = word.find('-');
    if (word.starts_with('(')) break;
    if (dash == word.npos || dash == 0 || word.size() > 64) continue;
    names.emplace_back(word);
  }
  std::ranges::stable_sort(names, {}, [](const std::string& n) { return !n.starts_with("CVE-"); });
  return names;
}

struct Feed {
  std::string source, ecosystem;
};

Result<Feed> feed_of(const Value& document, const Context& context) {
  const std::string_view version = document["distroversion"].text_or();
  const std::string_view repository = document["reponame"].text_or();
  if (version.size() > 32 || repository.size() > 64)
    return Error{ErrorCode::limit_exceeded, "a name longer than the limit"};
  if (!version.empty()) {
    std::string source = "alpine" + (repository.empty() ? "" : "-" + std::string(repository));
    return Feed{std::move(source), "Alpine:" + std::string(version)};
  }
  const std::string where = to_lower(document["urlprefix"].text_or());
  for (std::string_view name : {"Wolfi", "Chainguard", "MinimOS"}) {
    const std::string word = to_lower(name);
    if (where.find(word) != std::string::npos && context.tables.knows(name))
      return Feed{word, std::string(name)};
  }
  return Error{ErrorCode::malformed, "neither distroversion nor a known urlprefix"};
}

class Package {
 public:
  Package(std::string name, const Feed& feed, Collector& out)
      : name_(std::move(name)), feed_(feed), out_(out) {}

  void add(const std::string& version, std::string_view entry) {
    std::vector<std::string> names = names_in(entry);
    if (names.empty()) return;
    Advisory& a = by_id_[names.front()];
    a.id = names.front();
    for (std::size_t i = 1; i < names.size(); ++i)
      if (std::ranges::find(a.aliases, names[i]) == a.aliases.end()) a.aliases.push_back(names[i]);
    if (version == "0") return;
    const bool readable = is_usable_version(version, out_.context().limits) &&
                          vuln::is_version(vuln::Scheme::apk, version);
    if (!readable) {
      a.unreadable.push_back("< " + printable(version, 80));
      return;
    }
    // Named twice, an earlier fix was not enough.
    if (!a.fixed_in.empty()) {
      auto order = vuln::compare(vuln::Scheme::apk, a.fixed_in.front(), version);
      if (order && *order >= 0) return;
    }
    a.fixed_in = {version};
  }

  Done finish() {
    for (auto& [id, a] : by_id_) {
      a.ecosystem = feed_.ecosystem;
      a.package = name_;
      a.scheme = vuln::Scheme::apk;
      a.source = feed_.source;
      if (!a.fixed_in.empty()) {
        vuln::Range range;
        range.fixed = a.fixed_in.front();
        a.ranges = {range};
        a.fix = FixState::fixed;
      } else if (a.unreadable.empty()) {
        a.ranges = {{}};
        a.unaffected = {{}};
      }
      TRY(out_.add(std::move(a)));
    }
    return Ok{};
  }

 private:
  std::string name_;
  const Feed& feed_;
  Collector& out_;
  std::map<std::string, Advisory> by_id_;
};

}  // namespace

Done read_secdb(std::string_view text, Collector& out) {
  const Value document = TRY(json::parse(text, out.context().limits));
  const Feed feed = TRY(feed_of(document, out.context()));
  out.name_part(feed.source, feed.ecosystem, true, out.context().file_day);
  for (const Value& entry : document["packages"].elements()) {
    const Value& pkg = entry["pkg"];
    const std::string_view name = pkg["name"].text_or();
    if (name.empty() || name.size() > out.context().limits.feed_version_bytes)
      return Error{ErrorCode::malformed, "a package without a usable name"};
    Package package(std::string(name), feed, out);
    const json::Object* fixes = pkg["secfixes"].object();
    if (fixes == nullptr) continue;
    for (const auto& [version, entries] : *fixes)
      for (const Value& fixed : entries.elements()) package.add(version, fixed.text_or());
    TRY(package.finish());
  }
  return Ok{};
}

}  // namespace fathom::feeds
