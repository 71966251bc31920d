#include "policy/date.h"

#include <chrono>
#include <cstdint>

#include "base/text.h"

namespace fathom::policy {
namespace {

// The `count` digits from `at` on.
std::optional<std::uint64_t> digits(std::string_view text, std::size_t at, std::size_t count) {
  if (at > text.size() || text.size() - at < count) return {};
  return parse_unsigned(text.substr(at, count));
}

std::optional<std::chrono::sys_days> parse_day(std::string_view text) {
  const auto year = digits(text, 0, 4), month = digits(text, 5, 2), day = digits(text, 8, 2);
  if (text.size() != 10 || text[4] != '-' || text[7] != '-' || !year || !month || !day) return {};
  const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(*year)),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return {};
  return std::chrono::sys_days(date);
}

// "18:02:03" in seconds; a leap second is allowed.
std::optional<std::int64_t> parse_clock(std::string_view text) {
  const auto hour = digits(text, 0, 2), minute = digits(text, 3, 2), second = digits(text, 6, 2);
  if (text.size() != 8 || text[2] != ':' || text[5] != ':' || !hour || !minute || !second)
    return {};
  if (*hour > 23 || *minute > 59 || *second > 60) return {};
  return static_cast<std::int64_t>(*hour * 3600 + *minute * 60 + *second);
}

// "Z", "+02:00": seconds east of Greenwich.
std::optional<std::int64_t> parse_offset(std::string_view text) {
  if (text == "Z" || text == "z") return 0;
  const auto hour = digits(text, 1, 2), minute = digits(text, 4, 2);
  if (text.size() != 6 || text[3] != ':' || !hour || !minute) return {};
  if ((text[0] != '+' && text[0] != '-') || *hour > 23 || *minute > 59) return {};
  const auto seconds = static_cast<std::int64_t>(*hour * 3600 + *minute * 60);
  return text[0] == '-' ? -seconds : seconds;
}

}  // namespace

bool is_day(std::string_view text) { return parse_day(text).has_value(); }

std::optional<std::int64_t> parse_time(std::string_view text) {
  if (text.size() < 20 || (text[10] != 'T' && text[10] != 't' && text[10] != ' ')) return {};
  const auto day = parse_day(text.substr(0, 10));
  const auto clock = parse_clock(text.substr(11, 8));
  std::string_view rest = text.substr(19);
  if (rest.starts_with('.')) {
    const std::size_t end = rest.find_first_not_of("0123456789", 1);
    if (end == rest.npos || end == 1) return {};
    rest = rest.substr(end);
  }
  const auto offset = parse_offset(rest);
  if (!day || !clock || !offset) return {};
  return std::int64_t{day->time_since_epoch().count()} * 86'400 + *clock - *offset;
}

}  // namespace fathom::policy
