// What programs would be linked with, in the form of ldd and as JSON.

#pragma once

#include <span>
#include <string>

#include "json/writer.h"
#include "model/links.h"

namespace fathom {

// As ldd prints it, without load addresses and the vdso, which only a running kernel knows. Several
// rows are headed by their path, as ldd does.
std::string ldd_text(std::span<const LinkRow> rows);

std::string ldd_json(std::string_view target, std::span<const LinkRow> rows);

void write_unloaded(json::Writer& writer, const UnloadedLibrary& library);

}  // namespace fathom
