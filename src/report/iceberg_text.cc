// `fathom scan --compare manifest` in a terminal: the picture, then both lists side by side.

#include <algorithm>
#include <array>

#include "base/text.h"
#include "report/columns.h"
#include "report/iceberg.h"
#include "report/reporter.h"
#include "report/rows.h"

namespace fathom {
namespace {

constexpr std::size_t kMostRows = 60;

std::string shown(std::string_view text) { return printable(text, 4096); }

std::string counted(std::size_t count, std::string_view what) {
  return with_thousands(count) + " " + std::string(what) + (count == 1 ? "" : "s");
}

std::string name_with_version(const Component& component) {
  return shown(component.name) + " " + shown(version_text(component.version));
}

// How many lines of the picture a share of all components gets.
std::size_t height_of(std::size_t part, std::size_t all, std::size_t least, std::size_t most) {
  if (part == 0) return 0;
  return std::clamp(all == 0 ? 0 : (part * (least + most) + all / 2) / all, least, most);
}

class Picture {
 public:
  Picture(const Iceberg& iceberg, std::size_t width) : iceberg_(iceberg), width_(width) {}

  std::string run() {
    const SightTotals visible = iceberg_.visible(), &hidden = iceberg_.hidden;
    const std::size_t all = visible.components + hidden.components;
    const std::size_t above = height_of(visible.components, all, 2, 5);
    const std::size_t below = height_of(hidden.components, all, 3, 8);
    const std::size_t waist = 2 * std::max<std::size_t>(above, 1) + 2;
    label(0, "what package data and build information tell");
    for (std::size_t i = 0; i < above; ++i) {
      const std::string inside(2 * i + 2 < 2 ? 0 : 2 * i, ' ');
      slice("/" + inside + "\\", i == 0 ? summary(visible) : names(i - 1, false));
    }
    if (above == 0) slice("", summary(visible));
    water(above == 0 ? 0 : waist);
    std::size_t size = waist;
    for (std::size_t i = 0; i < below; ++i) {
      const bool widens = i < below / 2 || i + 1 == below / 2;
      const std::string text = i == 0   ? "what only the code tells"
                               : i == 1 ? summary(hidden)
                                        : names(i - 2, true);
      slice(widens ? "/" + std::string(size, ' ') + "\\" : "\\" + std::string(size, ' ') + "/",
            text);
      size = widens ? size + 2 : size > 4 ? size - 4 : 0;
    }
    if (below == 0) slice("", "what only the code tells: " + summary(hidden));
    if (iceberg_.dark_bytes > 0)
      slice("", human_bytes(iceberg_.dark_bytes) + " of code that nothing accounts for");
    return std::move(out_);
  }

 private:
  static constexpr std::size_t kCentre = 16;

  static std::string summary(const SightTotals& totals) {
    return counted(totals.components, "component") + ", " + counted(totals.findings, "finding");
  }

  // The components of one side of the water, a few on each line.
  std::string names(std::size_t line, bool hidden) const {
    std::vector<std::string> parts;
    for (const SightRow& row : iceberg_.rows)
      if ((row.sight == Sight::hidden) == hidden)
        parts.push_back(name_with_version(*row.component) +
                        (row.findings > 0 ? " (" + with_thousands(row.findings) + ")" : ""));
    if (parts.empty()) return {};
    const std::vector<std::string> lines =
        wrap(parts, {.separator = ", ", .width = width_ - 2 * kCentre - 4, .indent = 0});
    return line < lines.size() ? lines[line] : std::string();
  }

  void label(std::size_t indent, const std::string& text) {
    out_ += std::string(indent + 2 * kCentre + 4, ' ') + text + "\n";
  }
  void slice(const std::string& ice, const std::string& text) {
    const std::size_t half = std::min(ice.size() / 2, kCentre);
    std::string line = std::string(kCentre - half, ' ') + ice;
    line = pad_right(line, 2 * kCentre + 4) + text;
    line = fit_end(line, width_);
    while (line.ends_with(' ')) line.pop_back();
    out_ += line + "\n";
  }
  void water(std::size_t waist) {
    const std::size_t left = kCentre - std::min(waist / 2, kCentre);
    out_ += std::string(left, '~') + std::string(waist, waist == 0 ? '~' : '-') +
            std::string(width_ - left - waist, '~') + "\n";
  }

  const Iceberg& iceberg_;
  const std::size_t width_;
  std::string out_;
};

std::string_view title_of(Sight sight) {
  switch (sight) {
    case Sight::hidden:
      return "Hidden: only the code tells";
    case Sight::both:
      return "Seen by both";
    case Sight::claimed:
      return "Claimed only: nothing in the bytes was found for it";
  }
  return {};
}

std::string findings_of(const SightRow& row) {
  if (row.findings == 0) return "-";
  return with_thousands(row.findings) + " " + std::string(name_of(row.worst));
}

// Package data on the left, code on the right.
std::string side_by_side(const SightRow& row, std::size_t width) {
  const std::string name = name_with_version(*row.component);
  const bool is_code = row.sight == Sight::hidden || row.counterpart != nullptr;
  const std::string listed = row.counterpart != nullptr   ? name_with_version(*row.counterpart)
                             : row.sight == Sight::hidden ? "-"
                                                          : name;
  const std::string code = is_code ? name : row.sight == Sight::both ? row.why : "-";
  const std::size_t column = (width - 18) * 3 / 10;
  std::string line = "  " + pad_right(fit_end(listed, column), column) + "  " +
                     pad_right(fit_end(code, column), column) + "  " +
                     pad_right(findings_of(row), 12) + "  ";
  const std::size_t used = display_width(line);
  line += fit_path(shown(row.component->file), width > used + 8 ? width - used : 8);
  return line;
}

std::string run(const Report& report, const ReportOptions& options) {
  const std::size_t width = std::max<std::size_t>(options.width, 60);
  const Iceberg iceberg = iceberg_of(report);
  std::string out = fit_end(shown(report.target) + "  " + shown(report.image.platform), width);
  while (out.ends_with(' ')) out.pop_back();
  out += "\n\n" + Picture(iceberg, width).run();
  const std::size_t column = (width - 18) * 3 / 10;
  out += "\n  " + pad_right("PACKAGE DATA", column) + "  " + pad_right("CODE", column) + "  " +
         pad_right("FINDINGS", 12) + "  WHERE\n";
  for (Sight sight : {Sight::hidden, Sight::both, Sight::claimed}) {
    std::vector<const SightRow*> rows;
    for (const SightRow& row : iceberg.rows)
      if (row.sight == sight) rows.push_back(&row);
    if (rows.empty()) continue;
    out += std::string(title_of(sight)) + " (" + with_thousands(rows.size()) + ")\n";
    for (std::size_t i = 0; i < std::min(rows.size(), kMostRows); ++i)
      out += side_by_side(*rows[i], width) + "\n";
    if (rows.size() > kMostRows)
      out += "  … and " + with_thousands(rows.size() - kMostRows) + " more (use -o json or html)\n";
  }
  const std::vector<std::string> missing = not_assessed(report);
  if (!missing.empty())
    for (const std::string& line :
         wrap({"Not assessed, no advisories in the data:", shown(join(missing, ", "))},
              {.separator = " ", .width = width, .indent = 2}))
      out += line + "\n";
  return out;
}

}  // namespace

const Reporter kIcebergPage = {
    .name = "iceberg",
    .version = 1,
    .summary = "package data beside the code",
    .run = run,
};

}  // namespace fathom
