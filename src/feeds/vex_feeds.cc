// CSAF 2.0 advisories and OpenVEX documents. What they say is not or no longer affected becomes a
// statement, kept as the rule that `scan --vex` would make of the same document (policy/vex.h);
// what they say is affected or fixed in a product with a package URL becomes an advisory on that
// package. A product without one can be neither: it is counted as a problem, once per document.

#include <set>

#include "base/text.h"
#include "feeds/collector.h"
#include "model/purl.h"
#include "policy/vex.h"

namespace fathom::feeds {
namespace {

using json::Value;
using vuln::Advisory;

// What a package URL names, as the database has it.
struct Product {
  std::string ecosystem, package, version;
};

std::optional<Product> product_of(std::string_view text, const Context& context) {
  Result<Purl> purl = parse_purl(text);
  if (!purl) return std::nullopt;
  auto distro = purl->qualifiers.find("distro");
  Product product;
  product.ecosystem = context.tables.ecosystem_of(
      purl->type, purl->namespace_, distro == purl->qualifiers.end() ? "" : distro->second);
  if (product.ecosystem.empty() || !is_usable_version(purl->name, context.limits))
    return std::nullopt;
  const bool of_distribution = vuln::is_of_distribution(purl->type);
  // A package of a distribution is one of its releases'; without the release nothing can be said.
  if (of_distribution && product.ecosystem.find(':') == std::string::npos &&
      context.tables.has_releases(product.ecosystem))
    return std::nullopt;
  product.package = purl->name;
  if (!of_distribution && !purl->namespace_.empty())
    product.package = purl->namespace_ + (purl->type == "maven" ? ":" : "/") + purl->name;
  product.version = purl->version;
  return product;
}

struct Said {
  std::string id;
  std::vector<std::string> aliases;
  std::string source, document, day;
  FixState fix = FixState::unknown;
  Severity severity = Severity::unknown;
  std::string cvss, cvss_score;
};

Advisory advisory_of(const Said& said, const Product& product, const Context& context) {
  Advisory a;
  a.id = said.id;
  a.aliases = said.aliases;
  a.source = said.source;
  a.document = said.document;
  a.modified = said.day;
  a.severity = said.severity;
  a.cvss = said.cvss;
  a.cvss_score = said.cvss_score;
  a.ecosystem = product.ecosystem;
  a.package = product.package;
  a.scheme = context.tables.scheme_of(a.ecosystem).value_or(vuln::Scheme::dotted);
  return a;
}

bool is_ordered(const Product& product, const Context& context) {
  std::optional<vuln::Scheme> scheme = context.tables.scheme_of(product.ecosystem);
  return scheme && is_usable_version(product.version, context.limits) &&
         vuln::is_version(*scheme, product.version);
}

Done add_affected(const Said& said, const Product& product, Collector& out) {
  Advisory a = advisory_of(said, product, out.context());
  a.fix = said.fix;
  if (product.version.empty())
    a.ranges = {{}};
  else if (is_ordered(product, out.context()))
    a.ranges = {{product.version, false, "", product.version}};
  else
    a.unreadable = {printable(product.version, 80)};
  return out.add(std::move(a));
}

Done add_fixed(const Said& said, const Product& product, Collector& out) {
  if (product.version.empty()) return Ok{};
  Advisory a = advisory_of(said, product, out.context());
  a.fix = FixState::fixed;
  if (is_ordered(product, out.context())) {
    a.ranges = {{"", false, product.version, ""}};
    a.fixed_in = {product.version};
  } else {
    a.unreadable = {"< " + printable(product.version, 80)};
  }
  return out.add(std::move(a));
}

Done add_statements(std::vector<policy::IgnoreRule> rules, const std::string& document,
                    Collector& out) {
  for (policy::IgnoreRule& rule : rules) {
    rule.origin = document;
    TRY(out.add_statement({document, std::move(rule)}));
  }
  return Ok{};
}

// ---- CSAF

class CsafProducts {
 public:
  explicit CsafProducts(const Value& tree) {
    for (const Value& product : tree["full_product_names"].elements()) add(product);
    for (const Value& branch : tree["branches"].elements()) collect(branch);
    for (const Value& relationship : tree["relationships"].elements()) {
      const Value& whole = relationship["full_product_name"];
      auto part = purls_.find(relationship["product_reference"].text_or());
      std::string purl(whole["product_identification_helper"]["purl"].text_or());
      if (purl.empty() && part != purls_.end()) purl = part->second;
      purls_.emplace(std::string(whole["product_id"].text_or()), std::move(purl));
    }
  }

  std::string_view purl_of(std::string_view id) const {
    auto product = purls_.find(id);
    return product == purls_.end() ? std::string_view() : std::string_view(product->second);
  }

 private:
  void add(const Value& product) {
    purls_.emplace(std::string(product["product_id"].text_or()),
                   std::string(product["product_identification_helper"]["purl"].text_or()));
  }
  // As deep as JSON may be nested, which is bounded.
  void collect(const Value& branch) {
    if (branch.has("product")) add(branch["product"]);
    for (const Value& child : branch["branches"].elements()) collect(child);
  }

  std::map<std::string, std::string, std::less<>> purls_;
};

class CsafDocument {
 public:
  CsafDocument(const Value& document, Collector& out)
      : document_(document), products_(document["product_tree"]), out_(out) {}

  Done read(const std::string& id) {
    const std::string day =
        day_of(document_["document"]["tracking"]["current_release_date"].text_or(), out_.context());
    for (const Value& vulnerability : document_["vulnerabilities"].elements()) {
      Said said;
      said.id = vulnerability["cve"].text_or();
      said.source = "csaf";
      said.document = id;
      said.day = day;
      for (const Value& name : vulnerability["ids"].elements())
        (said.id.empty() ? said.id : said.aliases.emplace_back()) = name["text"].text_or();
      if (said.id.empty())
        return Error{ErrorCode::malformed, "a vulnerability without cve and ids"};
      for (const Value& score : vulnerability["scores"].elements())
        for (std::string_view kind : {"cvss_v3", "cvss_v2"})
          if (said.cvss_score.empty())
            set_cvss(score[kind]["vectorString"].text_or(), said.severity, said.cvss,
                     said.cvss_score);
      TRY(read_status(vulnerability, said));
    }
    if (unnamed_ > 0)
      out_.add_problem({ErrorCode::unsupported, printable(id) + ": " + with_thousands(unnamed_) +
                                                    " products without a usable package URL"});
    return Ok{};
  }

 private:
  Done read_status(const Value& vulnerability, const Said& said) {
    const Value& status = vulnerability["product_status"];
    std::set<std::string> done;
    for (std::string_view word :
         {"known_affected", "first_affected", "last_affected", "fixed", "first_fixed"})
      for (const Value& id : status[word].elements()) {
        std::optional<Product> product =
            product_of(products_.purl_of(id.text_or()), out_.context());
        if (!product) {
          ++unnamed_;
          continue;
        }
        const bool fixed = word == "fixed" || word == "first_fixed";
        // One build for each architecture says the same.
        if (!done.insert(product->ecosystem + '\n' + product->package + '\n' + product->version +
                         (fixed ? "\nf" : "\na"))
                 .second)
          continue;
        Said one = said;
        one.fix = fix_of(vulnerability, id.text_or());
        TRY(fixed ? add_fixed(one, *product, out_) : add_affected(one, *product, out_));
      }
    return Ok{};
  }

  static FixState fix_of(const Value& vulnerability, std::string_view product) {
    for (const Value& remedy : vulnerability["remediations"].elements()) {
      bool meant = remedy["product_ids"].elements().empty();
      for (const Value& id : remedy["product_ids"].elements()) meant |= id.text_or() == product;
      if (!meant) continue;
      const std::string_view category = remedy["category"].text_or();
      if (category == "no_fix_planned") return FixState::will_not_fix;
      if (category == "none_available") return FixState::not_fixed;
      if (category == "vendor_fix") return FixState::fixed;
    }
    return FixState::not_fixed;
  }

  const Value& document_;
  CsafProducts products_;
  Collector& out_;
  std::uint64_t unnamed_ = 0;
};

// ---- OpenVEX

std::string_view purl_of(const Value& product) {
  if (product.string()) return *product.string();
  const std::string_view purl = product["identifiers"]["purl"].text_or();
  return purl.empty() ? product["@id"].text_or() : purl;
}

Done read_openvex_statement(const Value& statement, Said said, Collector& out,
                            std::uint64_t& unnamed) {
  const Value& vulnerability = statement["vulnerability"];
  said.id = vulnerability.string() ? *vulnerability.string()
                                   : std::string(vulnerability["name"].text_or());
  for (const Value& alias : vulnerability["aliases"].elements())
    said.aliases.emplace_back(alias.text_or());
  said.fix = FixState::not_fixed;
  if (statement["status"].text_or() != "affected" || said.id.empty()) return Ok{};
  for (const Value& product : statement["products"].elements()) {
    // With subcomponents it speaks of one product only, which is no advisory on a package.
    std::optional<Product> named = product["subcomponents"].elements().empty()
                                       ? product_of(purl_of(product), out.context())
                                       : std::nullopt;
    if (named)
      TRY(add_affected(said, *named, out));
    else
      ++unnamed;
  }
  return Ok{};
}

}  // namespace

Done read_csaf(std::string_view text, Collector& out) {
  const Value document = TRY(json::parse(text, out.context().limits));
  const std::string id(document["document"]["tracking"]["id"].text_or());
  if (id.empty() || id.size() > out.context().limits.feed_version_bytes)
    return Error{ErrorCode::malformed, "/document/tracking/id is missing"};
  out.name_part("csaf", "", false, {});
  TRY(out.add_record("csaf", id));
  std::vector<policy::IgnoreRule> rules = TRY(policy::csaf_rules(document, id));
  TRY(add_statements(std::move(rules), "csaf " + id, out));
  return CsafDocument(document, out).read(id);
}

Done read_openvex(std::string_view text, Collector& out) {
  const Value document = TRY(json::parse(text, out.context().limits));
  const std::string id(document["@id"].text_or());
  if (id.empty() || id.size() > out.context().limits.text_bytes)
    return Error{ErrorCode::malformed, "/@id is missing"};
  const std::string_view updated = document["last_updated"].text_or();
  Said said;
  said.source = "openvex";
  said.document = id;
  said.day = day_of(updated.empty() ? document["timestamp"].text_or() : updated, out.context());
  out.name_part("openvex", "", false, said.day);
  TRY(out.add_record("openvex", id));
  std::vector<policy::IgnoreRule> rules = TRY(policy::openvex_rules(document, id));
  TRY(add_statements(std::move(rules), "openvex " + id, out));
  std::uint64_t unnamed = 0;
  for (const Value& statement : document["statements"].elements())
    TRY(read_openvex_statement(statement, said, out, unnamed));
  if (unnamed > 0)
    out.add_problem(
        {ErrorCode::unsupported, printable(id) + ": " + with_thousands(unnamed) +
                                     " affected products without a usable package URL"});
  return Ok{};
}

}  // namespace fathom::feeds
