#include "base/log.h"

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <string>

namespace fathom::log {
namespace {

constexpr std::chrono::seconds kLineEvery{5};

// Only the parent's one thread talks to the user, so plain variables do.
Level current_level = Level::normal;
bool progress_shown = false;
std::chrono::steady_clock::time_point last_line;

bool on_terminal() {
  static const bool terminal = isatty(STDERR_FILENO) == 1;
  return terminal;
}

bool coloured() {
  static const bool wanted = on_terminal() && std::getenv("NO_COLOR") == nullptr;
  return wanted;
}

void write_all(std::string_view text) {
  while (!text.empty()) {
    ssize_t n = ::write(STDERR_FILENO, text.data(), text.size());
    if (n <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(n));
  }
}

void write_line(std::string_view label, std::string_view colour, std::string_view message) {
  progress_done();
  if (label.empty())
    write_all(fmt::format("fathom: {}\n", message));
  else if (coloured())
    write_all(fmt::format("fathom: \x1b[{}m{}\x1b[0m {}\n", colour, label, message));
  else
    write_all(fmt::format("fathom: {} {}\n", label, message));
}

}  // namespace

void set_level(Level wanted) {
  current_level = wanted;
  last_line = std::chrono::steady_clock::now();
}
Level level() { return current_level; }

void info(std::string_view message) {
  if (current_level != Level::quiet) write_line("", "", message);
}
void warning(std::string_view message) { write_line("warning:", "33", message); }
void error(std::string_view message) { write_line("error:", "31", message); }

void progress(std::string_view message) {
  if (current_level == Level::quiet) return;
  if (on_terminal()) {
    write_all(fmt::format("\r\x1b[K{}", message));
    progress_shown = true;
    return;
  }
  auto now = std::chrono::steady_clock::now();
  if (now - last_line < kLineEvery) return;
  last_line = now;
  write_all(fmt::format("fathom: {}\n", message));
}

void progress_done() {
  if (!progress_shown) return;
  write_all("\r\x1b[K");
  progress_shown = false;
}

}  // namespace fathom::log
