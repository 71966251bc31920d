// fathom db diff: what new data change. Findings are made anew from the components of a saved
// report, so no image is needed; what only the image can tell (whether code can be reached) is not
// compared.

#include <algorithm>
#include <map>
#include <set>

#include "base/limits.h"
#include "base/text.h"
#include "cli/data.h"
#include "cli/db.h"
#include "cli/options.h"
#include "cli/output.h"
#include "json/writer.h"
#include "scan/documents.h"
#include "vuln/match.h"

namespace fathom::cli {
namespace {

constexpr std::size_t kMostLines = 60;

struct Change {
  char sign = '~';  // '+', '-'
  std::string id, what, where;
  std::vector<std::string> changes;  // "severity high → critical"

  auto operator<=>(const Change&) const = default;
};

std::string name_of(char sign) {
  return sign == '+' ? "added" : sign == '-' ? "removed" : "changed";
}

void note(Change& change, std::string_view field, const std::string& before,
          const std::string& after) {
  if (before != after)
    change.changes.push_back(std::string(field) + " " + (before.empty() ? "none" : before) + " → " +
                             (after.empty() ? "none" : after));
}

// ---- Findings of a report

bool share_a_name(const Finding& a, const Finding& b) {
  auto has = [&](const std::string& name) {
    return name == b.id || std::ranges::find(b.aliases, name) != b.aliases.end();
  };
  return has(a.id) || std::ranges::any_of(a.aliases, has);
}

// What data alone decide.
bool is_of_data(Verdict verdict) {
  return verdict == Verdict::affected_by_version || verdict == Verdict::unknown ||
         verdict == Verdict::patched;
}

Change change_of(char sign, const Finding& finding, const Component& component) {
  const VersionClaim& v = component.version;
  return {sign,
          finding.id,
          component.name + (v.known()       ? " " + v.exact
                            : v.low.empty() ? ""
                                            : " " + v.low + "…"),
          component.file,
          {}};
}

std::vector<Change> changes_of(const Report& report, const std::vector<Finding>& before,
                               const std::vector<Finding>& after) {
  std::map<std::string_view, const Component*> components;
  for (const Component& component : report.components) components[component.id] = &component;
  std::multimap<std::string_view, const Finding*> old;
  for (const Finding& finding : before) old.emplace(finding.component, &finding);
  std::set<const Finding*> matched;
  std::vector<Change> out;
  for (const Finding& finding : after) {
    const Component& component = *components.at(finding.component);
    auto [begin, end] = old.equal_range(finding.component);
    auto same = std::find_if(begin, end, [&](const auto& entry) {
      return !matched.contains(entry.second) && share_a_name(*entry.second, finding);
    });
    Change change = change_of(same == end ? '+' : '~', finding, component);
    if (same == end) {
      change.changes.push_back("severity " + std::string(fathom::name_of(finding.severity)));
      if (!finding.fixed_in.empty())
        change.changes.push_back("fixed in " + join(finding.fixed_in, ", "));
    } else {
      const Finding& was = *same->second;
      matched.insert(&was);
      note(change, "severity", std::string(fathom::name_of(was.severity)),
           std::string(fathom::name_of(finding.severity)));
      note(change, "known exploited", was.kev ? "yes" : "no", finding.kev ? "yes" : "no");
      note(change, "fixed in", join(was.fixed_in, ", "), join(finding.fixed_in, ", "));
      note(change, "fix", std::string(fathom::name_of(was.fix)),
           std::string(fathom::name_of(finding.fix)));
      note(change, "disputed", was.disputed ? "yes" : "no", finding.disputed ? "yes" : "no");
      if (is_of_data(was.verdict))
        note(change, "verdict", std::string(fathom::name_of(was.verdict)),
             std::string(fathom::name_of(finding.verdict)));
    }
    if (!change.changes.empty()) out.push_back(std::move(change));
  }
  for (const Finding& finding : before)
    if (!matched.contains(&finding))
      out.push_back(change_of('-', finding, *components.at(finding.component)));
  std::ranges::sort(out);
  return out;
}

// ---- Two databases

std::string text_of(const std::vector<vuln::Range>& ranges) {
  std::vector<std::string> parts;
  for (const vuln::Range& range : ranges) parts.push_back(vuln::text_of(range));
  return join(parts, "; ");
}

using Key = std::tuple<std::string, std::string, std::string, std::string>;

std::map<Key, std::vector<vuln::Advisory>> advisories_of(const vuln::Database& database) {
  std::map<Key, std::vector<vuln::Advisory>> out;
  database.for_each_advisory([&](const vuln::Advisory& a) {
    if (!a.withdrawn) out[{a.ecosystem, a.package, a.id, a.source}].push_back(a);
  });
  return out;
}

std::vector<Change> changes_of(const vuln::Database& before, const vuln::Database& after) {
  std::map<Key, std::vector<vuln::Advisory>> old = advisories_of(before);
  std::vector<Change> out;
  for (const auto& [key, rows] : advisories_of(after)) {
    const auto& [ecosystem, package, id, source] = key;
    auto same = old.find(key);
    if (same == old.end()) {
      out.push_back({'+', id, package, ecosystem, {"affected " + text_of(rows[0].ranges)}});
      continue;
    }
    if (same->second != rows) {
      Change change{'~', id, package, ecosystem, {}};
      const vuln::Advisory &was = same->second[0], &is = rows[0];
      note(change, "affected", text_of(was.ranges), text_of(is.ranges));
      note(change, "severity", std::string(fathom::name_of(was.severity)),
           std::string(fathom::name_of(is.severity)));
      note(change, "fix", std::string(fathom::name_of(was.fix)),
           std::string(fathom::name_of(is.fix)));
      note(change, "note", was.note, is.note);
      if (change.changes.empty()) change.changes.emplace_back("other fields");
      out.push_back(std::move(change));
    }
    old.erase(same);
  }
  for (const auto& [key, rows] : old)
    out.push_back({'-', std::get<2>(key), std::get<1>(key), std::get<0>(key), {}});
  std::ranges::sort(out);
  return out;
}

// ---- Output

struct Section {
  std::string title;
  std::vector<Change> changes;
};

std::string text_of(const Section& section) {
  std::map<char, std::size_t> counts;
  for (const Change& change : section.changes) ++counts[change.sign];
  std::string out = printable(section.title, 4096) + ": " + with_thousands(counts['+']) +
                    " added, " + with_thousands(counts['-']) + " removed, " +
                    with_thousands(counts['~']) + " changed\n";
  for (std::size_t i = 0; i < section.changes.size() && i < kMostLines; ++i) {
    const Change& c = section.changes[i];
    out += std::string(1, c.sign) + " " + printable(c.id) + "  " + printable(c.what) + "  (" +
           printable(c.where) + ")";
    if (!c.changes.empty()) out += "  " + printable(join(c.changes, "; "), 300);
    out += "\n";
  }
  if (section.changes.size() > kMostLines)
    out += "  … and " + with_thousands(section.changes.size() - kMostLines) +
           " more; -o json has all\n";
  return out;
}

std::string json_of(const std::vector<Section>& sections) {
  json::Writer w;
  w.begin_object().key("compared").begin_array();
  for (const Section& section : sections) {
    w.begin_object().member("what", section.title).key("changes").begin_array();
    for (const Change& c : section.changes) {
      w.begin_object().member("change", name_of(c.sign)).member("id", c.id);
      w.member("package", c.what).member("where", c.where).strings("details", c.changes);
      w.end_object();
    }
    w.end_array().end_object();
  }
  w.end_array().end_object();
  return w.finish();
}

// ---- What was named

struct Named {
  std::vector<std::pair<std::string, vuln::UserData>> packs;
  std::vector<std::pair<std::string, Report>> reports;
};

Result<Named> read_words(const Words& words) {
  Named named;
  for (const std::string& word : words) {
    if (word.ends_with(".pack")) {
      std::optional<vuln::UserData> pack = TRY(vuln::UserData::open(word));
      if (!pack) return Error{ErrorCode::not_found, word + ": there is no such file"};
      named.packs.emplace_back(word, std::move(*pack));
      continue;
    }
    const std::string text = TRY(read_file(word, Limits{}.report_bytes));
    Report report = TRY(read_report_confined(text, word));
    named.reports.emplace_back(word, std::move(report));
  }
  if (named.packs.size() > 2) return usage("fathom db diff compares two databases, not more");
  if (named.packs.empty() && named.reports.empty())
    return usage("fathom db diff wants saved reports (REPORT.json) or databases (OLD.pack)");
  return named;
}

}  // namespace

Result<int> db_diff(const Arguments& arguments, const Words& words) {
  const DbOutput output = TRY(parse_db_output(arguments));
  const Named named = TRY(read_words(words));
  const Data data = TRY(open_data(arguments));
  const std::size_t packs = named.packs.size();
  auto stack = [&](std::size_t i) {
    return vuln::Databases(data.built_in, named.packs[i].second.database());
  };
  const vuln::Databases newest = packs == 2 ? stack(1) : data.databases();

  std::vector<Section> sections;
  for (const auto& [name, report] : named.reports) {
    const std::vector<Finding> before =
        packs > 0 ? vuln::match(report.components, stack(0)) : report.findings;
    sections.push_back({name, changes_of(report, before, vuln::match(report.components, newest))});
  }
  if (named.reports.empty()) {
    if (!newest.user()) return usage("nothing has been imported to compare with");
    sections.push_back(
        {named.packs[0].first + " → " + (packs == 2 ? named.packs[1].first : "present data"),
         changes_of(named.packs[0].second.database(), *newest.user())});
  }
  std::string text;
  for (const Section& section : sections) text += text_of(section);
  TRY(write_db_output(output, output.json ? json_of(sections) : text));
  return std::ranges::any_of(sections, [](const Section& s) { return !s.changes.empty(); }) ? 1 : 0;
}

}  // namespace fathom::cli
