// Feeds of advisories, read where images are: in a confined child that gets a file and sends back
// rows of the database.

#pragma once

#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "confine/child.h"
#include "feeds/merge.h"
#include "vuln/database.h"

namespace fathom {

// One child for as many files as there are.
class FeedReader {
 public:
  // `built_in` has the tables that explain the names of ecosystems and libraries. `now` is RFC
  // 3339: records that claim to be younger have no date.
  FeedReader(const vuln::Database& built_in, std::string_view now, std::size_t jobs);

  // Adds what the file at `fd` says. After an error nothing of it has been added; unsupported when
  // it is of no known form.
  Done read(int fd, const std::string& name, const std::string& day);

  // What all the files say together: of a record that several have, what the last one said.
  feeds::Incoming take() { return std::move(all_); }

 private:
  Done start();
  Result<feeds::Incoming> receive();
  void add(feeds::Incoming one);

  std::string tables_, last_day_;
  std::vector<feeds::Library> libraries_;
  std::size_t jobs_;
  std::optional<confine::Child> child_;
  feeds::Incoming all_;
  std::set<std::pair<std::string, std::string>> seen_;
};

}  // namespace fathom
