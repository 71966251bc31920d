#include "report/audit_json.h"

namespace fathom {
namespace {

using json::Writer;
using WriteEvidence = void (*)(Writer&, const Evidence&);

class AuditWriter {
 public:
  AuditWriter(Writer& w, WriteEvidence write_evidence) : w_(w), write_evidence_(write_evidence) {}

  void write(const Execution& execution) {
    w_.key("execution").begin_object();
    write_start(execution);
    write_shell(execution.shell);
    w_.key("tools").begin_array();
    for (const ToolRow& row : execution.tools) write_tool(row);
    w_.end_array();
    w_.key("programs").begin_array();
    for (const ProgramRow& row : execution.programs) write_program(row);
    w_.end_array().end_object();
  }

  void write(const Trust& trust) {
    w_.key("trust").begin_object().key("bundles").begin_array();
    for (const BundleRow& row : trust.bundles) {
      w_.begin_object();
      w_.member("path", row.path).member("digest", row.digest);
      layer(row.layer);
      w_.optional_member("owner", row.owner);
      w_.member("authorities", row.authorities).member("expired", row.expired);
      w_.member("distrusted", row.distrusted).member("unknown", row.unknown);
      w_.member("missing", row.missing).member("unreadable", row.unreadable);
      w_.end_object();
    }
    w_.end_array().key("time_zones").begin_array();
    for (const TimeZoneRow& row : trust.time_zones) {
      w_.begin_object().member("release", row.release);
      evidence("evidence", {row.evidence});
      w_.end_object();
    }
    w_.end_array().end_object();
  }

  void write(const std::vector<ConfigurationRow>& rows) {
    w_.key("configuration").begin_array();
    for (const ConfigurationRow& row : rows) {
      w_.begin_object();
      w_.member("id", row.id).member("severity", row.severity).member("title", row.title);
      w_.member("why", row.why).member("fix", row.fix).member("count", row.count);
      evidence("evidence", row.evidence);
      w_.end_object();
    }
    w_.end_array();
  }

 private:
  void layer(std::int64_t index) {
    if (index >= 0) w_.member("layer", index);
  }

  void evidence(std::string_view name, const std::vector<Evidence>& list) {
    w_.key(name).begin_array();
    for (const Evidence& each : list) write_evidence_(w_, each);
    w_.end_array();
  }

  void write_start(const Execution& execution) {
    const Start& start = execution.start;
    w_.key("start").begin_object();
    w_.strings("arguments", start.arguments);
    w_.optional_member("user", execution.user);
    w_.optional_member("program", start.program);
    w_.key("steps").begin_array();
    for (const StartStep& step : start.steps) {
      w_.begin_object();
      w_.member("what", step.what).member("path", step.path).member("seen", step.seen);
      layer(step.layer);
      w_.end_object();
    }
    w_.end_array();
    w_.strings("problems", start.problems);
    w_.end_object();
  }

  void write_shell(const ShellProof& shell) {
    w_.key("shell").begin_object();
    w_.member("verdict", name_of(shell.verdict)).member("programs", shell.programs);
    w_.key("excluded").begin_array();
    for (const ShellProof::Reason& reason : shell.excluded) {
      w_.begin_object();
      w_.member("why", reason.why).member("programs", reason.programs);
      w_.end_object();
    }
    w_.end_array();
    evidence("shells", shell.shells);
    evidence("doubts", shell.doubts);
    evidence("interpreters", shell.interpreters);
    w_.end_object();
  }

  void write_tool(const ToolRow& row) {
    w_.begin_object();
    w_.member("tool", row.tool).member("category", row.category).member("what", row.what);
    w_.member("path", row.path);
    w_.optional_member("digest", row.digest);
    layer(row.layer);
    w_.member("bytes", row.bytes).strings("names", row.names);
    w_.strings("commands", row.commands);
    w_.optional_member("owner", row.owner);
    w_.member("executable", row.executable).member("needed", row.needed);
    evidence("evidence", row.evidence);
    w_.end_object();
  }

  void write_program(const ProgramRow& row) {
    w_.begin_object();
    w_.member("path", row.path);
    w_.optional_member("digest", row.digest);
    layer(row.layer);
    w_.member("bytes", row.bytes).strings("libraries", row.libraries);
    w_.key("abilities").begin_array();
    for (const Ability& ability : row.abilities) {
      w_.begin_object();
      w_.member("id", ability.id).member("what", ability.what);
      evidence("evidence", ability.evidence);
      w_.end_object();
    }
    w_.end_array().end_object();
  }

  Writer& w_;
  WriteEvidence write_evidence_;
};

}  // namespace

void write_audit(Writer& w, const Report& report, WriteEvidence write_evidence) {
  AuditWriter writer(w, write_evidence);
  writer.write(report.execution);
  writer.write(report.trust);
  writer.write(report.configuration);
}

}  // namespace fathom
