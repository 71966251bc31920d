// What the report says about the data themselves: how old they are, and what they bring along
// beside advisories.

#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "model/report.h"
#include "policy/policy.h"
#include "vuln/database.h"

namespace fathom {

// Days from the one to the other (2026-11-24 or longer texts), negative when it is the other way
// round; nothing when one is no day.
std::optional<std::int64_t> days_between(std::string_view from, std::string_view to);

// A note for every ecosystem of the image whose advisories are older than `max_age` days at the
// time of the report; a gap for a distribution that gets no fixes any more.
void add_data_notes(Report& report, std::uint64_t max_age);

// How old the base image is at the time of the report.
void set_base_age(Report& report);

// Adds the statements of imported VEX that speak of findings of the report to the policy's rules.
void add_statements(const Report& report, const vuln::Database& user_data, policy::Policy& policy);

}  // namespace fathom
