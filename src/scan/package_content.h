// Packages of distributions in an image that has no database of them, or not of these: by the
// content of their files. What no package of the image owns is looked up by its MD5, and programs
// by their build id; the revisions that have most of a package's files are the answer.
//
// A program or library names its package wherever it lies, since it is the package's code. Other
// files do so only at their own path and when there are several: a copied licence text is no
// package.

#pragma once

#include "analyzer/image_input.h"
#include "signature/package_files.h"

namespace fathom {

// Adds components of ecosystem "deb", and makes them the owners of the files whose content is
// theirs. A package that the inventory has already, by name and version, is left alone.
void add_packages_by_content(const ImageInput& input, const signature::PackageFiles& known,
                             Inventory& inventory);

}  // namespace fathom
