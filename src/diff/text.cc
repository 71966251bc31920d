#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/text.h"
#include "diff/write.h"
#include "report/columns.h"
#include "sandbox/tables.h"

namespace fathom::diff {
namespace {

std::string shown(std::string_view text) { return printable(text, 400); }

class Page {
 public:
  Page(const Compared& compared, std::size_t width, bool all)
      : compared_(compared),
        width_(std::max<std::size_t>(width, 60)),
        most_(all ? ~std::size_t{0} : 40) {}

  std::string run() {
    line("--- " + shown(compared_.before));
    line("+++ " + shown(compared_.after));
    for (const std::string& note : compared_.notes) line("note: " + shown(note));
    const ReportDiff& r = compared_.report;
    section("Image", r.image);
    section("Components", r.components);
    section("Findings", r.findings);
    section("Hardening", r.hardening);
    section("Gaps", r.gaps);
    section("Files", r.files);
    write_sizes();
    for (const ComparedProgram& program : compared_.programs) write(program);
    if (!compared_.is_different())
      line("No difference.");
    else if (r.empty() && !compared_.programs.empty() && all_same_programs())
      line("Nothing that runs differs.");
    return std::move(out_);
  }

 private:
  void line(const std::string& text) {
    std::string fitted = fit_end(text, width_);
    while (fitted.ends_with(' ')) fitted.pop_back();
    out_ += fitted + "\n";
  }
  void more(std::size_t count) {
    if (count > 0) line("  … and " + with_thousands(count) + " more (use --all or -o json)");
  }
  bool all_same_programs() const {
    return std::ranges::all_of(compared_.programs,
                               [](const ComparedProgram& p) { return p.diff.is_same_program(); });
  }

  void section(std::string_view title, const std::vector<Change>& changes) {
    if (changes.empty()) return;
    std::size_t added = 0, removed = 0;
    for (const Change& change : changes) added += change.sign == '+', removed += change.sign == '-';
    out_ += "\n";
    line(fmt::format("{}: {} added, {} removed, {} changed", title, added, removed,
                     changes.size() - added - removed));
    for (std::size_t i = 0; i < std::min(changes.size(), most_); ++i) line(text_of(changes[i]));
    more(changes.size() - std::min(changes.size(), most_));
  }

  static std::string text_of(const Change& change) {
    std::string text = fmt::format("  {} {}", change.sign, shown(change.what));
    if (!change.where.empty()) text += " (" + shown(change.where) + ")";
    if (change.sign == '~')
      text += ": " + (change.before.empty() ? "none" : shown(change.before)) + " → " +
              (change.after.empty() ? "none" : shown(change.after));
    else if (const std::string& value = change.sign == '+' ? change.after : change.before;
             !value.empty())
      text += ": " + shown(value);
    return text;
  }

  static std::string signed_bytes(std::int64_t difference) {
    return (difference < 0 ? "-" : "+") +
           human_bytes(static_cast<std::uint64_t>(std::abs(difference)));
  }

  void write_sizes() {
    const ReportDiff& r = compared_.report;
    if (r.sizes.empty()) return;
    out_ += "\n";
    line("Sizes: " + human_bytes(r.bytes_before) + " → " + human_bytes(r.bytes_after));
    for (std::size_t i = 0; i < std::min(r.sizes.size(), most_); ++i)
      line("  " + pad_left(signed_bytes(r.sizes[i].difference()), 10) + "  " +
           shown(r.sizes[i].component));
    more(r.sizes.size() - std::min(r.sizes.size(), most_));
  }

  // ---- Programs

  void write(const ComparedProgram& program) {
    const ProgramDiff& d = program.diff;
    out_ += "\n";
    line("Functions of " + shown(program.path) + ": " +
         fmt::format("{} identical, {} relocated only, {} changed, {} added, {} removed",
                     with_thousands(d.identical), with_thousands(d.relocated),
                     with_thousands(d.changed), with_thousands(d.added.size()),
                     with_thousands(d.removed.size())));
    std::size_t written = 0, left = 0;
    for (const FunctionPair& pair : d.pairs)
      if (pair.is_changed()) ++written <= most_ ? write(program, pair) : void(++left);
    for (std::size_t i : d.added)
      ++written <= most_ ? one('+', program.after.functions[i]) : void(++left);
    for (std::size_t i : d.removed)
      ++written <= most_ ? one('-', program.before.functions[i]) : void(++left);
    more(left);
    list("system calls", names_of(program, d.new_system_calls),
         names_of(program, d.lost_system_calls));
    list("imports", d.new_imports, d.lost_imports);
    list("IFUNCs", d.new_ifuncs, d.lost_ifuncs);
    list("texts", d.new_texts, d.lost_texts);
    write_sections(d);
  }

  static std::string name_or_address(const code::FunctionPrint& function) {
    return function.name.empty() ? hex_number(function.start) : shown(function.name);
  }

  void write(const ComparedProgram& program, const FunctionPair& pair) {
    const code::FunctionPrint &a = program.before.functions[pair.before],
                              &b = program.after.functions[pair.after];
    std::string name = name_or_address(a);
    if (const std::string other = name_or_address(b); other != name) name += " → " + other;
    std::string what = pair.same_code
                           ? "calls or refers to something else"
                           : fmt::format("{} → {} instructions, {} → {} bytes", a.code.instructions,
                                         b.code.instructions, a.size, b.size);
    if (pair.by == Pairing::likeness || pair.by == Pairing::neighbours)
      what += ", paired by " + std::string(name_of(pair.by));
    line("  ~ " + name + ": " + what);
    for (const auto& [sign, text] : text_differences(program, a, b))
      line(std::string("      ") + sign + " \"" + shown(text) + "\"");
  }

  static std::vector<std::pair<char, std::string>> text_differences(const ComparedProgram& program,
                                                                    const code::FunctionPrint& a,
                                                                    const code::FunctionPrint& b) {
    constexpr std::size_t kMost = 6;
    const auto texts = [](const code::ProgramPrint& of, const code::FunctionPrint& function) {
      std::set<std::string> out;
      for (std::uint32_t index : function.texts)
        if (index < of.texts.size()) out.insert(code::normalised(of.texts[index]));
      return out;
    };
    const std::set<std::string> before = texts(program.before, a), after = texts(program.after, b);
    std::vector<std::pair<char, std::string>> out;
    for (const std::string& text : after)
      if (!before.contains(text) && out.size() < kMost) out.emplace_back('+', text);
    for (const std::string& text : before)
      if (!after.contains(text) && out.size() < kMost) out.emplace_back('-', text);
    return out;
  }

  void one(char sign, const code::FunctionPrint& function) {
    line(fmt::format("  {} {}: {} instructions, {} bytes", sign, name_or_address(function),
                     function.code.instructions, function.size));
  }

  static std::vector<std::string> names_of(const ComparedProgram& program,
                                           const std::vector<std::uint32_t>& numbers) {
    std::vector<std::string> out;
    for (std::uint32_t number : numbers) {
      const std::string_view name = sandbox::system_call_name(program.after.machine, number);
      out.push_back(name.empty() ? std::to_string(number) : std::string(name));
    }
    return out;
  }

  void list(std::string_view what, const std::vector<std::string>& added,
            const std::vector<std::string>& lost) {
    if (added.empty() && lost.empty()) return;
    line(fmt::format("  {} new and {} lost {}:", added.size(), lost.size(), what));
    std::size_t written = 0;
    for (const auto& [sign, texts] : {std::pair('+', &added), std::pair('-', &lost)})
      for (const std::string& text : *texts)
        if (++written <= most_) line(std::string("    ") + sign + " " + shown(text));
    more(written - std::min(written, most_));
  }

  void write_sections(const ProgramDiff& d) {
    std::vector<std::string> parts;
    for (const ProgramDiff::Section& s : d.sections) {
      std::string text = shown(s.name);
      if (s.is_new)
        text += " is new";
      else if (s.is_lost)
        text += " is gone";
      else if (s.before != s.after)
        text += fmt::format(" {} → {}", s.before, s.after);
      parts.push_back(std::move(text));
    }
    if (parts.empty()) return;
    parts.front().insert(0, "  sections that differ: ");
    for (const std::string& each : wrap(parts, {.separator = ", ", .width = width_, .indent = 4}))
      line(each);
  }

  const Compared& compared_;
  const std::size_t width_, most_;
  std::string out_;
};

}  // namespace

bool Compared::is_different() const {
  return !report.empty() || std::ranges::any_of(programs, [](const ComparedProgram& p) {
    return !p.diff.is_same_program() || !p.diff.sections.empty() || p.diff.relocated > 0;
  });
}

std::string text_of(const Compared& compared, std::size_t width, bool all) {
  return Page(compared, width, all).run();
}

}  // namespace fathom::diff
