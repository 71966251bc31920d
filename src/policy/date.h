// Calendar days and points in time, as texts that compare like the time they name.

#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace fathom::policy {

// Whether `text` is a day of the calendar, "2027-01-31".
bool is_day(std::string_view text);

// Seconds since 1970 of an RFC 3339 time, "2023-01-08T18:02:03.647787998-06:00"; fractions are cut.
std::optional<std::int64_t> parse_time(std::string_view text);

}  // namespace fathom::policy
