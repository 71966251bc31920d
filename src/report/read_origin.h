// The mirror image of origin_json.cc.

#pragma once

#include "model/report.h"
#include "report/json_members.h"

namespace fathom {

inline constexpr std::array kSides = {Side::unknown, Side::base, Side::yours};

FileOrigin read_file_origin(report_json::Reader& reader, const json::Value& value);
Origins read_origins(report_json::Reader& reader, const json::Value& value);

}  // namespace fathom
