#include <gtest/gtest.h>

#include <map>

#include "net/address.h"
#include "net/proxy.h"

#include "base/base64.h"
#include "net/resolve.h"
#include "net/url.h"

namespace fathom::net {
namespace {

std::string origin_of(std::string_view text) {
  Result<Url> url = parse_url(text);
  return url ? url->origin() + " " + url->target : "! " + url.error().message;
}

TEST(Url, Parts) {
  EXPECT_EQ(origin_of("https://Registry.Example/v2/?a=b#c"), "https://registry.example /v2/?a=b");
  EXPECT_EQ(origin_of("HTTP://[::1]:5000"), "http://[::1]:5000 /");
  EXPECT_EQ(origin_of("https://x:443/"), "https://x /");
  EXPECT_EQ(origin_of("http://x?q"), "http://x /?q");
}

TEST(Url, WhatIsNone) {
  for (const char* text : {"",
                           "x",
                           "//x/y",
                           "ftp://x/",
                           "file:///etc/passwd",
                           "javascript:alert(1)",
                           "https:/x",
                           "https://",
                           "https:///x",
                           "https://u@x/",
                           "https://u:p@x/",
                           "https://x:0/",
                           "https://x:65536/",
                           "https://x:1:2/",
                           "https://[::1/",
                           "https://[::1]x/",
                           "https://x\\@y/",
                           "https://x y/",
                           "https://x/\r\nHost: y",
                           "https://a..b/",
                           "https://-a/",
                           "https://%31/",
                           "https://\xc3\xa9/"})
    EXPECT_FALSE(parse_url(text)) << text;
}

TEST(Url, ErrorsShowNoSecret) {
  for (const char* text : {"https://user:secret@x/", "ftp://user:secret@x/", "secret"})
    EXPECT_EQ(parse_url(text).error().message.find("secret"), std::string::npos);
}

TEST(Url, Resolve) {
  const Url base = *parse_url("https://r.example/v2/a/blobs/x?q=1");
  auto at = [&](std::string_view text) {
    Result<Url> url = resolve(base, text);
    return url ? url->origin() + url->target : "! " + url.error().message;
  };
  EXPECT_EQ(at("/other"), "https://r.example/other");
  EXPECT_EQ(at("y"), "https://r.example/v2/a/blobs/y");
  EXPECT_EQ(at("?p"), "https://r.example/v2/a/blobs/x?p");
  EXPECT_EQ(at("//s.example/z"), "https://s.example/z");
  EXPECT_EQ(at("http://s.example/z"), "http://s.example/z");
  EXPECT_TRUE(at("data:x").starts_with("! "));
}

Reach reach(std::string_view text) { return reach_of(*parse_address(text)); }

TEST(Address, Reach) {
  EXPECT_EQ(reach("8.8.8.8"), Reach::global);
  EXPECT_EQ(reach("2001:4860:4860::8888"), Reach::global);
  for (const char* text : {"127.0.0.1", "127.255.0.9", "::1", "::ffff:127.0.0.1", "::127.0.0.1",
                           "64:ff9b::7f00:1", "2002:7f00:1::"})
    EXPECT_EQ(reach(text), Reach::loopback) << text;
  for (const char* text : {"169.254.169.254", "::ffff:169.254.169.254", "fe80::1", "fd00:ec2::254",
                           "100.100.100.200", "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::1"})
    EXPECT_EQ(reach(text), Reach::link_local) << text;
  for (const char* text : {"0.0.0.0", "::", "224.0.0.1", "255.255.255.255", "ff02::1"})
    EXPECT_EQ(reach(text), Reach::special) << text;
  for (const char* text : {"10.1.2.3", "192.168.0.1", "172.31.0.1", "fc00::1", "100.64.0.1"})
    EXPECT_EQ(reach(text), Reach::site) << text;
}

TEST(Address, OnlyStandardForms) {
  for (const char* text :
       {"127.1", "2130706433", "0x7f.0.0.1", "0177.0.0.1", "1.2.3.4.5", "", "::g"})
    EXPECT_FALSE(parse_address(text)) << text;
}

TEST(Resolve, WithoutAsking) {
  const Deadline by = Clock::now() + std::chrono::seconds(5);
  EXPECT_EQ(look_up("10.0.0.1", by)->size(), 1u);
  const Result<std::vector<Address>> found = look_up("anything.localhost", by);
  ASSERT_TRUE(found);
  for (const Address& address : *found) EXPECT_EQ(reach_of(address), Reach::loopback);
}

Result<Proxies> proxies(std::map<std::string, std::string> environment) {
  return Proxies::from([=](const std::string& name) {
    auto found = environment.find(name);
    return found == environment.end() ? std::string() : found->second;
  });
}

std::string through(const Proxies& from, std::string_view url) {
  std::optional<Proxy> proxy = from.for_url(*parse_url(url));
  return proxy ? proxy->url.authority() + " " + proxy->authorization : "direct";
}

TEST(Proxies, Choice) {
  Result<Proxies> all =
      proxies({{"HTTPS_PROXY", "http://u:p%40x@proxy.example:3128/"},
               {"http_proxy", "plain.example:80"},
               {"NO_PROXY", " internal.example , .dot.example,10.0.0.0/8,x.example:5000"}});
  ASSERT_TRUE(all);
  EXPECT_EQ(through(*all, "https://a.example/"), "proxy.example:3128 Basic dTpwQHg=");
  EXPECT_EQ(through(*all, "http://a.example/"), "plain.example ");
  for (const char* direct :
       {"https://internal.example/", "https://a.internal.example/", "https://b.dot.example/",
        "https://10.9.8.7/", "https://x.example:5000/", "https://localhost:1/",
        "https://127.0.0.1/", "https://[::1]:5000/"})
    EXPECT_EQ(through(*all, direct), "direct") << direct;
  for (const char* other :
       {"https://notinternal.example/", "https://11.0.0.1/", "https://x.example/"})
    EXPECT_NE(through(*all, other), "direct") << other;
  EXPECT_EQ(through(*proxies({}), "https://a.example/"), "direct");
  EXPECT_EQ(through(*proxies({{"ALL_PROXY", "p"}, {"no_proxy", "*"}}), "https://a/"), "direct");
}

TEST(Proxies, HttpPoxy) {
  EXPECT_EQ(through(*proxies({{"HTTP_PROXY", "evil"}, {"REQUEST_METHOD", "GET"}}), "http://a/"),
            "direct");
}

TEST(Proxies, ErrorsShowNoSecret) {
  for (const char* value : {"socks5://u:secret@h", "http://u:secret@h:x", "http://u:secret@"}) {
    Result<Proxies> result = proxies({{"HTTPS_PROXY", value}});
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().message.find("secret"), std::string::npos);
    EXPECT_NE(result.error().message.find("HTTPS_PROXY"), std::string::npos);
  }
}

TEST(Base64, RoundTrip) {
  // RFC 4648, section 10.
  const std::map<std::string, std::string> cases = {
      {"", ""},        {"f", "Zg=="},        {"fo", "Zm8="},
      {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}, {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, encoded] : cases) {
    EXPECT_EQ(base64(plain), encoded);
    EXPECT_EQ(from_base64(encoded), plain);
  }
  for (const char* bad : {"Z", "Zg=x", "Z g", "*"}) EXPECT_FALSE(from_base64(bad)) << bad;
}

}  // namespace
}  // namespace fathom::net
