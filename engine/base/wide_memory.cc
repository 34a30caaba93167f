#include "engine/base/wide_memory.h"

#include <sys/mman.h>

namespace whorl {

Result<std::shared_ptr<std::byte>> wide_memory(std::size_t bytes) {
  if (bytes == 0) return std::shared_ptr<std::byte>();
  void* memory = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return fail(Fault::out_of_memory);
  (void)::madvise(memory, bytes, MADV_HUGEPAGE);  // advice: small pages hold as much
  return std::shared_ptr<std::byte>(static_cast<std::byte*>(memory),
                                    [bytes](std::byte* mapped) { ::munmap(mapped, bytes); });
}

}  // namespace whorl
