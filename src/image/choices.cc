#include "image/choices.h"

#include "image/container_image.h"

namespace fathom::image {

Result<std::vector<ImageChoice>> list_images(Store& store, const OpenOptions& options,
                                             const Limits& limits) {
  OpenOptions open = options;
  if (store.is_registry()) {
    std::unique_ptr<Container> container = registry_container(store, limits);
    const Manifest index = TRY(read_registry_index(*container, options, limits));
    open.reference.clear();  // has been followed
    return list_index(*container, index, open, limits);
  }
  Probe probe(store, limits);
  std::unique_ptr<Container> folder;
  if (store.is_directory()) folder = folder_container(store);
  Container* container = folder ? folder.get() : probe.container();
  if (container == nullptr || !has_oci_layout(*container)) return std::vector<ImageChoice>(1);
  const Manifest index = TRY(read_index(*container, limits));
  return list_index(*container, index, open, limits);
}

}  // namespace fathom::image
