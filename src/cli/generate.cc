#include "cli/generate.h"

#include <algorithm>

#include "base/text.h"

namespace fathom::cli {
namespace {

constexpr std::size_t kWidth = 80;
constexpr std::size_t kIndent = 6;

std::string replace_all(std::string text, std::string_view from, const std::string& to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != text.npos; at += to.size())
    text.replace(at, from.size(), to);
  return text;
}

// Fills in what other tables know.
std::string filled(std::string_view text) {
  std::string out = replace_all(std::string(text), "{formats}", format_names());
  return replace_all(out, "{schemes}", replace_all(scheme_names(), " ", ", "));
}

std::string wrapped(std::string_view text, std::size_t indent) {
  std::string out;
  for (std::string_view paragraph : split(text, '\n')) {
    if (paragraph.starts_with(' ')) {  // an example, as it is
      out += std::string(indent, ' ') + std::string(paragraph) + "\n";
      continue;
    }
    std::string line(indent, ' ');
    for (std::string_view word : split(paragraph, ' ')) {
      if (line.size() + 1 + word.size() > kWidth && line.size() > indent) {
        out += line + "\n";
        line.assign(indent, ' ');
      }
      if (line.size() > indent) line += ' ';
      line += word;
    }
    out += (line.size() == indent ? "" : line) + "\n";
  }
  return out;
}

std::string spelled(const Flag& flag) {
  std::string text = flag.letter != 0 ? std::string("-") + flag.letter + ", " : "    ";
  text += "--" + std::string(flag.name);
  if (!flag.argument.empty()) text += " " + std::string(flag.argument);
  return text;
}

std::string usage_of(const Command& command) {
  std::string text = "fathom " + std::string(command.name);
  if (!command.operands.empty()) text += " " + std::string(command.operands);
  if (!command.flags.empty()) text += " [FLAG…]";
  return text;
}

std::string roff(std::string_view text) {
  return replace_all(replace_all(std::string(text), "\\", "\\\\"), "-", "\\-");
}

std::string man_of(const Command& command) {
  std::string out = ".SS " + roff(usage_of(command)) + "\n" + roff(filled(command.summary)) + ".\n";
  if (!command.details.empty())
    out += ".PP\n" +
           replace_all(replace_all(roff(filled(command.details)), "\n\n", "\n.PP\n"), "\n  ",
                       "\n.br\n  ") +
           "\n";
  for (const Flag& flag : command.flags) {
    out += ".TP\n.B " + roff(trim(spelled(flag))) + "\n" + roff(filled(flag.summary)) + ".\n";
    if (!flag.details.empty()) out += roff(filled(flag.details)) + "\n";
  }
  return out;
}

std::string command_names() {
  std::string names;
  for (const Command& command : all_commands())
    names += (names.empty() ? "" : " ") + std::string(command.name);
  return names;
}

std::string flag_words(const Command& command) {
  std::string words = "--help";
  for (const Flag& flag : command.flags) words += " --" + std::string(flag.name);
  return words;
}

std::string bash_completion() {
  std::string out =
      "_fathom() {\n"
      "  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}\n"
      "  if [ \"$COMP_CWORD\" = 1 ]; then\n"
      "    COMPREPLY=($(compgen -W '" +
      command_names() +
      "' -- \"$word\")); return\n"
      "  fi\n"
      "  case ${COMP_WORDS[1]}:$before in\n";
  for (const Command& command : all_commands())
    for (const Flag& flag : command.flags)
      if (!flag.choices.empty())
        out += "    " + std::string(command.name) + ":--" + std::string(flag.name) +
               ") COMPREPLY=($(compgen -W '" + filled(flag.choices) +
               "' -- \"$word\")); return ;;\n";
  out += "  esac\n  case ${COMP_WORDS[1]}:$word in\n";
  for (const Command& command : all_commands())
    out += "    " + std::string(command.name) + ":-*) COMPREPLY=($(compgen -W '" +
           flag_words(command) + "' -- \"$word\")) ;;\n";
  out +=
      "    *) COMPREPLY=($(compgen -f -- \"$word\")) ;;\n  esac\n}\n"
      "complete -o filenames -F _fathom fathom\n";
  return out;
}

// fish and zsh read the words once more as a command line, in which "<" and ">" would redirect.
std::string shell_words(std::string_view choices) {
  return replace_all(replace_all(filled(choices), ">", "\\>"), "<", "\\<");
}

std::string zsh_flag(const Flag& flag) {
  const std::string name(flag.name);
  std::string out = "      ";
  // Either spelling leaves the other out, unless there may be several.
  if (flag.letter != 0) {
    const std::string letter = std::string("-") + flag.letter;
    out += flag.repeatable ? "'*'" : "'(" + letter + " --" + name + ")'";
    out += "{" + letter + ",--" + name + "}'";
  } else {
    out += std::string("'") + (flag.repeatable ? "*" : "") + "--" + name;
  }
  out += "[" + replace_all(replace_all(filled(flag.summary), "'", ""), "]", "\\]") + "]";
  if (!flag.argument.empty())
    out += ":" + replace_all(std::string(flag.argument), "[=FILE]", "") + ":" +
           (flag.choices.empty() ? "_files" : "(" + shell_words(flag.choices) + ")");
  return out + "' \\\n";
}

std::string zsh_completion() {
  std::string out = "#compdef fathom\n_fathom() {\n  if (( CURRENT == 2 )); then\n    compadd " +
                    command_names() + "\n    return\n  fi\n  case $words[2] in\n";
  for (const Command& command : all_commands()) {
    out += "    " + std::string(command.name) + ") _arguments \\\n";
    for (const Flag& flag : command.flags) out += zsh_flag(flag);
    out += "      '*:file:_files' ;;\n";
  }
  return out + "  esac\n}\ncompdef _fathom fathom\n";
}

std::string fish_completion() {
  std::string out;
  for (const Command& command : all_commands()) {
    std::string name(command.name);
    out += "complete -c fathom -n __fish_use_subcommand -a " + name + " -d '" +
           replace_all(filled(command.summary), "'", "") + "'\n";
    for (const Flag& flag : command.flags) {
      out += "complete -c fathom -n '__fish_seen_subcommand_from " + name + "' -l " +
             std::string(flag.name);
      if (flag.letter != 0) out += std::string(" -s ") + flag.letter;
      if (!flag.choices.empty())
        out += " -x -a '" + shell_words(flag.choices) + "'";
      else if (!flag.argument.empty())
        out += " -r";
      out += " -d '" + replace_all(filled(flag.summary), "'", "") + "'\n";
    }
  }
  return out;
}

}  // namespace

std::string overview() {
  std::string out =
      "fathom looks inside container images that have no shell and no package database\n"
      "and says, with evidence, what code is really in there and which known\n"
      "vulnerabilities it has.\n\nUsage: fathom COMMAND …\n\nCommands:\n";
  std::size_t widest = 0;
  for (const Command& command : all_commands()) widest = std::max(widest, command.name.size());
  for (const Command& command : all_commands())
    out += "  " + std::string(command.name) + std::string(widest + 2 - command.name.size(), ' ') +
           std::string(command.summary) + "\n";
  return out +
         "\nfathom COMMAND --help says more. Try: fathom scan IMAGE.tar\n"
         "In a pipeline: fathom scan IMAGE.tar --ci -o json=report.json (exit status 1: failed)\n";
}

std::string help_of(const Command& command) {
  std::string out =
      "Usage: " + usage_of(command) + "\n\n" + wrapped("To " + filled(command.summary) + ".", 0);
  if (!command.details.empty()) out += "\n" + wrapped(filled(command.details), 0);
  if (!command.flags.empty()) out += "\nFlags:\n";
  for (const Flag& flag : command.flags) {
    out += "  " + spelled(flag) + "\n" + wrapped(filled(flag.summary) + ".", kIndent + 4);
    if (!flag.details.empty()) out += wrapped(filled(flag.details), kIndent + 4);
    if (flag.choices == "{formats}")
      out += wrapped("Formats: " + format_names() + ".", kIndent + 4);
  }
  if (!command.flags.empty())
    out += "\n" + wrapped(
                      "A flag that was not given is taken from the variable FATHOM_FLAG_NAME, "
                      "then from the file .fathom.yaml of the working folder.",
                      0);
  return out;
}

std::string man_page() {
  std::string out = ".TH FATHOM 1 \"\" \"fathom " FATHOM_VERSION
                    "\"\n.SH NAME\n"
                    "fathom \\- what code is in a container image, and what is known against it\n"
                    ".SH SYNOPSIS\n.B fathom\n.I COMMAND\n…\n.SH COMMANDS\n";
  for (const Command& command : all_commands()) out += man_of(command);
  return out +
         ".SH ENVIRONMENT\n.B FATHOM_*\nvalues for flags that were not given; "
         ".B NO_COLOR\nswitches colours off.\n.SH FILES\n.B .fathom.yaml\nin the working "
         "folder: flag names and their values.\n";
}

std::string completion(std::string_view shell) {
  if (shell == "bash") return bash_completion();
  if (shell == "zsh") return zsh_completion();
  if (shell == "fish") return fish_completion();
  return {};
}

}  // namespace fathom::cli
