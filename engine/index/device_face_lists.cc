// FAISS's GPU indexes; builds with WHORL_FAISS_GPU alone. Its exceptions stop here. Much it only
// asserts, which ends the process: so a device is asked whether it answers before FAISS is.
#include "engine/index/device_face_lists.h"

#include <faiss/IndexIVFFlat.h>
#include <faiss/IndexIVFPQ.h>
#include <faiss/gpu/GpuIndexIVFFlat.h>
#include <faiss/gpu/GpuIndexIVFPQ.h>
#include <faiss/gpu/StandardGpuResources.h>
#include <faiss/gpu/impl/IndexUtils.h>
#include <omp.h>

#include <algorithm>
#include <exception>
#include <mutex>
#include <new>
#include <string_view>

#include "kernels/cuda_memory.h"

namespace whorl::index {
namespace {

using FaissId = faiss::Index::idx_t;
using kernels::Status;
namespace gpu = faiss::gpu;

// FAISS's own room for searches and additions. It takes 1.5 GiB where nothing is said, and 256 MiB
// of pinned memory, for queries that do not fit.
constexpr std::size_t kScratchBytes = std::size_t{256} << 20;
// Of the device, free: for that, cuBLAS and the first lists. cuBLAS asserts where it finds no room.
constexpr std::size_t kLeastFreeBytes = std::size_t{1} << 30;
constexpr std::int64_t kRowsPerInsert = 1024;
// Bytes of a product code for which FAISS has a kernel. Its tables of 256 distances a byte have to
// fit into 48 kB: those of longer codes than kMostPartsInFloats do in halves.
constexpr std::size_t kPartsOffered[] = {2, 4, 8, 12, 16, 20, 24, 28, 32, 40, 48, 56, 64, 96};
constexpr std::size_t kMostPartsInFloats = 48;

Status asked(int device, std::size_t least_free) {
  int count = 0, before = 0;
  std::size_t free = 0, total = 0;
  WHORL_CUDA_TRY(cudaGetDeviceCount(&count));
  if (device >= count) return Status::no_device;
  WHORL_CUDA_TRY(cudaGetDevice(&before));
  WHORL_CUDA_TRY(cudaSetDevice(device));
  WHORL_CUDA_TRY(cudaMemGetInfo(&free, &total));
  WHORL_CUDA_TRY(cudaSetDevice(before));
  return free < least_free ? Status::device_out_of_memory : Status::ok;
}

template <class Work>
Status status_of(Work work) {
  omp_set_num_threads(1);  // of this thread alone: the caller's task graph owns the cores
  try {
    work();
    return Status::ok;
  } catch (const std::bad_alloc&) {
    return Status::device_out_of_memory;
  } catch (const std::exception& e) {
    const std::string_view what = e.what();
    return what.find("out of memory") == what.npos ? Status::device_fault
                                                   : Status::device_out_of_memory;
  }
}

std::unique_ptr<gpu::GpuIndexIVF> copy_of(const faiss::IndexIVF& lists, int device,
                                          gpu::StandardGpuResources& resources) {
  if (const auto* codes = dynamic_cast<const faiss::IndexIVFPQ*>(&lists)) {
    gpu::GpuIndexIVFPQConfig how;
    how.device = device;
    how.useFloat16LookupTables = codes->pq.M > kMostPartsInFloats;
    return std::make_unique<gpu::GpuIndexIVFPQ>(&resources, codes, how);
  }
  gpu::GpuIndexIVFFlatConfig how;
  how.device = device;
  return std::make_unique<gpu::GpuIndexIVFFlat>(
      &resources, dynamic_cast<const faiss::IndexIVFFlat*>(&lists), how);
}

}  // namespace

struct DeviceFaceLists::Copy {
  Copy(const FaceIndex& index, int device);
  void append_new(const FaceIndex& index);
  std::vector<std::vector<Row>> ask(std::span<const std::vector<float>> probes, std::int64_t fetch,
                                    std::int64_t looked_into);

  gpu::StandardGpuResources resources;
  std::unique_ptr<gpu::GpuIndexIVF> lists;
  std::int64_t trained_rows;  // of the lists that were copied
  std::int64_t rows;          // of the index that are there
};

DeviceFaceLists::Copy::Copy(const FaceIndex& index, int device)
    : trained_rows(index.lists().trained_rows), rows(index.rows()) {
  resources.setTempMemory(kScratchBytes);
  resources.setPinnedMemory(0);
  lists = copy_of(*index.lists().index, device, resources);
}

// All of them live: a removal would have dropped the copy.
void DeviceFaceLists::Copy::append_new(const FaceIndex& index) {
  while (rows < index.rows()) {
    std::vector<FaissId> ids;
    std::vector<float> vectors;
    for (; rows < index.rows() && std::ssize(ids) < kRowsPerInsert; ++rows) {
      const std::span<const float> vector = index.vector(Row{static_cast<std::uint32_t>(rows)});
      ids.push_back(static_cast<FaissId>(rows));
      vectors.insert(vectors.end(), vector.begin(), vector.end());
      vectors.resize(ids.size() * static_cast<std::size_t>(lists->d));  // padded with zeros
    }
    lists->add_with_ids(std::ssize(ids), vectors.data(), ids.data());
  }
}

// At most `fetch` for each probe.
std::vector<std::vector<Row>> DeviceFaceLists::Copy::ask(std::span<const std::vector<float>> probes,
                                                         std::int64_t fetch,
                                                         std::int64_t looked_into) {
  std::vector<float> together;
  for (const std::vector<float>& probe : probes)
    together.insert(together.end(), probe.begin(), probe.end());
  std::vector<FaissId> ids(probes.size() * static_cast<std::size_t>(fetch));
  std::vector<float> ignored(ids.size());
  lists->nprobe = static_cast<decltype(lists->nprobe)>(looked_into);
  lists->search(std::ssize(probes), together.data(), fetch, ignored.data(), ids.data());
  std::vector<std::vector<Row>> found(probes.size());
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (ids[i] >= 0)
      found[i / static_cast<std::size_t>(fetch)].push_back(Row{static_cast<std::uint32_t>(ids[i])});
  }
  return found;
}

bool DeviceFaceLists::takes(const FaceIndex& index) {
  const faiss::IndexIVF* lists = index.lists().index;
  const auto* codes = dynamic_cast<const faiss::IndexIVFPQ*>(lists);
  return lists != nullptr && (codes == nullptr || std::ranges::find(kPartsOffered, codes->pq.M) !=
                                                      std::end(kPartsOffered));
}

std::unique_ptr<DeviceFaceLists> DeviceFaceLists::make(int device, Status* status) {
  const Status how = asked(device, kLeastFreeBytes);
  if (status != nullptr) *status = how;
  if (how != Status::ok) return nullptr;
  return std::unique_ptr<DeviceFaceLists>(new DeviceFaceLists(device));
}

DeviceFaceLists::DeviceFaceLists(int device) : device_(device) {}
DeviceFaceLists::~DeviceFaceLists() { drop(); }

// A lost device takes no memory back, and FAISS asserts that it does: then the process keeps what
// there is on the host's side.
void DeviceFaceLists::drop() {
  if (copy_ == nullptr || asked(device_, 0) == Status::ok) {
    copy_.reset();
    return;
  }
  static std::mutex keeping;
  static auto& kept = *new std::vector<std::unique_ptr<Copy>>;
  const std::lock_guard guard(keeping);
  kept.push_back(std::move(copy_));
}

Status DeviceFaceLists::sync(const FaceIndex& index) {
  if (const Status status = asked(device_, 0); status != Status::ok) return status;
  const bool other = copy_ != nullptr && index.lists().trained_rows != copy_->trained_rows;
  if (other || index.removed().size() != removals_) drop();
  removals_ = index.removed().size();
  if (copy_ == nullptr) return Status::ok;
  return status_of([&] { copy_->append_new(index); });
}

// Looks into more lists while somebody got fewer than there are.
Status DeviceFaceLists::search(const FaceIndex& index, std::span<const std::vector<float>> probes,
                               int k, std::vector<std::vector<FaceHit>>& hits) {
  WHORL_CHECK(takes(index));
  hits.clear();
  if (const Status status = sync(index); status != Status::ok) return status;
  const FaissLists its = index.lists();
  const std::int64_t fetch = k + its.spare, most = gpu::getMaxKSelection() - 1;
  if (fetch > most) return Status::ok;
  const std::int64_t wanted = std::min<std::int64_t>(k, index.live());
  std::vector<std::vector<Row>> found;
  bool enough = false;
  const Status status = status_of([&] {
    if (copy_ == nullptr) copy_ = std::make_unique<Copy>(index, device_);
    const std::int64_t all = copy_->lists->nlist, looked_into_at_most = std::min(all, most);
    for (std::int64_t look = its.looked_into; !enough; look *= 2) {
      look = std::min(look, looked_into_at_most);
      found = copy_->ask(probes, fetch, look);
      enough = look == all || std::ranges::all_of(found, [&](const std::vector<Row>& rows) {
                 return std::ssize(rows) >= wanted;
               });
      if (look == looked_into_at_most) break;
    }
  });
  if (status != Status::ok || !enough) return status;
  for (std::size_t p = 0; p < probes.size(); ++p)
    hits.push_back(index.rank(probes[p], found[p], k));
  return Status::ok;
}

std::int64_t DeviceFaceLists::resident_bytes() const {
  if (copy_ == nullptr) return 0;
  const gpu::GpuIndexIVF& lists = *copy_->lists;
  const auto vector = static_cast<std::int64_t>(sizeof(float)) * lists.d;
  const auto* codes = dynamic_cast<const gpu::GpuIndexIVFPQ*>(&lists);
  const std::int64_t face = codes == nullptr ? vector : codes->getNumSubQuantizers();
  return static_cast<std::int64_t>(kScratchBytes) + lists.nlist * vector +
         lists.ntotal * (face + static_cast<std::int64_t>(sizeof(FaissId)));
}

}  // namespace whorl::index
