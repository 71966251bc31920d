#include "report/origin_text.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "base/text.h"
#include "report/columns.h"
#include "report/rows.h"

namespace fathom {
namespace {

constexpr std::size_t kMostFiles = 60;
constexpr std::size_t kMostUpdates = 40;
constexpr std::size_t kMostComponents = 40;

std::string shown(std::string_view text) { return printable(text, 4096); }

std::string counted(std::size_t count, std::string_view what) {
  return with_thousands(count) + " " + std::string(what) + (count == 1 ? "" : "s");
}

std::string_view words_for(Explained explained) {
  switch (explained) {
    case Explained::no:
      return "unexplained";
    case Explained::package:
      return "of a package, as it was installed";
    case Explained::attested:
      return "named by a statement (not verified)";
    case Explained::revision:
      return "names the revision of its sources";
    case Explained::database:
      return "lists of a package manager";
    case Explained::base:
      return "in the layers of the base image";
  }
  return {};
}

std::string_view words_for(BaseBy by) {
  switch (by) {
    case BaseBy::nothing:
      return "nothing";
    case BaseBy::layers:
      return "the digests of its layers";
    case BaseBy::stated:
      return "what a label or its history states";
    case BaseBy::packages:
      return "its packages";
    case BaseBy::distribution:
      return "its os-release";
  }
  return {};
}

std::string_view words_for(Side side) {
  switch (side) {
    case Side::unknown:
      return "not known whose";
    case Side::base:
      return "from the base";
    case Side::yours:
      return "from you";
  }
  return {};
}

class Page {
 public:
  explicit Page(std::size_t width) : width_(std::max<std::size_t>(width, 60)) {}
  void line(const std::string& text) { out_ += fit_end(text, width_) + "\n"; }
  void blank() { out_ += "\n"; }
  void sentence(const std::string& text, std::size_t indent) {
    std::vector<std::string> words;
    for (std::string_view word : split(text, ' ')) words.emplace_back(word);
    words.front().insert(0, indent, ' ');
    for (const std::string& each : wrap(words, {" ", width_, indent + 2})) out_ += each + "\n";
  }
  std::size_t width() const { return width_; }
  std::string take() { return std::move(out_); }

 private:
  std::size_t width_;
  std::string out_;
};

std::string base_line(const BaseImage& base) {
  if (base.by == BaseBy::nothing)
    return base.end_is_known ? "Base: none recognised; the image counts as built from scratch"
                             : "Base: none recognised, and nothing shows where one would end";
  std::string text = "Base: " + shown(base.name.empty() ? base.digest : base.name) + ", by " +
                     std::string(words_for(base.by));
  if (base.layers > 0) text += ", " + counted(base.layers, "layer");
  if (!base.created.empty()) text += ", made on " + shown(base.created);
  if (base.age_days >= 0)
    text += " (" + counted(static_cast<std::size_t>(base.age_days), "day") + " old)";
  if (!base.end_is_known) text += "; where it ends is not known";
  return text;
}

std::string share(std::uint64_t part, std::uint64_t all) {
  if (all == 0) return "-";
  const std::uint64_t permille = part * 1000 / all;
  return std::to_string(permille / 10) + "." + std::to_string(permille % 10) + " %";
}

void write_counts(const Origins& origins, Page& page) {
  std::uint64_t files = 0, bytes = 0;
  for (const OriginCount& row : origins.counts) files += row.files, bytes += row.bytes;
  for (const OriginCount& row : origins.counts)
    if (row.files > 0)
      page.line("  " + pad_left(with_thousands(row.files), 8) + "  " +
                pad_left(share(row.files, files), 7) + "  " + pad_left(human_bytes(row.bytes), 9) +
                "  " + pad_left(share(row.bytes, bytes), 7) + "  " +
                std::string(words_for(row.explained)));
  page.line("  " + pad_left(with_thousands(files), 8) + "  " + pad_left("", 7) + "  " +
            pad_left(human_bytes(bytes), 9) + "  " + pad_left("", 7) + "  files with content");
}

std::string instruction_at(const Report& report, std::int64_t layer) {
  if (layer < 0 || static_cast<std::size_t>(layer) >= report.image.layers.size()) return {};
  return report.image.layers[static_cast<std::size_t>(layer)].created_by;
}

const Component* component_of(const Report& report, std::string_view id) {
  for (const Component& component : report.components)
    if (component.id == id) return &component;
  return nullptr;
}

std::string revision_text(const Revision& r) {
  std::string text = r.of + ": " + (r.system.empty() ? "" : r.system + " ") + r.id;
  if (!r.time.empty()) text += ", " + r.time;
  if (!r.source.empty()) text += ", " + r.source;
  if (r.modified) text += ", with changes that were not committed";
  return shown(text);
}

std::string where(const Evidence& evidence) {
  return shown(text_of(evidence.place)) + ": " + shown(evidence.seen);
}

std::string_view checksum_words(Checksum checksum) {
  switch (checksum) {
    case Checksum::none:
      return "no package claims it";
    case Checksum::same:
      return "the content is what was installed";
    case Checksum::changed:
      return "the content is not what was installed";
    case Checksum::not_recorded:
      return "the package records no checksum";
    case Checksum::unread:
      return "the content could not be compared";
  }
  return {};
}

void write_file(const Report& report, const FileRow& file, Page& page) {
  const FileOrigin& o = file.origin;
  page.line("/" + shown(file.path) + "  " + human_bytes(file.size) + "  " + shown(file.digest));
  page.line("  explained   " + std::string(words_for(o.explained)));
  std::string layer = file.layer < 0 ? "none" : std::to_string(file.layer);
  if (const std::string line = instruction_at(report, file.layer); !line.empty())
    layer += "  " + shown(line);
  page.line("  layer       " + layer);
  page.line(
      "  whose       " + std::string(words_for(o.side)) +
      (file.shadowed ? "; replaced or deleted by layer " + std::to_string(file.shadowed_by) : ""));
  const std::string& id = file.owner.empty() ? o.claimed_by : file.owner;
  const Component* package = component_of(report, id);
  page.line("  package     " +
            (package == nullptr
                 ? std::string("none")
                 : shown(package->name) + " " + shown(version_text(package->version)) + ": " +
                       std::string(checksum_words(o.checksum))));
  if (!o.build_id.empty()) page.line("  build-id    " + shown(o.build_id));
  for (const std::string& compiler : o.compilers) page.line("  compiler    " + shown(compiler));
  for (const Revision& revision : o.revisions) {
    page.line("  revision    " + revision_text(revision));
    page.line("              " + where(revision.evidence));
  }
  for (const Attested& attested : o.attested)
    page.line("  statement   " + shown(attested.predicate) + " names it as " +
              shown(attested.name) +
              (attested.builder.empty() ? "" : ", built by " + shown(attested.builder)) +
              ", not verified (" +
              (attested.evidence.file.empty() ? shown(attested.evidence.seen)
                                              : shown(attested.evidence.file)) +
              ")");
}

void write_unexplained(const Report& report, Page& page) {
  std::vector<const FileRow*> rows;
  for (const FileRow& file : report.files)
    if (!file.digest.empty() && file.size > 0 && file.origin.explained == Explained::no &&
        file.path.find("!/") == std::string::npos)
      rows.push_back(&file);
  if (rows.empty()) return;
  std::ranges::stable_sort(rows, std::greater<>(), [](const FileRow* f) {
    return std::pair(f->executable_bytes, f->size);
  });
  page.blank();
  page.line("Unexplained, code first:");
  for (std::size_t i = 0; i < std::min(rows.size(), kMostFiles); ++i) {
    const FileRow& file = *rows[i];
    std::string what = file.executable_bytes > 0 ? "code" : file.kind;
    if (file.origin.checksum == Checksum::changed) what = "changed";
    std::string from = "layer " + std::to_string(file.layer);
    if (const std::string line = instruction_at(report, file.layer); !line.empty())
      from += " " + shown(line);
    const std::string head = "  " + pad_right(fit_end(shown(what), 8), 8) + " " +
                             pad_left(human_bytes(file.size), 9) + "  ";
    const std::size_t room = page.width() - display_width(head);
    const std::string path = fit_path("/" + shown(file.path), room * 3 / 5);
    page.line(head + pad_right(path, room * 3 / 5) + "  " + from);
  }
  if (rows.size() > kMostFiles)
    page.line("  … and " + with_thousands(rows.size() - kMostFiles) + " more (use -o json)");
}

void write_image(const Origins& origins, Page& page) {
  page.sentence(base_line(origins.base), 0);
  for (const Revision& revision : origins.revisions)
    page.line("Image, as its labels state: " + revision_text(revision));
  for (const Attested& attested : origins.attested)
    page.line("Statement about the image, not verified: " + shown(attested.predicate) +
              (attested.builder.empty() ? "" : ", built by " + shown(attested.builder)));
}

void write_updates(const BaseImage& base, Page& page) {
  page.blank();
  if (base.updates.empty()) {
    page.sentence(base.updates_known ? "The data know no update for a package of the base."
                                     : "Updates of the base are not known: the data have no "
                                       "advisories for its packages (see fathom db import).",
                  0);
    return;
  }
  page.line(counted(base.updates.size(), "package") +
            " of the base would get a fix from an update:");
  for (std::size_t i = 0; i < std::min(base.updates.size(), kMostUpdates); ++i) {
    const BaseUpdate& u = base.updates[i];
    page.line("  " + pad_right(shown(u.name), 24) + " " + shown(u.installed) + " → " +
              shown(u.available) + "  " + counted(u.fixes.size(), "finding"));
  }
  if (base.updates.size() > kMostUpdates)
    page.line("  … and " + with_thousands(base.updates.size() - kMostUpdates) +
              " more (use -o json)");
}

void write_components(const Report& report, Side side, Page& page) {
  std::vector<std::string> names;
  for (const Component& component : report.components)
    if (component.side == side && component.ecosystem != "os")
      names.push_back(shown(component.name) + " " + shown(version_text(component.version)));
  if (names.empty()) return;
  page.blank();
  page.line(counted(names.size(), "component") + " " + std::string(words_for(side)) + ":");
  const std::size_t count = std::min(names.size(), kMostComponents);
  const std::size_t left = names.size() - count;
  names.resize(count);
  if (left > 0) names.push_back("… and " + with_thousands(left) + " more (use -o json)");
  names.front().insert(0, "  ");
  for (const std::string& line :
       wrap(names, {.separator = ", ", .width = page.width(), .indent = 2}))
    page.line(line);
}

}  // namespace

bool is_at_or_below(std::string_view path, const std::vector<std::string>& paths) {
  return std::ranges::any_of(paths, [&](std::string_view wanted) {
    while (wanted.starts_with('/')) wanted.remove_prefix(1);
    while (wanted.ends_with('/')) wanted.remove_suffix(1);
    return wanted.empty() || path == wanted ||
           (path.starts_with(wanted) &&
            (path[wanted.size()] == '/' || path.substr(wanted.size()).starts_with("!/")));
  });
}

std::string origin_table(const Report& report, const std::vector<std::string>& paths,
                         const ReportOptions& options) {
  Page page(options.width);
  if (paths.empty()) {
    write_image(report.origin, page);
    page.blank();
    write_counts(report.origin, page);
    write_unexplained(report, page);
    return page.take();
  }
  bool any = false;
  for (const FileRow& file : report.files) {
    if (file.digest.empty() || !is_at_or_below(file.path, paths)) continue;
    if (any) page.blank();
    write_file(report, file, page);
    any = true;
  }
  return page.take();
}

std::string base_table(const Report& report, const ReportOptions& options) {
  Page page(options.width);
  write_image(report.origin, page);
  const BaseImage& base = report.origin.base;
  if (!base.end_of_life.empty())
    page.line("Its release gets fixes until " + shown(base.end_of_life));
  for (const Evidence& evidence : base.evidence) {
    std::string text = "  seen: ";
    if (!evidence.file.empty()) text += "/" + shown(evidence.file) + " ";
    page.line(text + where(evidence));
  }
  if (base.by != BaseBy::nothing) write_updates(base, page);
  for (Side side : {Side::yours, Side::base, Side::unknown}) write_components(report, side, page);
  return page.take();
}

std::string watch_list(const Report& report) {
  std::set<std::string> lines;
  auto add = [&](std::string_view what, std::string_view name, std::string_view version,
                 std::string_view purl, std::string_view from) {
    std::string line;
    for (std::string_view field : {what, name, version, purl, from})
      line +=
          (line.empty() ? "" : "\t") + (field.empty() ? std::string("-") : printable(field, 4096));
    lines.insert(line + "\n");
  };
  const BaseImage& base = report.origin.base;
  if (base.by != BaseBy::nothing) {
    add("base", base.name, base.digest, "", base.created);
    if (!base.end_of_life.empty()) add("end-of-life", base.name, base.end_of_life, "", "");
    for (const BaseUpdate& u : base.updates) add("update", u.name, u.available, "", u.installed);
  }
  for (const Component& c : report.components)
    if (c.ecosystem != "os")
      add(name_of(c.kind), c.name, version_text(c.version), c.purl, name_of(c.side));
  std::string out;
  for (const std::string& line : lines) out += line;
  return out;
}

std::string origin_summary(const Report& report) {
  std::uint64_t files = 0, unexplained = 0;
  for (const OriginCount& row : report.origin.counts) {
    files += row.files;
    if (row.explained == Explained::no) unexplained = row.files;
  }
  if (files == 0) return {};
  return base_line(report.origin.base) + " · origin of " + with_thousands(unexplained) + " of " +
         counted(files, "file") + " unexplained (fathom origin, fathom base)";
}

}  // namespace fathom
