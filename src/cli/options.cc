#include "cli/options.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>

#include "base/text.h"

namespace fathom::cli {
namespace {

std::string current_time() {
  std::time_t now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

}  // namespace

Error usage(std::string message) { return {ErrorCode::usage, std::move(message)}; }

Result<std::uint64_t> parse_count(const Arguments& arguments, std::string_view flag,
                                  std::uint64_t fallback, std::uint64_t most) {
  std::string_view text = arguments.one(flag);
  if (text.empty()) return fallback;
  std::optional<std::uint64_t> value = parse_unsigned(text);
  if (!value || *value == 0 || *value > most)
    return usage("--" + std::string(flag) + " wants a number from 1 to " + std::to_string(most));
  return *value;
}

Result<std::string> parse_now(const Arguments& arguments) {
  std::string text(arguments.one("now"));
  if (text.empty()) return current_time();
  if (text.size() == 10) text += "T00:00:00Z";
  std::tm parts{};
  const char* end = strptime(text.c_str(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  if (end == nullptr || *end != '\0' || text.size() != 20)
    return usage("--now wants a time like 2026-11-24 or 2026-11-24T12:00:00Z");
  return text;
}

std::size_t page_width() {
  constexpr std::size_t kDefault = 100, kLeast = 60, kMost = 200;
  std::size_t width = kDefault;
  winsize size{};
  if (const char* columns = std::getenv("COLUMNS"); columns != nullptr && *columns != '\0')
    width = parse_unsigned(columns).value_or(kDefault);
  else if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
    width = size.ws_col;
  return std::clamp(width, kLeast, kMost);
}

bool wants_colour(const Arguments& arguments) {
  std::string_view when = arguments.one("color", "auto");
  if (when != "auto") return when == "always";
  return ::isatty(STDOUT_FILENO) == 1 && std::getenv("NO_COLOR") == nullptr;
}

}  // namespace fathom::cli
