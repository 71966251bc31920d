// The picture is drawn with our own numbers only; foreign text stands in <title> elements. Areas
// are in proportion to the counts as far as both stay readable.

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "report/html_parts.h"
#include "report/rows.h"

namespace fathom::html {
namespace {

constexpr double kWidth = 1000, kCentre = 730, kWater = 200;
constexpr std::size_t kMostDots = 400;  // on each side of the water

std::string number(double value) {
  const long tenths = std::lround(value * 10);
  const std::string digits = std::to_string(std::labs(tenths));
  const std::string sign = tenths < 0 ? "-" : "";
  return sign + (digits.size() < 2 ? "0" : digits.substr(0, digits.size() - 1)) + "." +
         digits.substr(digits.size() - 1);
}

std::string point(double x, double y) { return number(x) + "," + number(y) + " "; }

std::string counted(std::size_t count, std::string_view what) {
  return with_thousands(count) + " " + std::string(what) + (count == 1 ? "" : "s");
}

// A triangle that widens towards the water, or a bowl that narrows away from it.
struct Ice {
  double height = 0, half = 0;  // half of its width at the water
  bool below = false;

  double half_at(double depth) const {
    if (!below) return half * (1 - depth / height);
    const double share = depth / height;
    return half * (share < .25 ? 1 + share : 1.25 - 1.15 * (share - .25) / .75);
  }
  double y_at(double depth) const { return below ? kWater + depth : kWater - depth; }
};

std::string outline(const Ice& ice) {
  std::string points;
  constexpr int kSteps = 16;
  constexpr double kJags[] = {0, 6, -4, 8, -6, 3, -2, 5};
  for (int side : {-1, 1})
    for (int i = 0; i <= kSteps; ++i) {
      const int step = side < 0 ? i : kSteps - i;
      const double depth = ice.height * step / kSteps;
      const double jag = step == 0 || step == kSteps ? 0 : kJags[(step + (side > 0 ? 3 : 0)) % 8];
      points += point(kCentre + side * std::max(0.0, ice.half_at(depth) + jag), ice.y_at(depth));
    }
  return "<polygon class=\"" + std::string(ice.below ? "body" : "tip") + "\" points=\"" + points +
         "\"/>\n";
}

std::string dot(const SightRow& row, double x, double y, double radius) {
  const Component& c = *row.component;
  return "<circle class=\"s-" +
         std::string(name_of(row.findings == 0 ? Severity::none : row.worst)) + "\" cx=\"" +
         number(x) + "\" cy=\"" + number(y) + "\" r=\"" + number(radius) + "\"><title>" +
         text(c.name + " " + version_text(c.version)) + ", " + counted(row.findings, "finding") +
         "</title></circle>\n";
}

// Rows of dots from the water on, as many in each as the ice is wide there.
std::string dots(const Ice& ice, const std::vector<const SightRow*>& rows) {
  if (rows.empty() || ice.height <= 0) return {};
  double step = 30;
  auto capacity = [&](double size) {
    std::size_t count = 0;
    for (double depth = size * .7; depth < ice.height - size * .4; depth += size)
      count +=
          static_cast<std::size_t>(std::max(0.0, 2 * (ice.half_at(depth) - size * .6) / size) + 1);
    return count;
  };
  while (step > 4 && capacity(step) < std::min(rows.size(), kMostDots)) step *= .92;
  std::string out;
  std::size_t at = 0;
  for (double depth = step * .7; depth < ice.height - step * .4; depth += step) {
    const auto fit =
        static_cast<std::size_t>(std::max(0.0, 2 * (ice.half_at(depth) - step * .6) / step) + 1);
    const std::size_t here = std::min({fit, rows.size() - at, kMostDots - std::min(at, kMostDots)});
    for (std::size_t i = 0; i < here; ++i, ++at)
      out += dot(*rows[at],
                 kCentre + step * (static_cast<double>(i) - (static_cast<double>(here) - 1) / 2),
                 ice.y_at(depth), step * .36);
  }
  return out;
}

std::string label(double y, std::string_view style, const std::string& big,
                  const std::string& small) {
  return "<text class=\"" + std::string(style) + " big\" x=\"28\" y=\"" + number(y) + "\">" + big +
         "</text><text class=\"" + std::string(style) + " label\" x=\"28\" y=\"" + number(y + 30) +
         "\">" + small + "</text>\n";
}

}  // namespace

std::string iceberg_figure(const Report& report, const Iceberg& iceberg) {
  const SightTotals visible = iceberg.visible(), &hidden = iceberg.hidden;
  std::vector<const SightRow*> above, below;
  for (const SightRow& row : iceberg.rows)
    (row.sight == Sight::hidden ? below : above).push_back(&row);
  const double all = static_cast<double>(std::max<std::size_t>(1, above.size() + below.size()));
  auto grown = [&](const std::vector<const SightRow*>& rows, double least, double most) {
    return rows.empty()
               ? 0
               : least + (most - least) * std::sqrt(static_cast<double>(rows.size()) / all);
  };
  const double tip = grown(above, 60, 165), body = grown(below, 110, 300);
  const double half = std::max(70.0, std::max(tip * 1.05, body * .72));
  const Ice top{tip, half, false}, bottom{body, half, true};
  const double height = kWater + std::max(body, 110.0) + 40;
  std::string svg = "<svg viewBox=\"0 0 " + number(kWidth) + " " + number(height) +
                    "\" role=\"img\" aria-labelledby=\"iceberg-says\">\n";
  svg += "<rect class=\"sky\" width=\"1000\" height=\"" + number(height) + "\"/>\n";
  if (tip > 0) svg += outline(top);
  svg += "<rect class=\"sea\" y=\"" + number(kWater) + "\" width=\"1000\" height=\"" +
         number(height - kWater) + "\"/>\n<rect class=\"deep\" y=\"" +
         number(kWater + (height - kWater) * .6) + "\" width=\"1000\" height=\"" +
         number((height - kWater) * .4) + "\"/>\n";
  if (body > 0) svg += outline(bottom);
  svg += "<path class=\"wave\" d=\"M0 " + number(kWater);
  for (int x = 0; x < 1000; x += 100) svg += " q25 -7 50 0 t50 0";
  svg += "\"/>\n" + dots(top, above) + dots(bottom, below);
  svg += label(70, "over", counted(visible.findings, "finding"),
               "in " + counted(visible.components, "component") + " that package data name");
  svg += label(kWater + 60, "under", counted(hidden.findings, "finding"),
               "in " + counted(hidden.components, "component") + " that only the code tells");
  svg += "</svg>\n";
  std::string says = "<b>" + with_thousands(visible.components) + " visible / " +
                     with_thousands(hidden.components) +
                     " hidden.</b> A scanner that reads package "
                     "data and build information alone reports " +
                     counted(visible.findings, "finding") + " here; the code holds " +
                     counted(hidden.findings, "more finding") + ".";
  if (iceberg.claimed.components > 0)
    says += " For " + counted(iceberg.claimed.components, "component") +
            " that package data name, nothing in the bytes was found.";
  if (iceberg.dark_bytes > 0)
    says += " " + human_bytes(iceberg.dark_bytes) + " of executable bytes (of " +
            human_bytes(report.coverage.executable_bytes) + ") are accounted for by nothing.";
  return "<figure>" + svg + "<figcaption id=\"iceberg-says\">" + says + "</figcaption></figure>\n";
}

}  // namespace fathom::html
