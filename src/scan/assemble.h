// Joins what the stages found into the report: paths and layers to facts, owners to files, and the
// account of every file as identified, inert or a gap.

#pragma once

#include <map>
#include <string>

#include "analyzer/image_input.h"
#include "model/report.h"
#include "scan/examine.h"
#include "signature/identify.h"
#include "signature/package_files.h"
#include "vuln/databases.h"

namespace fathom {

// Content digest → the libraries recognised in it.
using Identified = std::map<std::string, signature::Identified>;

// Runs the image analyzers and adds packages known by the content of their files, and the libraries
// that were recognised in the files.
Inventory take_inventory(const ImageInput& input, const Identified& identified,
                         const signature::PackageFiles& packages = {});

// Everything but findings and policy. Components are sorted and have their ids.
Report assemble(const Target& target, const Examined& examined, const image::FileTree& tree,
                const FactsByDigest& facts, Inventory inventory);

// Sets Component::packaged_as: the library's source package is the one that the file's owner was
// built from, or the one whose compiled code is in the file.
void name_distribution_builds(Report& report, const vuln::Databases& databases);

// Stack protector and FORTIFY of static programs whose C library is known by its code: what the
// rest of the program calls of it.
void settle_static_hardening(Report& report, const Identified& identified);

// What the data can judge: coverage per ecosystem, and a gap for everything it cannot (ecosystems
// without advisories, components of unknown version).
void add_advisory_coverage(Report& report, const vuln::Databases& databases);

}  // namespace fathom
