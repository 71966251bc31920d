// Names, challenges, tokens and credential files; what goes over the wire is tested by
// tests/cli/registry_test.py.

#include "registry/registry.h"

#include <gtest/gtest.h>

#include <map>

#include "base/base64.h"
#include "registry/challenge.h"
#include "registry/credentials.h"

namespace fathom::registry {
namespace {

std::string text_of(const std::vector<Challenge>& challenges) {
  std::string out;
  for (const Challenge& challenge : challenges) {
    out += challenge.scheme + "(";
    for (const auto& [name, value] : challenge.parameters) out += name + "=" + value + ";";
    out += ")";
  }
  return out;
}

std::string challenges(std::vector<std::string_view> values) {
  return text_of(parse_challenges(values));
}

TEST(Challenge, Forms) {
  EXPECT_EQ(challenges(
                {R"(Bearer realm="https://a/token",service="s, \"q\"",scope="repository:x:pull")"}),
            R"(bearer(realm=https://a/token;scope=repository:x:pull;service=s, "q";))");
  EXPECT_EQ(challenges({"Basic realm=\"x\""}), "basic(realm=x;)");
  EXPECT_EQ(challenges({"Basic"}), "basic()");
  EXPECT_EQ(challenges({"BASIC REALM=x , Bearer  Realm = y"}), "basic(realm=x;)bearer(realm=y;)");
  EXPECT_EQ(challenges({"Negotiate, Basic realm=x"}), "negotiate()basic(realm=x;)");
  EXPECT_EQ(challenges({"Negotiate", "Bearer realm=\"r\""}), "negotiate()bearer(realm=r;)");
}

TEST(Challenge, WhatIsBrokenIsLeftOut) {
  for (std::string_view text : {std::string_view(""), std::string_view(",,,"),
                                std::string_view("\"x\""), std::string_view("Bearer realm=\"open"),
                                std::string_view("Bearer realm=\"a\", realm=\"b\""),
                                std::string_view("Bearer realm=\"a\\")})
    EXPECT_EQ(challenges({text}), "") << text;
  EXPECT_EQ(challenges({std::string(100'000, 'a')}), "");
  std::string many = "Bearer ";
  for (int i = 0; i < 100; ++i) many += "p" + std::to_string(i) + "=x,";
  EXPECT_EQ(challenges({many}), "");
}

TEST(Token, Answers) {
  EXPECT_EQ(*parse_token(R"({"token":"abc.def-_~+/=","expires_in":60})"), "abc.def-_~+/=");
  EXPECT_EQ(*parse_token(R"({"token":"","access_token":"second"})"), "second");
  for (const char* bad :
       {"", "null", "[]", "{}", R"({"token":1})", R"({"token":"a b"})", R"({"token":"a\nb"})",
        R"({"token":"é"})", R"({"token":"a","token":"b"})"})
    EXPECT_FALSE(parse_token(bad)) << bad;
  EXPECT_FALSE(parse_token("{\"token\":\"" + std::string(60'000, 'x') + "\"}"));
  const Result<std::string> broken = parse_token(R"({"token":"secret")");
  EXPECT_EQ(broken.error().message.find("secret"), std::string::npos);
}

TEST(Credentials, Files) {
  auto variables = [](std::map<std::string, std::string> all) {
    return [=](const char* name) {
      auto found = all.find(name);
      return found == all.end() ? std::string() : found->second;
    };
  };
  using Files = std::vector<std::string>;
  EXPECT_EQ(credential_files(variables({{"REGISTRY_AUTH_FILE", "/a"}, {"HOME", "/h"}})),
            Files{"/a"});
  EXPECT_EQ(credential_files(variables({{"HOME", "/h"}, {"XDG_RUNTIME_DIR", "/run/u"}})),
            (Files{"/run/u/containers/auth.json", "/h/.config/containers/auth.json",
                   "/h/.docker/config.json"}));
  EXPECT_EQ(credential_files(variables({{"DOCKER_CONFIG", "/d"}})), Files{"/d/config.json"});
  EXPECT_EQ(credential_files(variables({})), Files{});
}

std::string who(std::string_view json, std::string_view registry, std::string_view path = "a/b") {
  Result<FileAnswer> answer = credentials_in(json, registry, path);
  if (!answer) return "! " + answer.error().message;
  const Credentials& c = answer->credentials;
  if (!answer->helper.empty()) return "helper " + answer->helper + " for " + answer->server;
  return c.empty() ? "nobody"
                   : c.user + ":" + c.password + ":" + c.identity_token + ":" + c.registry_token;
}

TEST(Credentials, Keys) {
  const std::string auth = base64("me:pass:word");
  auto file = [&](const std::string& key) {
    return R"({"auths":{")" + key + R"(":{"auth":")" + auth + "\"}}}";
  };
  for (const char* key :
       {"docker.io", "https://index.docker.io/v1/", "index.docker.io", "registry-1.docker.io",
        "docker.io/a", "docker.io/a/b", "https://docker.io"})
    EXPECT_EQ(who(file(key), "docker.io"), "me:pass:word::") << key;
  for (const char* key :
       {"docker.io/a/b/c", "docker.io/x", "other.example", "docker.io.evil.example"})
    EXPECT_EQ(who(file(key), "docker.io"), "nobody") << key;
  EXPECT_EQ(who(file("R.example:5000"), "r.example:5000"), "me:pass:word::");
  EXPECT_EQ(who(file("r.example"), "r.example:5000"), "nobody");
}

TEST(Credentials, Entries) {
  EXPECT_EQ(who(R"({"auths":{"r":{"identitytoken":"t"}}})", "r"), "::t:");
  EXPECT_EQ(who(R"({"auths":{"r":{"registrytoken":"t"}}})", "r"), ":::t");
  EXPECT_EQ(who(R"({"auths":{"r":{}},"credsStore":"desktop"})", "r"), "helper desktop for r");
  EXPECT_EQ(who(R"({"credHelpers":{"r":"one"},"credsStore":"two"})", "r"), "helper one for r");
  EXPECT_EQ(who(R"({"credsStore":"two"})", "docker.io"),
            "helper two for https://index.docker.io/v1/");
  for (const char* name : {"../x", "a/b", "a b", "$(x)"})
    EXPECT_TRUE(who(R"({"credsStore":")" + std::string(name) + "\"}", "r").starts_with("! "))
        << name;
  EXPECT_TRUE(who(R"({"auths":{"r":{"auth":"secret!"}}})", "r").starts_with("! "));
  for (const char* json : {"", "[]", "{", "{\"auths\":{\"r\":{\"auth\":\"secret"})
    EXPECT_EQ(who(json, "r"), "! is no JSON object");
  for (const char* json : {R"({"auths":[]})", R"({"auths":{"r":7}})", R"({"auths":null})"})
    EXPECT_EQ(who(json, "r"), "nobody");
}

TEST(Credentials, HelperAnswers) {
  EXPECT_EQ(parse_helper_answer(R"({"Username":"u","Secret":"s"})")->password, "s");
  const Result<Credentials> token = parse_helper_answer(R"({"Username":"<token>","Secret":"s"})");
  EXPECT_EQ(token->identity_token, "s");
  EXPECT_TRUE(token->user.empty() && token->password.empty());
  EXPECT_FALSE(parse_helper_answer("secret"));
}

TEST(Names, OfImages) {
  auto wanted = [](std::string_view text) {
    Result<oci::Reference> reference = parse_image_name(text);
    return reference ? reference->registry + " " + reference->path + " " + wanted_of(*reference)
                     : "! " + reference.error().message;
  };
  const std::string digest = "sha256:" + std::string(64, 'a');
  EXPECT_EQ(wanted("debian"), "docker.io library/debian latest");
  EXPECT_EQ(wanted("debian:12"), "docker.io library/debian 12");
  EXPECT_EQ(wanted("localhost:5000/app:1"), "localhost:5000 app 1");
  EXPECT_EQ(wanted("[::1]:5000/a/b@" + digest), "[::1]:5000 a/b " + digest);
  EXPECT_EQ(wanted("quay.io/a/b:1@" + digest), "quay.io a/b " + digest);
  EXPECT_TRUE(wanted("Debian").starts_with("! "));
  EXPECT_EQ(wanted("user:secret@quay.io/a").find("secret"), std::string::npos);
}

TEST(Names, OfMirrors) {
  EXPECT_EQ(parse_mirror("https://m.example")->registry, "docker.io");
  EXPECT_EQ(parse_mirror("quay.io=https://m.example/p?a=b")->url, "https://m.example/p?a=b");
  EXPECT_EQ(parse_mirror("https://m.example/?a=b")->registry, "docker.io");
  for (const char* bad : {"m.example", "quay.io=", "ftp://m", "quay.io=https://u:secret@m"}) {
    Result<Mirror> mirror = parse_mirror(bad);
    ASSERT_FALSE(mirror);
    EXPECT_EQ(mirror.error().message.find("secret"), std::string::npos);
  }
}

}  // namespace
}  // namespace fathom::registry
