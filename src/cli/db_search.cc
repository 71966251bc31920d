// fathom db search: by id, alias, package or purl. A purl with a version asks the question that
// scan asks of a component; anything else shows what the packs have, the built-in one first.

#include <algorithm>

#include "base/text.h"
#include "cli/data.h"
#include "cli/db.h"
#include "cli/options.h"
#include "json/writer.h"
#include "model/purl.h"
#include "vuln/distributions.h"
#include "vuln/match.h"

namespace fathom::cli {
namespace {

struct Found {
  vuln::Advisory advisory;
  std::string pack;  // "built-in", "imported"
  std::string why;   // of a purl with a version: how it is affected
};

bool same_text(std::string_view a, std::string_view b) { return to_lower(a) == to_lower(b); }

bool is_named(const vuln::Advisory& a, std::string_view word) {
  if (same_text(a.id, word) || same_text(a.record(), word) || same_text(a.package, word))
    return true;
  return std::ranges::any_of(a.aliases,
                             [&](const std::string& alias) { return same_text(alias, word); });
}

template <class Is>
std::vector<Found> find(const Data& data, Is is) {
  std::vector<Found> out;
  auto look = [&](const vuln::Database& database, const std::string& pack) {
    database.for_each_advisory([&](const vuln::Advisory& a) {
      if (is(a)) out.push_back({a, pack, {}});
    });
  };
  look(data.built_in, "built-in");
  if (data.user) look(data.user->database(), "imported");
  return out;
}

struct Wanted {
  std::string ecosystem, package, version;
};

Result<Wanted> wanted_of(const std::string& text, const vuln::Distributions& tables) {
  const Purl purl = TRY(parse_purl(text).in(printable(text)));
  Wanted wanted;
  auto distro = purl.qualifiers.find("distro");
  wanted.ecosystem = tables.ecosystem_of(purl.type, purl.namespace_,
                                         distro == purl.qualifiers.end() ? "" : distro->second);
  wanted.package = purl.name;
  if (!vuln::is_of_distribution(purl.type) && !purl.namespace_.empty())
    wanted.package = purl.namespace_ + (purl.type == "maven" ? ":" : "/") + purl.name;
  if (wanted.ecosystem == "PyPI") wanted.package = vuln::normal_pypi_name(wanted.package);
  wanted.version = purl.version;
  if (wanted.ecosystem.empty())
    return Error{ErrorCode::usage, printable(text) + ": no ecosystem that is known here"};
  return wanted;
}

// "Debian" without a release stands for all of them.
bool is_in(std::string_view ecosystem, std::string_view wanted) {
  return ecosystem == wanted ||
         (wanted.find(':') == wanted.npos && ecosystem.substr(0, ecosystem.find(':')) == wanted);
}

std::vector<Found> find_affecting(const Data& data, const Wanted& wanted) {
  std::vector<Found> all = find(data, [&](const vuln::Advisory& a) {
    return is_in(a.ecosystem, wanted.ecosystem) && a.package == wanted.package;
  });
  if (wanted.version.empty()) return all;
  std::vector<Found> out;
  for (Found& found : all) {
    std::optional<std::string> why = vuln::why_affected(found.advisory, wanted.version);
    if (!why) continue;
    found.why = std::move(*why);
    out.push_back(std::move(found));
  }
  return out;
}

// ---- Output

std::string ranges_text(const vuln::Advisory& a) {
  if (a.withdrawn) return "withdrawn";
  if (!a.unaffected.empty() && a.unaffected[0] == vuln::Range{}) return "not affected";
  std::vector<std::string> parts;
  for (const vuln::Range& range : a.ranges) parts.push_back(vuln::text_of(range));
  for (const std::string& text : a.unreadable) parts.push_back("not readable: " + text);
  return parts.empty() ? "no range stated" : join(parts, "; ");
}

std::string text_of(const Found& found, const vuln::Databases& databases) {
  const vuln::Advisory& a = found.advisory;
  std::string out = printable(a.id);
  if (!a.aliases.empty()) out += " (" + printable(join(a.aliases, ", ")) + ")";
  out += "  " + std::string(name_of(a.severity));
  if (!a.cvss_score.empty()) out += " " + printable(a.cvss_score);
  if (databases.is_known_exploited(a.id)) out += "  known exploited";
  if (a.disputed) out += "  disputed";
  out += "\n  " + printable(a.ecosystem) + "  " + printable(a.package) + "  " +
         printable(ranges_text(a), 400);
  if (a.fix != FixState::unknown) out += "  [" + std::string(name_of(a.fix)) + "]";
  if (!a.note.empty()) out += "  " + printable(a.note);
  out += "\n  " + found.pack + " " + printable(a.source);
  if (!a.document.empty()) out += " " + printable(a.document);
  if (!a.modified.empty() || !a.published.empty())
    out += ", " + printable(a.modified.empty() ? a.published : a.modified);
  if (!found.why.empty()) out += "\n  " + printable(found.why, 400);
  return out + "\n";
}

std::string json_of(const std::vector<Found>& all, const vuln::Databases& databases) {
  json::Writer w;
  w.begin_object().key("advisories").begin_array();
  for (const Found& found : all) {
    const vuln::Advisory& a = found.advisory;
    w.begin_object().member("id", a.id);
    w.strings("aliases", a.aliases);
    w.member("ecosystem", a.ecosystem).member("package", a.package);
    w.member("affected", ranges_text(a));
    w.strings("fixed_in", a.fixed_in);
    w.member("severity", name_of(a.severity));
    w.optional_member("score", a.cvss_score).optional_member("cvss", a.cvss);
    w.member("known_exploited", databases.is_known_exploited(a.id));
    if (a.fix != FixState::unknown) w.member("fix", name_of(a.fix));
    w.optional_member("note", a.note).optional_member("published", a.published);
    w.optional_member("modified", a.modified);
    w.member("withdrawn", a.withdrawn).member("disputed", a.disputed);
    w.member("pack", found.pack).member("source", a.source);
    w.optional_member("document", a.document).optional_member("why", found.why);
    w.end_object();
  }
  w.end_array().end_object();
  return w.finish();
}

}  // namespace

Result<int> db_search(const Arguments& arguments, const Words& words) {
  if (words.size() != 1)
    return usage("fathom db search wants one word: an id, a package, or a package URL");
  const DbOutput output = TRY(parse_db_output(arguments));
  const Data data = TRY(open_data(arguments));
  const vuln::Databases databases = data.databases();
  const std::string& word = words[0];
  std::vector<Found> found;
  if (word.starts_with("pkg:")) {
    const auto tables = vuln::Distributions::parse(databases.section("distributions"));
    const Wanted wanted = TRY(wanted_of(word, tables));
    found = find_affecting(data, wanted);
  } else {
    found = find(data, [&](const vuln::Advisory& a) { return is_named(a, word); });
  }
  std::string text;
  for (const Found& one : found) text += text_of(one, databases);
  if (found.empty()) text = "nothing found for " + printable(word) + "\n";
  TRY(write_db_output(output, output.json ? json_of(found, databases) : text));
  return found.empty() ? 1 : 0;
}

}  // namespace fathom::cli
