// Which installed package each file belongs to. A package owns a file when its database lists the
// path and the file still is what was installed, as far as a checksum was recorded; never because
// of the folder the file lies in. A library that somebody put below a package's folder is nobody's.

#pragma once

#include <string>
#include <vector>

#include "analyzer/image_input.h"

namespace fathom {

struct InstalledPackage {
  std::size_t component = 0;  // index into Inventory::components
  const PackageClaim* claim = nullptr;
  std::string arch;
};

// Fills Component::owned_files and Inventory::owner_of, and adds a gap for each ELF file, script
// or other code that was changed after its package was installed and that no package owns as it
// is. A path that several packages own goes to the first of them.
void join_ownership(const ImageInput& in, const std::vector<InstalledPackage>& packages,
                    Inventory& inventory);

}  // namespace fathom
