// Bills of materials in a scan: those that were given, lie in the image or are attached to it are
// held against the bytes; one that is itself the target becomes the components that it claims.

#pragma once

#include <string>
#include <vector>

#include "analyzer/image_input.h"
#include "model/report.h"
#include "sbom/compare.h"
#include "scan/examine.h"
#include "signature/feature_data.h"
#include "signature/identify.h"
#include "vuln/databases.h"

namespace fathom {

struct GivenSbom {
  std::string name;  // of the file
  SbomDocument document;
};

// The libraries that code is recognised of, under all names that the data have for them.
sbom::LibraryIds library_ids(const signature::Classifiers& classifiers,
                             const signature::Features& features,
                             const vuln::Databases& databases);

// Fills report.sboms. The report's components have their ids.
void hold_sboms(Report& report, const FactsByDigest& facts, const Examined& examined,
                const std::vector<GivenSbom>& given, const sbom::LibraryIds& libraries);

// Adds what a target that is an SBOM claims to the inventory, each marked as claimed. ErrorCode::
// malformed when there is none in it.
Done claim_components(const image::FileTree& tree, const FactsByDigest& facts,
                      const sbom::LibraryIds& libraries, Inventory& inventory);

// Licences of the libraries that were recognised, where nothing in the image says it.
void add_library_licenses(Report& report);

}  // namespace fathom
