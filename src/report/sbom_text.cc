#include "report/sbom_text.h"

#include <array>
#include <map>

#include "base/text.h"
#include "report/columns.h"
#include "report/rows.h"
#include "report/sbom_json.h"

namespace fathom {
namespace {

constexpr std::size_t kMostLines = 40;      // of one state of one document
constexpr std::size_t kMostDocuments = 20;  // shown in full
constexpr std::size_t kMostSummaries = 5;

struct State {
  ClaimState state;
  std::string_view words, heading;
};
constexpr std::array kStates = {
    State{ClaimState::confirmed, "confirmed", "confirmed"},
    State{ClaimState::other_version, "other version", "claimed in another version"},
    State{ClaimState::other_digest, "other digest", "claimed with another digest"},
    State{ClaimState::not_found, "not found", "claimed and not found"},
    State{ClaimState::version_unknown, "version unknown", "found, version not told by the bytes"},
    State{ClaimState::not_checked, "not checked", "not checked"},
};

std::string counts_text(const SbomRow& row, bool files) {
  std::uint64_t total = 0;
  std::string text;
  for (const State& state : kStates) {
    const std::uint64_t count = count_of(row, state.state, files);
    total += count;
    if (count == 0) continue;
    text += (text.empty() ? "" : ", ") + with_thousands(count) + " " + std::string(state.words);
  }
  if (total == 0) return {};
  return with_thousands(total) + (files ? " about files: " : " about components: ") + text;
}

// Without the archives that it is in.
std::string short_path(std::string_view path) {
  const std::size_t inner = path.rfind("!/");
  return printable(inner == path.npos ? path : path.substr(inner + 2));
}

std::string head_of(const SbomRow& row) {
  std::string text = row.origin + " " + short_path(row.file) + ": " + printable(row.form);
  if (!row.tool.empty()) text += " by " + printable(row.tool);
  if (!row.subject.empty()) text += ", of " + printable(row.subject);
  return text;
}

std::string share_text(std::int64_t ten_thousandths) {
  return ten_thousandths < 0 ? "-" : percent_text(ten_thousandths) + " %";
}

std::int64_t explained_share(const SbomRow& row) {
  if (row.executable_bytes == 0) return -1;
  return static_cast<std::int64_t>(static_cast<double>(row.explained_bytes) * 10'000.0 /
                                   static_cast<double>(row.executable_bytes));
}

std::string evidence_text(const std::vector<Evidence>& list) {
  if (list.empty()) return {};
  const Evidence& evidence = list.front();
  std::string place = text_of(evidence.place);
  return printable(evidence.analyzer) + (place.empty() ? "" : " at " + printable(place)) + ": " +
         printable(evidence.seen);
}

class Page {
 public:
  Page(const Report& report, const ReportOptions& options) : report_(report), options_(options) {
    for (const Component& component : report.components) by_id_.emplace(component.id, &component);
  }

  std::string run() {
    out_ += printable(report_.target);
    if (!report_.image.platform.empty()) out_ += "  " + printable(report_.image.platform);
    out_ += "\n";
    if (report_.sboms.empty()) out_ += "\nNo bill of materials was given or lies in it.\n";
    std::size_t shown = 0;
    for (const SbomRow& row : report_.sboms)
      if (shown++ < kMostDocuments) write_document(row);
    if (report_.sboms.size() > kMostDocuments)
      out_ += "\n" + with_thousands(report_.sboms.size() - kMostDocuments) +
              " more documents (-o json)\n";
    for (const std::string& reason : report_.policy.reasons)
      out_ += "\npolicy failed: " + printable(reason) + "\n";
    return std::move(out_);
  }

 private:
  void line(const std::string& text) { out_ += fit_end(text, options_.width) + "\n"; }

  void write_document(const SbomRow& row) {
    out_ += "\n";
    line(head_of(row));
    line("  held against: " + (row.scope.empty() ? "the image" : printable(row.scope)));
    for (const bool files : {false, true})
      if (const std::string counts = counts_text(row, files); !counts.empty())
        line("  claims " + counts);
    line("  precision " + share_text(precision_of(row)) + ", recall " + share_text(recall_of(row)) +
         " of " + with_thousands(row.found) + " components found; explains " +
         share_text(explained_share(row)) + " of " + human_bytes(row.executable_bytes) +
         " executable");
    for (const State& state : kStates)
      if (state.state != ClaimState::confirmed) write_claims(row, state);
    write_unclaimed(row);
  }

  void write_claims(const SbomRow& row, const State& state) {
    std::size_t count = 0;
    for (const ClaimRow& claim : row.claims) {
      if (claim.state != state.state) continue;
      if (count++ == 0) out_ += "  " + std::string(state.heading) + "\n";
      if (count <= kMostLines) write_claim(claim);
    }
    if (count > kMostLines)
      out_ += "    " + with_thousands(count - kMostLines) + " more (-o json)\n";
  }

  void write_claim(const ClaimRow& claim) {
    std::string text = "    " + printable(claim.entry.name);
    if (!claim.entry.version.empty()) text += " " + printable(claim.entry.version);
    text += ": " + printable(claim.why);
    if (const std::string seen = evidence_text(claim.evidence); !seen.empty())
      text += " (" + seen + ")";
    line(text);
  }

  void write_unclaimed(const SbomRow& row) {
    if (row.unclaimed.empty()) return;
    out_ += "  found and not claimed\n";
    std::size_t count = 0;
    for (const std::string& id : row.unclaimed) {
      const auto found = by_id_.find(id);
      if (found == by_id_.end() || ++count > kMostLines) continue;
      const Component& component = *found->second;
      std::string text = "    " + printable(component.name) + " " +
                         printable(version_text(component.version)) + ": in " +
                         short_path(component.file);
      if (const std::string seen = evidence_text(component.evidence); !seen.empty())
        text += " (" + seen + ")";
      line(text);
    }
    if (row.unclaimed.size() > kMostLines)
      out_ += "    " + with_thousands(row.unclaimed.size() - kMostLines) + " more (-o json)\n";
  }

  const Report& report_;
  const ReportOptions& options_;
  std::map<std::string_view, const Component*> by_id_;
  std::string out_;
};

}  // namespace

std::string sbom_audit_page(const Report& report, const ReportOptions& options) {
  return Page(report, options).run();
}

std::vector<std::string> sbom_summary(const Report& report) {
  std::vector<std::string> lines;
  for (const SbomRow& row : report.sboms) {
    if (lines.size() == kMostSummaries) {
      lines.push_back(with_thousands(report.sboms.size() - kMostSummaries) +
                      " more SBOMs (fathom audit)");
      break;
    }
    std::string text = "SBOM, " + head_of(row) + "; not evidence";
    if (const std::string counts = counts_text(row, false); !counts.empty())
      text += "; claims " + counts;
    if (!row.unclaimed.empty())
      text += "; " + with_thousands(row.unclaimed.size()) + " found and not claimed";
    lines.push_back(text + " (fathom audit)");
  }
  return lines;
}

}  // namespace fathom
