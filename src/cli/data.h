// The advisories a command works with: the built-in ones and the user's.

#pragma once

#include <optional>

#include "base/result.h"
#include "cli/flags.h"
#include "vuln/databases.h"
#include "vuln/user_data.h"

namespace fathom::cli {

struct Data {
  vuln::Database built_in;
  std::optional<vuln::DataPlace> place;  // none: there is no home folder, and no --data
  std::optional<vuln::UserData> user;    // none: nothing has been imported

  vuln::Databases databases() const {
    return {built_in, user ? std::optional(user->database()) : std::nullopt};
  }
};

// --data, FATHOM_DATA, or the usual folder. An error when what is there is damaged: it is never
// used in silence, and never left out in silence.
Result<Data> open_data(const Arguments& arguments);

// The place alone, for commands that write. ErrorCode::usage when there is none.
Result<vuln::DataPlace> data_place(const Arguments& arguments);

}  // namespace fathom::cli
