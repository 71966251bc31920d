// What a compiled library offers to be recognised by: the members of an archive, an object, or a
// shared object as one member, each with its functions, and the symbols it defines and needs.

#pragma once

#include <string_view>

#include "base/bytes.h"
#include "base/limits.h"
#include "signature/object_builder.h"

namespace fathom {

// `name` of the file stands for an object and for the archive. Members that are no objects of the
// first one's machine are problems, as is whatever cannot be read; an error when there is nothing
// else. Functions without a size (some assembly) are left out.
Result<signature::RawMembers> read_object_members(ByteView bytes, std::string_view name,
                                                  const Limits& limits);

}  // namespace fathom
