// By what base images are recognised: rows of data/bases/bases.tsv, to which users add their own.
// docs/origin.md explains the columns.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace fathom::lineage {

struct BaseRow {
  enum class Kind {
    layers,    // name, key: day it was made or empty, values: digests of its layers, base first
    packages,  // name, key: "deb" or "apk", values: all its packages
    history,   // name; value: part of the history line of its last layer
    os,        // key: ID of os-release; name: with {version}, {major}, {minor} of VERSION_ID
    made,      // key: ID or "*"; value: part of the history line of the layer that brings a system
    more,      // the same, of layers that belong to the base as well while they follow
    label,     // key: "name", "digest", "revision", "source", "created"; value: label or annotation
  };
  Kind kind = Kind::layers;
  std::string name, key;
  std::vector<std::string> values;  // at least one, but for `os`
};

// Lines of four fields, separated by tabs: kind, name, key, values separated by commas ("-" for
// nothing). Errors name the line; a table is taken as a whole or not at all.
Result<std::vector<BaseRow>> parse_base_rows(std::string_view text);

// The row that names an image by its layers, as a line of such a table.
std::string layers_line(std::string_view name, std::string_view day,
                        const std::vector<std::string>& digests);

template <class Codec>
void describe(Codec& codec, BaseRow& row) {
  codec(row.kind, row.name, row.key, row.values);
}

}  // namespace fathom::lineage
