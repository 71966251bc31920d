#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include "confine/channel_store.h"
#include "confine/child.h"
#include "confine/sandbox.h"

namespace fathom::confine {
namespace {

// Runs `body` behind the walls and says how the child ended.
std::string end_of(const std::function<int()>& body) {
  ChildOptions options{[&](Channel) {
                         enter_sandbox({});
                         return body();
                       },
                       false};
  Result<Child> child = Child::start({}, options);
  return child ? child->finish(false) : child.error().message;
}

bool forbidden(const std::string& end) { return end.find("SIGSYS") != end.npos; }

TEST(Sandbox, LetsOrdinaryWorkThrough) {
  EXPECT_EQ(end_of([] {
              int sum = 0;
              std::jthread([&] { sum = 7; }).join();
              std::vector<char> memory(64 << 20, 'x');
              return sum == 7 && memory.back() == 'x' ? 0 : 1;
            }),
            "");
}

TEST(Sandbox, ForbidsOpening) {
  EXPECT_TRUE(forbidden(end_of([] { return ::open("/etc/passwd", O_RDONLY); })));
}

TEST(Sandbox, ForbidsSockets) {
  EXPECT_TRUE(forbidden(end_of([] { return ::socket(AF_INET, SOCK_STREAM, 0); })));
}

TEST(Sandbox, ForbidsProcesses) {
  EXPECT_TRUE(forbidden(end_of([] { return ::fork() >= 0 ? 0 : 1; })));
  EXPECT_TRUE(forbidden(end_of([] {
    char* none[] = {nullptr};
    return ::execve("/bin/true", none, none);
  })));
}

TEST(Sandbox, ForbidsNewCode) {
  EXPECT_TRUE(forbidden(end_of([] {
    void* p = ::mmap(nullptr, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return p == MAP_FAILED ? 1 : 0;
  })));
}

TEST(Sandbox, ForbidsKillingOthers) {
  pid_t parent = ::getpid();
  EXPECT_TRUE(forbidden(end_of([=] { return ::kill(parent, 0); })));
}

// seccomp refused: Landlock alone still keeps the file system shut.
TEST(Sandbox, EachWallStandsAlone) {
#ifndef FATHOM_PLANT_FAULTS
  GTEST_SKIP() << "this build has no walls that can be refused on demand";
#endif
  ::setenv("FATHOM_PLANT_REFUSE", "seccomp", 1);
  EXPECT_EQ(end_of([] { return ::open("/etc/passwd", O_RDONLY) < 0 ? 0 : 1; }), "");
  ::setenv("FATHOM_PLANT_REFUSE", "landlock", 1);
  EXPECT_TRUE(forbidden(end_of([] { return ::open("/etc/passwd", O_RDONLY) < 0 ? 0 : 1; })));
  ::setenv("FATHOM_PLANT_REFUSE", "landlock,seccomp", 1);
  ChildOptions options{[](Channel) { return static_cast<int>(enter_sandbox({}).missing.size()); },
                       false};
  EXPECT_EQ(Child::start({}, options)->finish(false), "exit status 2");
  ::unsetenv("FATHOM_PLANT_REFUSE");
}

TEST(Child, SaysHowItDied) {
  EXPECT_EQ(end_of([] { return 3; }), "exit status 3");
  EXPECT_NE(end_of([]() -> int { std::abort(); }).find("SIGABRT"), std::string::npos);
}

TEST(Channel, CarriesLargeMessagesAndDescriptors) {
  ChildOptions options{[](Channel channel) {
                         Result<std::optional<Message>> message = channel.receive();
                         char byte = 0;
                         if (!message || !*message || (*message)->payload.size() != 5'000'000 ||
                             ::read((*message)->fd.get(), &byte, 1) != 1)
                           return 1;
                         return channel.send(9, std::string(1, byte)) ? 0 : 1;
                       },
                       false};
  Result<Child> child = Child::start({}, options);
  ASSERT_TRUE(child);
  std::array<int, 2> pipe{};
  ASSERT_EQ(::pipe(pipe.data()), 0);
  Fd reader(pipe[0]), writer(pipe[1]);
  ASSERT_EQ(::write(writer.get(), "z", 1), 1);
  ASSERT_TRUE(child->channel().send(8, std::string(5'000'000, 'a'), reader.get()));
  Result<std::optional<Message>> answer = child->channel().receive(10'000);
  ASSERT_TRUE(answer && *answer);
  EXPECT_EQ((*answer)->type, 9u);
  EXPECT_EQ((*answer)->payload, "z");
  EXPECT_EQ(child->finish(false), "");
}

TEST(Channel, RefusesWhatIsLargerThanTheLimit) {
  Limits limits;
  limits.message_bytes = 10;
  ChildOptions options{[](Channel channel) { return channel.send(1, "eleven bytes") ? 0 : 1; },
                       false};
  Result<Child> child = Child::start(limits, options);
  Result<std::optional<Message>> message = child->channel().receive(10'000);
  ASSERT_FALSE(message);
  EXPECT_EQ(message.error().code, ErrorCode::limit_exceeded);
}

TEST(Channel, NoticesAnEndAndAStall) {
  ChildOptions ends{[](Channel) { return 0; }, false};
  Result<Child> child = Child::start({}, ends);
  Result<std::optional<Message>> message = child->channel().receive(10'000);
  ASSERT_TRUE(message);
  EXPECT_FALSE(message->has_value());

  ChildOptions stalls{[](Channel channel) {
                        (void)!channel.receive();
                        return 0;
                      },
                      false};
  Result<Child> silent = Child::start({}, stalls);
  message = silent->channel().receive(50);
  ASSERT_FALSE(message);
  EXPECT_EQ(message.error().code, ErrorCode::io);
}

// The child sees a file of the parent's only through the parent.
TEST(ChannelStore, ServesAFolderAndNothingElse) {
  std::filesystem::path root = std::filesystem::path(::testing::TempDir()) / "fathom_store";
  std::filesystem::create_directories(root / "a");
  std::ofstream(root / "a/file") << "content";
  std::ofstream(root.string() + "_outside") << "secret";
  ChildOptions options{[](Channel channel) {
                         enter_sandbox({});
                         std::unique_ptr<image::Store> store =
                             channel_store(channel, StoreKind::folder);
                         Result<std::unique_ptr<image::Blob>> good = store->open("a/file");
                         if (!good || (*good)->size() != 7) return 1;
                         if (store->open("../fathom_store_outside")) return 2;
                         if (store->open("/etc/passwd")) return 3;
                         if (store->open("a")) return 4;
                         std::vector<Gap> gaps;
                         auto list = store->list(gaps);
                         if (!list || list->size() != 2) return 5;
                         auto scratch = store->scratch();
                         if (!scratch || !(*scratch)->append(ByteView::of("12345"))) return 6;
                         return (*scratch)->size() == 5 ? 0 : 7;
                       },
                       false};
  Result<StoreServer> server = StoreServer::open(root.string());
  ASSERT_TRUE(server);
  Result<Child> child = Child::start({}, options);
  for (;;) {
    Result<std::optional<Message>> message = child->channel().receive(20'000);
    ASSERT_TRUE(message);
    if (!*message) break;
    Result<bool> served = server->serve(**message, child->channel());
    ASSERT_TRUE(served && *served);
  }
  EXPECT_EQ(child->finish(false), "");
}

}  // namespace
}  // namespace fathom::confine
