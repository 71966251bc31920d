#include "cli/data.h"

#include <cstdlib>

#include "base/log.h"
#include "base/text.h"
#include "vuln/embedded_pack.h"

namespace fathom::cli {
namespace {

std::string environment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value == nullptr ? std::string() : std::string(value);
}

std::optional<vuln::DataPlace> place_of(const Arguments& arguments) {
  return vuln::data_place(std::string(arguments.one("data")), environment);
}

}  // namespace

Result<Data> open_data(const Arguments& arguments) {
  const vuln::Database built_in =
      TRY(vuln::Database::open(vuln::embedded_pack()).in("the built-in advisories"));
  Data data{built_in, place_of(arguments), std::nullopt};
  if (!data.place) return data;
  Result<std::optional<vuln::UserData>> user = vuln::UserData::open(data.place->pack);
  if (!user)
    return Error{user.error().code,
                 "the imported advisories cannot be used: " + printable(user.error().message, 400) +
                     "; move the file away and import again (fathom db import)"};
  if (*user) data.user.emplace(std::move(**user));
  if (!data.user && !arguments.one("data").empty())
    log::warning("no advisories have been imported to " + printable(data.place->folder));
  return data;
}

Result<vuln::DataPlace> data_place(const Arguments& arguments) {
  if (std::optional<vuln::DataPlace> place = place_of(arguments)) return *place;
  return Error{ErrorCode::usage,
               "there is no folder for data: HOME is not set; name one with --data"};
}

}  // namespace fathom::cli
