#include "hardening/own_code.h"

#include <algorithm>
#include <set>

#include "base/text.h"
#include "hardening/subject.h"

namespace fathom::hardening {

namespace {

constexpr std::string_view kProtector = "__stack_chk_fail";

HardeningCheck* find_open(HardeningRow& row, std::string_view id) {
  auto found = std::ranges::find(row.checks, id, &HardeningCheck::id);
  return found != row.checks.end() && found->rating == Rating::unknown ? &*found : nullptr;
}

const NamedCall* find_call(const std::vector<NamedCall>& calls, std::string_view name) {
  auto found = std::ranges::find(calls, name, &NamedCall::name);
  return found == calls.end() ? nullptr : &*found;
}

void settle(HardeningCheck& check, std::string value, Rating rating, std::uint64_t address,
            std::string seen, std::string why = {}) {
  check.value = std::move(value);
  check.rating = rating;
  check.place = {Place::Kind::address, address, {}};
  check.seen = std::move(seen);
  check.why = std::move(why);
}

void settle_protector(HardeningRow& row, const std::vector<NamedCall>& calls,
                      bool protector_is_there) {
  HardeningCheck* check = find_open(row, "stack_protector");
  if (check == nullptr) return;
  if (const NamedCall* call = find_call(calls, kProtector))
    return settle(*check, "yes", Rating::good, call->caller,
                  with_thousands(call->callers) + " functions that are not the C library's call " +
                      std::string(kProtector));
  if (protector_is_there)
    settle(*check, "none", Rating::missing, 0,
           "only the C library's own functions call " + std::string(kProtector),
           "built without, or no function has a buffer on the stack");
}

std::string listed(const std::set<std::string_view>& names) {
  constexpr std::size_t kMost = 4;
  std::vector<std::string> out;
  for (std::string_view name : names) {
    if (out.size() == kMost) {
      out.back() += " and " + std::to_string(names.size() - kMost) + " more";
      break;
    }
    out.emplace_back(name);
  }
  return join(out, ", ");
}

void settle_fortify(HardeningRow& row, const std::vector<NamedCall>& calls) {
  HardeningCheck* check = find_open(row, "fortify");
  if (check == nullptr) return;
  std::set<std::string_view> checked, plain;
  std::uint64_t first_checked = 0, first_plain = 0;
  for (const FortifyRow& known : fortify_rows()) {
    const NamedCall* with = find_call(calls, known.checked);
    const NamedCall* without = known.always ? find_call(calls, known.plain) : nullptr;
    if (with != nullptr && checked.insert(known.checked).second && first_checked == 0)
      first_checked = with->caller;
    if (without != nullptr && plain.insert(known.plain).second && first_plain == 0)
      first_plain = without->caller;
  }
  const std::string value =
      std::to_string(checked.size()) + " of " + std::to_string(checked.size() + plain.size());
  if (!checked.empty() && plain.empty())
    settle(*check, value, Rating::good, first_checked, "calls " + listed(checked));
  else if (!checked.empty())
    settle(*check, value, Rating::partial, first_checked, "calls " + listed(checked),
           "some code was not: it calls " + listed(plain));
  else if (!plain.empty())
    settle(*check, value, Rating::missing, first_plain, "calls " + listed(plain),
           "fortified code calls the checked form of them");
}

}  // namespace

void settle_by_own_calls(HardeningRow& row, const std::vector<NamedCall>& calls,
                         bool protector_is_there) {
  settle_protector(row, calls, protector_is_there);
  settle_fortify(row, calls);
}

}  // namespace fathom::hardening
