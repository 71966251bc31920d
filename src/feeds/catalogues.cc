// The two small catalogues: CISA's known exploited vulnerabilities and FIRST's exploit prediction
// scores. Both are published whole every time, so a row that is missing has been taken back, and a
// file that is cut must not pass for a shorter catalogue: any row that cannot be read refuses it.

#include <charconv>

#include "base/text.h"
#include "feeds/collector.h"
#include "vuln/pack_writer.h"

namespace fathom::feeds {
namespace {

Error wrong(std::string message) { return {ErrorCode::malformed, std::move(message)}; }

// "0.00042" → 42; nothing for what is no number from 0 to 1.
std::optional<std::uint32_t> parse_e5(std::string_view text) {
  double value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure != std::errc() || end != text.data() + text.size() || !(value >= 0 && value <= 1))
    return std::nullopt;
  return static_cast<std::uint32_t>(value * 100'000 + 0.5);
}

// "#model_version:v2025.03.14,score_date:2025-06-01T00:00:00+0000"
std::string score_day(std::string_view comment, const Context& context) {
  constexpr std::string_view kKey = "score_date:";
  const std::size_t at = comment.find(kKey);
  return at == comment.npos ? std::string() : day_of(comment.substr(at + kKey.size()), context);
}

}  // namespace

Done read_kev(std::string_view text, Collector& out) {
  const json::Value catalogue = TRY(json::parse(text, out.context().limits));
  const json::Array& rows = catalogue["vulnerabilities"].elements();
  const std::optional<std::uint64_t> count = catalogue["count"].natural();
  if (count && *count != rows.size())
    return wrong("the catalogue says it has " + with_thousands(*count) + " entries and has " +
                 with_thousands(rows.size()));
  out.name_part("kev", "", true, day_of(catalogue["dateReleased"].text_or(), out.context()));
  for (const json::Value& row : rows)
    TRY(out.add_known_exploited(std::string(row["cveID"].text_or())));
  return Ok{};
}

Done read_epss(std::string_view text, Collector& out) {
  std::string day = out.context().file_day;
  std::uint64_t number = 0;
  for (std::string_view line : lines_of(text)) {
    ++number;
    if (line.empty()) continue;
    if (line[0] == '#') {
      if (std::string stated = score_day(line, out.context()); !stated.empty()) day = stated;
      continue;
    }
    if (line.starts_with("cve,")) continue;
    const std::vector<std::string_view> fields = split(line, ',');
    const auto score = fields.size() >= 3 ? parse_e5(fields[1]) : std::nullopt;
    const auto percentile = fields.size() >= 3 ? parse_e5(fields[2]) : std::nullopt;
    if (!score || !percentile || !vuln::is_cve_name(fields[0]))
      return wrong("line " + std::to_string(number) + ": no CVE with two numbers from 0 to 1");
    TRY(out.add_epss(std::string(fields[0]), {*score, *percentile}));
  }
  out.name_part("epss", "", true, day);
  return Ok{};
}

}  // namespace fathom::feeds
