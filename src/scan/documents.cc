#include "scan/documents.h"

#include "base/log.h"
#include "base/text.h"
#include "confine/child.h"
#include "scan/examine.h"
#include "scan/wire.h"

namespace fathom {
namespace {

// Ordinary documents take milliseconds; all limits of their readers count work.
constexpr int kStallSeconds = 120;

// What the child answered, decoded.
template <class T>
Result<T> decoded(WireType type, std::string_view payload) {
  if (type == WireType::failed) {
    Failure failure = TRY(decode_value<Failure>(payload));
    return Error{failure.code, std::move(failure.message)};
  }
  if (type != WireType::document_read)
    return Error{ErrorCode::malformed, "a message of unknown type"};
  return decode_value<T>(payload);
}

template <class T>
Result<T> listen(confine::Channel& channel) {
  for (;;) {
    std::optional<confine::Message> message = TRY(channel.receive(kStallSeconds * 1000));
    if (!message) return Error{ErrorCode::crashed, "the confined reader died"};
    // That walls are missing is said in the report of a scan; here there may be none.
    if (static_cast<WireType>(message->type) == WireType::sandbox) continue;
    return decoded<T>(static_cast<WireType>(message->type), message->payload);
  }
}

template <class T>
Result<T> read_confined(DocumentKind kind, std::string_view text, std::string_view name) {
  // An ignore file may be empty; of the others the reader would complain in the words of JSON.
  if (trim(text).empty() && kind != DocumentKind::ignore_file)
    return Error{ErrorCode::malformed, printable(name) + ": the file is empty"};
  const Limits limits;
  confine::Child child = TRY(confine::Child::start(limits, {run_confined_child, true}));
  const Document document{kind, std::string(name), std::string(text)};
  TRY(child.channel().send(static_cast<std::uint32_t>(WireType::document), encode_value(document)));
  Result<T> result = listen<T>(child.channel());
  const std::string death = child.finish(!result);
  if (result || result.error().code != ErrorCode::crashed) return result;
  return std::move(result).error().in(printable(name)).in(death.empty() ? "ended early" : death);
}

}  // namespace

Result<Report> read_report_confined(std::string_view text, std::string_view name) {
  return read_confined<Report>(DocumentKind::report, text, name);
}

Result<std::vector<policy::IgnoreRule>> read_ignore_file_confined(std::string_view text,
                                                                  std::string_view name) {
  return read_confined<std::vector<policy::IgnoreRule>>(DocumentKind::ignore_file, text, name);
}

Result<std::vector<policy::IgnoreRule>> read_vex_confined(std::string_view text,
                                                          std::string_view name) {
  return read_confined<std::vector<policy::IgnoreRule>>(DocumentKind::vex, text, name);
}

Result<std::vector<lineage::BaseRow>> read_bases_confined(std::string_view text,
                                                          std::string_view name) {
  return read_confined<std::vector<lineage::BaseRow>>(DocumentKind::bases, text, name);
}

Result<std::vector<std::string>> read_baseline_confined(std::string_view text,
                                                        std::string_view name) {
  return read_confined<std::vector<std::string>>(DocumentKind::baseline, text, name);
}

Result<std::vector<verdict::FunctionRow>> read_functions_confined(std::string_view text,
                                                                  std::string_view name) {
  return read_confined<std::vector<verdict::FunctionRow>>(DocumentKind::functions, text, name);
}

Result<SbomDocument> read_sbom_confined(std::string_view text, std::string_view name) {
  return read_confined<SbomDocument>(DocumentKind::sbom, text, name);
}

}  // namespace fathom
