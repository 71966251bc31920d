#include "scan/feeds.h"

#include <ctime>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "scan/examine.h"
#include "scan/wire.h"

namespace fathom {
namespace {

// Between two messages; a batch of rows takes well under a second.
constexpr int kStallSeconds = 300;

std::string day_after(std::string_view now) {
  std::tm parts{};
  if (::strptime(std::string(now.substr(0, 10)).c_str(), "%Y-%m-%d", &parts) == nullptr)
    return "9999";
  std::time_t time = ::timegm(&parts) + 24 * 60 * 60;
  gmtime_r(&time, &parts);
  std::array<char, 16> text{};
  std::strftime(text.data(), text.size(), "%Y-%m-%d", &parts);
  return text.data();
}

std::vector<feeds::Library> libraries_of(const vuln::Database& built_in) {
  std::vector<feeds::Library> out;
  for (const auto& [name, names] : built_in.libraries()) {
    const std::vector<vuln::Advisory> known = built_in.advisories_for("C", name);
    const vuln::Scheme scheme = known.empty() ? vuln::Scheme::dotted : known.front().scheme;
    for (const std::string& cpe : names.cpes) out.push_back({cpe, name, scheme});
  }
  return out;
}

}  // namespace

FeedReader::FeedReader(const vuln::Database& built_in, std::string_view now, std::size_t jobs)
    : tables_(built_in.section("distributions")),
      last_day_(day_after(now)),
      libraries_(libraries_of(built_in)),
      jobs_(jobs) {}

Done FeedReader::start() {
  if (child_) return Ok{};
  child_.emplace(TRY(confine::Child::start(Limits{}, {run_confined_child, true})));
  return Ok{};
}

Result<feeds::Incoming> FeedReader::receive() {
  feeds::Incoming one;
  for (;;) {
    std::optional<confine::Message> message = TRY(child_->channel().receive(kStallSeconds * 1000));
    if (!message) return Error{ErrorCode::crashed, "the confined reader died"};
    switch (static_cast<WireType>(message->type)) {
      case WireType::sandbox:
        continue;
      case WireType::feed_rows: {
        feeds::Batch batch = TRY(decode_value<feeds::Batch>(message->payload));
        TRY(feeds::append(one.rows, std::move(batch), FeedLimits{}));
        continue;
      }
      case WireType::feed_done:
        one.summary = TRY(decode_value<feeds::Summary>(message->payload));
        return one;
      case WireType::failed: {
        Failure failure = TRY(decode_value<Failure>(message->payload));
        return Error{failure.code, std::move(failure.message)};
      }
      default:
        return Error{ErrorCode::malformed, "a message of unknown type"};
    }
  }
}

Done FeedReader::read(int fd, const std::string& name, const std::string& day) {
  TRY(start());
  const FeedJob job{name, day, last_day_, tables_, libraries_, jobs_};
  TRY(child_->channel().send(static_cast<std::uint32_t>(WireType::feed), encode_value(job), fd));
  Result<feeds::Incoming> one = receive();
  if (!one) {
    // A child that said no can go on with the next file; any other is not to be trusted further.
    const bool orderly = one.error().code == ErrorCode::unsupported;
    std::string death;
    if (!orderly) {
      death = child_->finish(one.error().code != ErrorCode::crashed);
      child_.reset();
    }
    if (one.error().code == ErrorCode::crashed)
      return std::move(one).error().in(printable(name)).in(death.empty() ? "ended early" : death);
    return std::move(one).error();
  }
  add(std::move(*one));
  return Ok{};
}

void FeedReader::add(feeds::Incoming one) {
  // A record, or a whole catalogue, that an earlier file had too.
  feeds::Incoming again;
  for (const auto& record : one.rows.records)
    if (!seen_.insert(record).second) again.rows.records.push_back(record);
  for (const feeds::Part& part : one.summary.parts)
    if (part.whole && !seen_.insert({part.row.name + "\n", part.row.part}).second)
      again.summary.parts.push_back(part);
  if (!again.rows.records.empty() || !again.summary.parts.empty()) feeds::forget(all_.rows, again);

  (void)!feeds::append(all_.rows, std::move(one.rows), FeedLimits{});
  for (feeds::Part& part : one.summary.parts) {
    auto same = std::ranges::find_if(all_.summary.parts, [&](const feeds::Part& p) {
      return p.row.name == part.row.name && p.row.part == part.row.part;
    });
    if (same == all_.summary.parts.end()) {
      all_.summary.parts.push_back(std::move(part));
      continue;
    }
    const std::uint64_t before = part.whole ? 0 : same->row.records;
    part.row.newest = std::max(part.row.newest, same->row.newest);
    part.row.records += before;
    part.whole = part.whole || same->whole;
    *same = std::move(part);
  }
  std::ranges::move(one.summary.problems, std::back_inserter(all_.summary.problems));
  all_.summary.problems_not_kept += one.summary.problems_not_kept;
}

}  // namespace fathom
