#include "lineage/lineage.h"

#include <gtest/gtest.h>

namespace fathom::lineage {
namespace {

TEST(Lineage, UnwrapsWhatBuildersWrite) {
  struct Case {
    const char *history, *instruction;
  };
  for (auto [history, instruction] : {
           Case{"/bin/sh -c #(nop) ADD file:1f0 in / ", "ADD file:1f0 in /"},
           Case{"/bin/sh -c #(nop)  CMD [\"bash\"]", "CMD [\"bash\"]"},
           Case{"/bin/sh -c apt-get update", "RUN apt-get update"},
           Case{"RUN /bin/sh -c make install # buildkit", "RUN make install"},
           Case{"COPY app /app # buildkit", "COPY app /app"},
           Case{"RUN |2 V=1.2 FLAGS=-a -b /bin/sh -c make # buildkit", "RUN make"},
           Case{"|1 V=1 /bin/sh -c ./configure", "RUN ./configure"},
           Case{"RUN python3 -m venv /v # buildkit", "RUN python3 -m venv /v"},
           Case{"bazel build ...", "bazel build ..."},
           Case{"apko", "apko"},
           Case{"", ""},
           Case{"# buildkit", ""},
           Case{"RUN ", "RUN"},
           Case{"|1 V=1 make", "|1 V=1 make"},
       })
    EXPECT_EQ(instruction_of(history), instruction) << history;
}

ImageRow two_layers() {
  ImageRow image;
  image.layers.resize(2);
  image.layers[0].digest = "sha256:aa";
  image.layers[0].diff_id = "sha256:bb";
  image.layers[0].created_by = "COPY a /a # buildkit";
  image.layers[1].created_by = "RUN /bin/sh -c rm\t/a\x1b[2J # buildkit";
  return image;
}

TEST(Lineage, NamesTheLayerOfAFile) {
  FileRow file;
  file.layer = 0;
  Origin origin = origin_of(file, two_layers());
  EXPECT_EQ(origin.layer, 0);
  EXPECT_EQ(origin.layer_digest, "sha256:aa");
  EXPECT_EQ(origin.diff_id, "sha256:bb");
  EXPECT_EQ(origin.instruction, "COPY a /a");
}

TEST(Lineage, ALayerThatIsNotThereIsNone) {
  FileRow file;
  for (std::int64_t layer : {std::int64_t{-1}, std::int64_t{2}, INT64_MAX, INT64_MIN}) {
    file.layer = layer;
    EXPECT_EQ(origin_of(file, two_layers()).layer, -1);
  }
}

TEST(Lineage, DescriptionsCannotTouchTheTerminal) {
  FileRow file;
  file.layer = 0;
  file.shadowed = true;
  file.shadowed_by = 1;
  std::string text = describe(file, two_layers());
  EXPECT_TRUE(text.starts_with("layer 0 (COPY a /a), replaced or deleted by layer 1 (RUN rm"));
  EXPECT_EQ(text.find('\x1b'), text.npos);
  file.layer = -1;
  EXPECT_EQ(describe(file, two_layers()), "no layer");
}

}  // namespace
}  // namespace fathom::lineage
