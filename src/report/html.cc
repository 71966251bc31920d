// One page that needs nothing else: no network, no fonts, no images. It is complete as it is
// written; the script only filters tables. The policy in its head forbids everything but the one
// style and the one script, each named by its digest, so that markup that got through in spite of
// the escaping could load nothing and run nothing. Links to advisories are followed only by whoever
// clicks on them.

#include <algorithm>
#include <array>

#include "base/base64.h"
#include "base/digest.h"
#include "base/text.h"
#include "report/formats.h"
#include "report/hardening.h"
#include "report/html_parts.h"
#include "report/rows.h"

namespace fathom {

extern const std::string_view kPageCss, kPageJs;

namespace {

using html::name;
using html::Table;
using html::text;

constexpr std::size_t kMostFindings = 3000, kMostComponents = 3000, kMostGaps = 500,
                      kMostFiles = 300;

std::string counted(std::size_t count, std::string_view what) {
  return with_thousands(count) + " " + std::string(what) + (count == 1 ? "" : "s");
}

// What a Content-Security-Policy calls a text.
std::string source_of(std::string_view content) {
  const std::string hex = sha256_of(ByteView::of(content)).hex;
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
    bytes += static_cast<char>(parse_unsigned(hex.substr(i, 2), 16).value_or(0));
  return "'sha256-" + base64(bytes) + "'";
}

std::string link_to(std::string_view id) {
  const std::string url = advisory_url(id);
  if (url.empty()) return name(id);
  return "<a rel=\"noreferrer\" href=\"" + text(url, 2000) + "\">" + text(id) + "</a>";
}

std::string from_tag(Side side) {
  if (side == Side::unknown) return {};
  return "<span class=\"from-" + std::string(name_of(side)) + "\">" +
         (side == Side::base ? "base" : "you") + "</span>";
}

std::string per_cent(std::uint64_t part, std::uint64_t all) {
  if (all == 0) return "–";
  return std::to_string(part * 100 / all) + " %";
}

class Page {
 public:
  Page(const Report& report, const ReportOptions& options)
      : report_(report), options_(options), iceberg_(iceberg_of(report)) {}

  std::string run() {
    write_head();
    write_cards();
    out_ += "<h2 id=\"iceberg\">What package data tell, and what the code tells</h2>\n";
    out_ += html::iceberg_figure(report_, iceberg_);
    write_findings();
    write_components();
    write_coverage();
    write_origin();
    write_layers();
    write_hardening();
    write_gaps();
    write_foot();
    return std::move(out_);
  }

 private:
  void heading(std::string_view id, std::string_view title) {
    out_ += "<h2 id=\"" + std::string(id) + "\">" + std::string(title) + "</h2>\n";
  }
  void paragraph(const std::string& markup, std::string_view style = "") {
    out_ += style.empty() ? "<p>" : "<p class=\"" + std::string(style) + "\">";
    out_ += markup + "</p>\n";
  }

  void write_head() {
    out_ +=
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src " +
        source_of(kPageCss) + "; script-src " + source_of(kPageJs) +
        "; base-uri 'none'; form-action 'none'\">\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
        "<meta name=\"referrer\" content=\"no-referrer\">\n<title>" +
        text(report_.target) + " – fathom</title>\n<style>" + std::string(kPageCss) +
        "</style>\n</head>\n<body>\n<header>\n<h1>" + name(report_.target) + "</h1>\n";
    std::vector<std::string> parts;
    if (!report_.image.platform.empty()) parts.push_back(text(report_.image.platform));
    for (const std::string& tag : report_.image.names) parts.push_back(name(tag));
    parts.push_back(text(report_.now.substr(0, 10)));
    if (!report_.image.digest.empty())
      parts.push_back("<code>" + text(report_.image.digest) + "</code>");
    paragraph(join(parts, " · "), "soft");
    if (report_.incomplete)
      paragraph("Incomplete: a limit of last resort ended the scan before everything was read.",
                "bad");
    if (report_.policy.failed || report_.exit_status != 0)
      paragraph(text(outcome_text(report_)), "bad");
    out_ += "<nav>";
    for (const auto& [id, title] :
         {std::pair("iceberg", "Iceberg"), std::pair("findings", "Findings"),
          std::pair("components", "Components"), std::pair("coverage", "Coverage"),
          std::pair("origin", "Origin"), std::pair("layers", "Layers"), std::pair("gaps", "Gaps")})
      out_ += std::string("<a href=\"#") + id + "\">" + title + "</a>";
    out_ += "</nav>\n</header>\n<main>\n";
  }

  void card(const std::string& value, const std::string& what) {
    out_ += "<div class=\"card\"><b>" + value + "</b><span>" + what + "</span></div>\n";
  }

  void write_cards() {
    const Totals totals = totals_of(report_);
    const Coverage& coverage = report_.coverage;
    out_ += "<div class=\"cards\">\n";
    card(with_thousands(totals.active()),
         totals.active() == 0 ? "findings" : "findings: " + text(words_of(totals)));
    card(with_thousands(iceberg_.hidden.components) + " of " + with_thousands(iceberg_.rows.size()),
         "components that no package data name");
    card(per_cent(coverage.attributed_bytes, coverage.executable_bytes),
         "of " + human_bytes(coverage.executable_bytes) + " executable bytes attributed");
    card(with_thousands(report_.gaps.size()), "gaps: what could not be read or judged");
    out_ += "</div>\n";
    const std::vector<std::string> missing = not_assessed(report_);
    if (!missing.empty())
      paragraph("Not assessed, the data have no advisories: " + text(join(missing, ", ")), "bad");
  }

  // ---- Findings

  void write_findings() {
    heading("findings", "Findings");
    Table table("t-findings", {{"Advisory"},
                               {"Severity"},
                               {"CVSS", true},
                               {"EPSS", true},
                               {"Component"},
                               {"From"},
                               {"Fixed in"},
                               {"Verdict"},
                               {"Where"}});
    std::size_t rows = 0, uncertain = 0;
    for (const FindingRow& row : rows_of(report_, options_)) {
      const Finding& f = *row.finding;
      if (f.range_uncertain) {
        ++uncertain;
        continue;
      }
      if (++rows > kMostFindings) continue;
      table.row({link_to(f.id) + (f.kev ? " <span class=\"chip s-critical\">exploited</span>" : ""),
                 html::chip(f.severity), text(f.cvss_score), text(f.epss.substr(0, 5)),
                 name(row.component->name + " " + version_text(row.component->version)),
                 from_tag(row.component->side), text(f.fixed_in.empty() ? "" : f.fixed_in.front()),
                 verdict_of(f), name(row.component->file)});
    }
    if (table.empty())
      paragraph(report_.components.empty() ? "Nothing was recognised, so nothing was judged: no "
                                             "findings here does not mean that nothing is wrong."
                                           : "None among what the data can judge.");
    else
      out_ += table.take(rows > kMostFindings ? rows - kMostFindings : 0);
    if (uncertain > 0)
      paragraph("Besides, " + counted(uncertain, "finding") +
                    " whose version range is uncertain: a distribution may have the fix without "
                    "the version showing it.",
                "soft");
  }

  static std::string verdict_of(const Finding& finding) {
    std::string out(name_of(finding.verdict));
    std::ranges::replace(out, '_', ' ');
    if (suppression_of(finding) != Suppression::none) out += ": " + text(reason_of(finding));
    if (finding.in_baseline) out += ", in the baseline";
    return out;
  }

  // ---- Components

  void write_components() {
    heading("components", "Components");
    Table table(
        "t-components",
        {{"Component"}, {"Seen by"}, {"From"}, {"Findings", true}, {"Where"}, {"How it is known"}});
    std::size_t rows = 0;
    for (const SightRow& row : iceberg_.rows) {
      if (++rows > kMostComponents) continue;
      const Component& c = *row.component;
      const std::string how = c.evidence.empty() ? row.why
                                                 : c.evidence.front().analyzer + " at " +
                                                       fathom::text_of(c.evidence.front().place) +
                                                       ": " + c.evidence.front().seen;
      table.row(
          {name(c.name + " " + version_text(c.version)), seen_words(row), from_tag(c.side),
           row.findings == 0 ? "" : with_thousands(row.findings) + " " + html::chip(row.worst),
           name(c.file), text(how, 160)});
    }
    if (table.empty())
      paragraph("None was recognised.");
    else
      out_ += table.take(rows > kMostComponents ? rows - kMostComponents : 0);
  }

  static std::string seen_words(const SightRow& row) {
    switch (row.sight) {
      case Sight::hidden:
        return "<span class=\"seen-hidden\">code only</span>";
      case Sight::both:
        return "both" + (row.counterpart == nullptr
                             ? std::string()
                             : ", as package " + name(row.counterpart->name));
      case Sight::claimed:
        return "package data only";
    }
    return {};
  }

  // ---- Coverage

  void write_coverage() {
    heading("coverage", "Coverage");
    const Coverage& c = report_.coverage;
    paragraph(counted(c.files, "file") + " with content, " + with_thousands(c.executable_files) +
              " with code");
    out_ += html::bar({{"f-good", c.identified, with_thousands(c.identified) + " identified"},
                       {"f-none", c.inert, with_thousands(c.inert) + " inert data"},
                       {"f-bad", c.gaps, with_thousands(c.gaps) + " gaps"}});
    if (c.executable_bytes > 0) {
      paragraph("Executable bytes");
      out_ += html::bar(
          {{"f-good", c.attributed_bytes, human_bytes(c.attributed_bytes) + " attributed"},
           {"f-bad", c.executable_bytes - std::min(c.executable_bytes, c.attributed_bytes),
            human_bytes(iceberg_.dark_bytes) + " not accounted for"}});
    }
    Table table("t-ecosystems",
                {{"Ecosystem"}, {"Components", true}, {"Advisories", true}, {"Newest"}});
    for (const EcosystemCoverage& row : c.ecosystems)
      table.row({name(row.ecosystem + (row.release.empty() ? "" : " (" + row.release + ")")),
                 with_thousands(row.components),
                 row.advisories == 0 ? "<span class=\"bad\">not assessed</span>"
                                     : with_thousands(row.advisories),
                 text(row.newest)});
    if (!table.empty())
      out_ += "<details><summary>By ecosystem</summary>" + table.take() + "</details>\n";
  }

  // ---- Origin

  void write_origin() {
    heading("origin", "Where it comes from");
    const BaseImage& base = report_.origin.base;
    std::string says =
        base.by == BaseBy::nothing
            ? std::string("No base image was recognised.")
            : "Base image: " + name(base.name.empty() ? base.digest : base.name) + ".";
    if (base.age_days >= 0)
      says += " It is " + counted(static_cast<std::size_t>(base.age_days), "day") + " old (" +
              text(base.created) + ").";
    if (!base.updates.empty())
      says +=
          " " + counted(base.updates.size(), "package") + " of it would get a fix from an update.";
    paragraph(says);
    struct Words {
      Explained explained;
      std::string_view style, label;
    };
    static constexpr std::array kWords = {
        Words{Explained::package, "f-good", "of a package, as installed"},
        Words{Explained::attested, "f-low", "named by a statement"},
        Words{Explained::revision, "f-sea", "names its sources' revision"},
        Words{Explained::database, "f-none", "package lists"},
        Words{Explained::base, "f-base", "in the base's layers"},
        Words{Explained::no, "f-bad", "unexplained"}};
    std::vector<html::Share> shares;
    for (const Words& words : kWords)
      for (const OriginCount& count : report_.origin.counts)
        if (count.explained == words.explained)
          shares.push_back({words.style, count.files,
                            with_thousands(count.files) + " " + std::string(words.label)});
    out_ += html::bar(shares);
    write_unexplained();
  }

  void write_unexplained() {
    std::vector<const FileRow*> files;
    for (const FileRow& file : report_.files)
      if (!file.digest.empty() && file.size > 0 && file.origin.explained == Explained::no &&
          file.path.find("!/") == std::string::npos)
        files.push_back(&file);
    if (files.empty()) return;
    std::ranges::stable_sort(files, std::greater<>(), [](const FileRow* f) {
      return std::pair(f->executable_bytes, f->size);
    });
    Table table("t-unexplained", {{"File"}, {"Size", true}, {"Layer", true}, {"What it is"}});
    for (std::size_t i = 0; i < std::min(files.size(), kMostFiles); ++i)
      table.row({name(files[i]->path), human_bytes(files[i]->size),
                 files[i]->layer < 0 ? "" : std::to_string(files[i]->layer),
                 text(files[i]->type.empty() ? files[i]->kind : files[i]->type)});
    out_ += "<details><summary>" + counted(files.size(), "file") +
            " of unexplained origin, code first</summary>" +
            table.take(files.size() - std::min(files.size(), kMostFiles)) + "</details>\n";
  }

  void write_layers() {
    if (report_.image.layers.empty()) return;
    heading("layers", "Layers, the base on top");
    std::uint64_t largest = 1;
    for (const LayerRow& layer : report_.image.layers) largest = std::max(largest, layer.size);
    Table table(
        "t-layers",
        {{"Layer", true}, {"From"}, {"Size", true}, {"Files", true}, {"Share"}, {"Made by"}});
    const BaseImage& base = report_.origin.base;
    for (std::size_t i = 0; i < report_.image.layers.size(); ++i) {
      const LayerRow& layer = report_.image.layers[i];
      const Side side = i < base.layers     ? Side::base
                        : base.end_is_known ? Side::yours
                                            : Side::unknown;
      const std::string style = side == Side::base    ? "f-base"
                                : side == Side::yours ? "f-yours"
                                                      : "f-none";
      const std::uint64_t width = layer.size * 120 / largest;
      table.row({std::to_string(i), from_tag(side), human_bytes(layer.size),
                 with_thousands(layer.files),
                 "<svg width=\"120\" height=\"10\" aria-hidden=\"true\"><rect class=\"" + style +
                     "\" height=\"10\" width=\"" +
                     std::to_string(std::max<std::uint64_t>(width, 1)) + "\"/></svg>",
                 name(layer.created_by, 200)});
    }
    out_ += table.take();
  }

  // ---- The rest

  void write_hardening() {
    const std::vector<std::string> parts = hardening_summary(report_);
    if (parts.empty()) return;
    heading("hardening", "Hardening");
    out_ += "<ul class=\"plain\">";
    for (const std::string& part : parts) out_ += "<li>" + text(part) + "</li>";
    out_ += "</ul>\n";
  }

  void write_gaps() {
    heading("gaps", "Gaps");
    if (report_.gaps.empty())
      return paragraph("None: everything was read, and the data could judge it.");
    Table table("t-gaps", {{"Stage"}, {"File"}, {"Why"}});
    for (std::size_t i = 0; i < std::min(report_.gaps.size(), kMostGaps); ++i) {
      const Gap& gap = report_.gaps[i];
      table.row({name(gap.stage), gap.file.empty() ? "(image)" : name(gap.file), name(gap.reason)});
    }
    out_ += table.take(report_.gaps.size() - std::min(report_.gaps.size(), kMostGaps));
  }

  void write_foot() {
    out_ += "</main>\n<footer>\n";
    for (const std::string& note : report_.notes) paragraph("Note: " + text(note, 1000));
    std::vector<std::string> data;
    for (const DataRow& row : report_.data)
      data.push_back(text(row.kind) + (row.date.empty() ? "" : " to " + text(row.date)));
    paragraph("fathom " FATHOM_VERSION +
              (data.empty() ? std::string() : " with " + join(data, ", ")) +
              ". The JSON report has everything that is cut here.");
    out_ += "</footer>\n<script>" + std::string(kPageJs) + "</script>\n</body>\n</html>\n";
  }

  const Report& report_;
  const ReportOptions& options_;
  const Iceberg iceberg_;
  std::string out_;
};

std::string run(const Report& report, const ReportOptions& options) {
  return Page(report, options).run();
}

}  // namespace

const Reporter kHtmlReporter = {
    .name = "html",
    .version = 1,
    .summary = "one self-contained page: the iceberg, findings, components, origin, gaps",
    .run = run,
};

}  // namespace fathom
