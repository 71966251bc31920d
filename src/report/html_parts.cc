#include "report/html_parts.h"

#include "base/text.h"
#include "report/escape.h"

namespace fathom::html {

std::string text(std::string_view foreign, std::size_t most) { return xml_text(foreign, most); }

std::string name(std::string_view foreign, std::size_t most) {
  return foreign.empty() ? std::string() : "<bdi>" + text(foreign, most) + "</bdi>";
}

std::string chip(Severity severity) {
  const std::string word(name_of(severity));
  return "<span class=\"chip s-" + word + "\">" + word + "</span>";
}

Table::Table(std::string_view id, std::vector<Column> columns)
    : id_(id), columns_(std::move(columns)) {}

void Table::row(const std::vector<std::string>& cells) {
  body_ += "<tr>";
  for (std::size_t i = 0; i < cells.size() && i < columns_.size(); ++i)
    body_ += "<td data-label=\"" + std::string(columns_[i].title) + "\"" +
             (columns_[i].is_number ? " class=\"n\"" : "") + ">" +
             (cells[i].empty() ? std::string() : "<span>" + cells[i] + "</span>") + "</td>";
  body_ += "</tr>\n";
  ++rows_;
}

std::string Table::take(std::size_t left_out) {
  constexpr std::size_t kWorthFiltering = 12;
  std::string out;
  if (rows_ > kWorthFiltering)
    out += "<input class=\"find\" type=\"search\" data-for=\"" + id_ +
           "\" placeholder=\"Filter\" aria-label=\"Filter the rows\">\n";
  out += "<div class=\"scroll\"><table class=\"stack\" id=\"" + id_ + "\"><thead><tr>";
  for (const Column& column : columns_)
    out += std::string("<th scope=\"col\"") + (column.is_number ? " class=\"n\">" : ">") +
           std::string(column.title) + "</th>";
  out += "</tr></thead><tbody>\n" + std::move(body_) + "</tbody></table></div>\n";
  if (left_out > 0)
    out += "<p class=\"soft\">… and " + with_thousands(left_out) +
           " more, which the JSON report has.</p>\n";
  return out;
}

std::string bar(const std::vector<Share>& shares) {
  std::uint64_t total = 0;
  for (const Share& share : shares) total += share.size;
  std::string out =
      "<svg class=\"bar\" viewBox=\"0 0 1000 10\" preserveAspectRatio=\"none\" "
      "aria-hidden=\"true\">";
  double at = 0;
  std::string key = "<ul class=\"key\">";
  for (const Share& share : shares) {
    if (share.size == 0) continue;
    const double width = 1000.0 * static_cast<double>(share.size) / static_cast<double>(total);
    out += "<rect class=\"" + std::string(share.style) + "\" x=\"" +
           std::to_string(static_cast<long>(at)) + "\" y=\"0\" height=\"10\" width=\"" +
           std::to_string(static_cast<long>(width) + 1) + "\"/>";
    key += "<li><svg viewBox=\"0 0 8 8\" aria-hidden=\"true\"><rect class=\"" +
           std::string(share.style) + "\" width=\"8\" height=\"8\"/></svg> " + share.label +
           "</li>";
    at += width;
  }
  return out + "</svg>" + key + "</ul>\n";
}

}  // namespace fathom::html
