// Messages for the person who runs fathom; they go to stderr, never to stdout.

#pragma once

#include <string_view>

namespace fathom::log {

enum class Level { quiet, normal, verbose };

// Set once by main before anything else runs. NO_COLOR and a stderr that is not a terminal switch
// colours off by themselves.
void set_level(Level level);
Level level();

void info(std::string_view message);     // "fathom: reading layer 2 of 5"; not when quiet
void warning(std::string_view message);  // always
void error(std::string_view message);    // always

// A line that replaces itself on a terminal; elsewhere one line every few seconds. Not when quiet.
void progress(std::string_view message);
void progress_done();

}  // namespace fathom::log
