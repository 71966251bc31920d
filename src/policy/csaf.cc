// A CSAF advisory speaks of products by ids that its product tree explains: branches of vendor,
// product and version that end in a product, and relationships that make one product of two ("this
// package as a component of that system"). known_not_affected, fixed and first_fixed become rules;
// a product that carries no purl or CPE is compared by its name, which an image seldom has: such a
// rule then says that it matched nothing.

#include <algorithm>
#include <array>
#include <map>
#include <string>

#include "base/text.h"
#include "policy/vex.h"

namespace fathom::policy {
namespace {

using json::Value;

Error wrong(std::string message) { return {ErrorCode::malformed, std::move(message)}; }

struct Product {
  std::string component;  // purl, CPE or name
  std::string product;    // what it is a component of, the same way; or empty
};

class Document {
 public:
  explicit Document(const Value& document) : document_(document) {}

  Done read_tree() {
    const Value& tree = document_["product_tree"];
    for (const Value& product : tree["full_product_names"].elements()) add(product);
    for (const Value& branch : tree["branches"].elements()) collect(branch);
    for (const Value& relationship : tree["relationships"].elements()) relate(relationship);
    for (const Value& group : tree["product_groups"].elements())
      for (const Value& id : group["product_ids"].elements())
        groups_[std::string(group["group_id"].text_or())].emplace_back(id.text_or());
    return Ok{};
  }

  Done add_rules(const Value& vulnerability, const std::string& origin,
                 std::vector<IgnoreRule>& rules) const {
    const std::vector<std::string> names = names_of(vulnerability);
    if (names.empty()) return wrong("neither cve nor ids");
    for (std::string_view status : kStatuses) {
      std::size_t index = 0;
      for (const Value& id : vulnerability["product_status"][status].elements()) {
        const std::string place =
            "/product_status/" + std::string(status) + "/" + std::to_string(index++);
        auto product = products_.find(id.text_or());
        if (product == products_.end())
          return wrong(place + ": no product \"" + printable(id.text_or()) +
                       "\" in the product tree");
        if (rules.size() == kMostVexRules)
          return Error{ErrorCode::limit_exceeded, "more statements than the limit"};
        IgnoreRule rule;
        rule.id = names.front();
        rule.aliases.assign(names.begin() + 1, names.end());
        rule.component = product->second.component;
        rule.product = product->second.product;
        rule.reason = reason_of(vulnerability, status, product->first);
        rule.origin = origin;
        rule.status = status.ends_with("fixed") ? "fixed" : "not_affected";
        rules.push_back(std::move(rule));
      }
    }
    return Ok{};
  }

 private:
  static constexpr std::array<std::string_view, 3> kStatuses = {"known_not_affected", "fixed",
                                                                "first_fixed"};

  static std::string identity_of(const Value& product) {
    const Value& helper = product["product_identification_helper"];
    for (std::string_view key : {"purl", "cpe"})
      if (const std::string_view text = helper[key].text_or(); !text.empty())
        return std::string(text);
    return std::string(product["name"].text_or());
  }

  void add(const Value& product) {
    products_.emplace(std::string(product["product_id"].text_or()),
                      Product{identity_of(product), {}});
  }

  // As deep as JSON may be nested, which is bounded.
  void collect(const Value& branch) {
    if (branch.has("product")) add(branch["product"]);
    for (const Value& child : branch["branches"].elements()) collect(child);
  }

  void relate(const Value& relationship) {
    const Value& whole = relationship["full_product_name"];
    Product product{identity_of(whole), {}};
    auto part = products_.find(relationship["product_reference"].text_or());
    auto of = products_.find(relationship["relates_to_product_reference"].text_or());
    if (part != products_.end()) product.component = part->second.component;
    if (of != products_.end()) product.product = of->second.component;
    products_.emplace(std::string(whole["product_id"].text_or()), std::move(product));
  }

  static std::vector<std::string> names_of(const Value& vulnerability) {
    std::vector<std::string> names;
    if (const std::string_view cve = trim(vulnerability["cve"].text_or()); !cve.empty())
      names.emplace_back(cve);
    for (const Value& id : vulnerability["ids"].elements())
      if (const std::string_view text = trim(id["text"].text_or()); !text.empty())
        names.emplace_back(text);
    return names;
  }

  // Whether a flag or a threat is about the product: by its id, by a group, or because it names
  // nothing.
  bool is_about(const Value& remark, std::string_view product) const {
    const json::Array& ids = remark["product_ids"].elements();
    const json::Array& groups = remark["group_ids"].elements();
    if (ids.empty() && groups.empty()) return true;
    auto names = [&](const Value& id) { return id.text_or() == product; };
    if (std::any_of(ids.begin(), ids.end(), names)) return true;
    return std::any_of(groups.begin(), groups.end(), [&](const Value& group) {
      auto members = groups_.find(group.text_or());
      return members != groups_.end() && std::find(members->second.begin(), members->second.end(),
                                                   product) != members->second.end();
    });
  }

  std::string reason_of(const Value& vulnerability, std::string_view status,
                        std::string_view product) const {
    std::string reason = "VEX " + std::string(status);
    for (const Value& flag : vulnerability["flags"].elements())
      if (is_about(flag, product)) reason += ", " + std::string(flag["label"].text_or());
    for (const Value& threat : vulnerability["threats"].elements())
      if (threat["category"].text_or() == "impact" && is_about(threat, product))
        reason += ": " + std::string(threat["details"].text_or());
    return reason;
  }

  const Value& document_;
  std::map<std::string, Product, std::less<>> products_;
  std::map<std::string, std::vector<std::string>, std::less<>> groups_;
};

}  // namespace

bool is_csaf(const Value& document) { return document["document"].has("csaf_version"); }

Result<std::vector<IgnoreRule>> csaf_rules(const Value& value, std::string_view name) {
  if (const std::string_view version = value["document"]["csaf_version"].text_or();
      version != "2.0")
    return Error{ErrorCode::unsupported,
                 "/document/csaf_version: " + printable(version) + ", this fathom reads 2.0"};
  Document document(value);
  TRY(document.read_tree());
  std::vector<IgnoreRule> rules;
  std::size_t index = 0;
  for (const Value& vulnerability : value["vulnerabilities"].elements()) {
    const std::string place = "/vulnerabilities/" + std::to_string(index++);
    TRY(document.add_rules(vulnerability, printable(name) + ":" + place, rules).in(place));
  }
  return rules;
}

}  // namespace fathom::policy
