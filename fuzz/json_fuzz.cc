// json::parse; what is accepted must be written and read back as the same text.

#include <cstdint>
#include <cstdlib>
#include <string>

#include "base/bytes.h"
#include "json/value.h"
#include "json/writer.h"

namespace {

using fathom::json::Value;
using fathom::json::Writer;

void write(Writer& writer, const Value& value) {
  if (const bool* flag = value.boolean()) {
    writer.value(*flag);
  } else if (value.integer()) {
    writer.value(*value.integer());
  } else if (value.number()) {
    writer.value("a number");  // the writer has no fractions
  } else if (const std::string* text = value.string()) {
    writer.value(*text);
  } else if (const fathom::json::Array* elements = value.array()) {
    writer.begin_array();
    for (const Value& element : *elements) write(writer, element);
    writer.end_array();
  } else if (const fathom::json::Object* members = value.object()) {
    writer.begin_object();
    for (const auto& [name, member] : *members) write(writer.key(name), member);
    writer.end_object();
  } else {
    writer.null();
  }
}

std::string written(const Value& value) {
  Writer writer;
  write(writer, value);
  return writer.finish();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fathom::ByteView bytes(std::span(data, size));
  fathom::Limits limits;
  limits.json_nodes = 10'000;
  const auto value = fathom::json::parse(bytes.as_text(), limits);
  if (!value) return 0;
  const std::string text = written(*value);
  const auto again = fathom::json::parse(text, limits);
  if (!again || written(*again) != text) std::abort();
  return 0;
}
