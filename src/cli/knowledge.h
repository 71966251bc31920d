// What the program recognises libraries by: the sections of its own pack, opened.

#pragma once

#include "base/result.h"
#include "signature/identify.h"
#include "vuln/database.h"

namespace fathom::cli {

struct Knowledge {
  vuln::Database database;
  signature::Classifiers classifiers;
  signature::Features features;
  signature::Objects objects;
};

Result<Knowledge> open_knowledge();

}  // namespace fathom::cli
