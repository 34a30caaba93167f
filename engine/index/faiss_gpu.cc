// FAISS's GPU indexes; builds with WHORL_FAISS_GPU alone. Its exceptions stop here. What it only
// asserts, a device that is lost in the middle of a call above all, ends the process: that is
// FAISS's own choice, and one more reason why this is never needed.
#include "engine/index/faiss_gpu.h"

#include <cuda_runtime.h>
#include <faiss/IndexIVFFlat.h>
#include <faiss/IndexIVFPQ.h>
#include <faiss/gpu/GpuIndexFlat.h>
#include <faiss/gpu/GpuIndexIVFFlat.h>
#include <faiss/gpu/GpuIndexIVFPQ.h>
#include <faiss/gpu/StandardGpuResources.h>
#include <omp.h>

#include <algorithm>
#include <exception>
#include <new>
#include <string_view>

#include "engine/index/device_face_lists.h"

namespace whorl::index {
namespace {

using FaissId = faiss::Index::idx_t;
using kernels::Status;
namespace gpu = faiss::gpu;

// FAISS's limit for k and for how many lists are looked into.
constexpr std::int64_t kMostSelected = 2048;
// A table of 256 distances for each byte of a code has to fit into 48 kB of shared memory, in
// floats or at least in halves.
constexpr std::size_t kMostPartsInFloats = 48, kMostParts = 96;
// For which FAISS has a kernel (GpuIndexIVFPQ).
constexpr std::size_t kPartsOffered[] = {1,  2,  3,  4,  8,  12, 16, 20,
                                         24, 28, 32, 40, 48, 56, 64, kMostParts};

// CUDA is asked first: FAISS aborts where there is no driver.
bool has_gpu(int device) {
  int count = 0;
  return cudaGetDeviceCount(&count) == cudaSuccess && device < count;
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
    const auto says = [&](const char* words) { return what.find(words) != what.npos; };
    return says("alloc fail") || says("cudaHostAlloc") ? Status::device_out_of_memory
                                                       : Status::device_fault;
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

bool train_on_gpu(faiss::IndexIVF& lists, std::span<const float> sample) {
  if (!has_gpu(0)) return false;
  const Status status = status_of([&] {
    gpu::StandardGpuResources resources;
    gpu::GpuIndexFlatIP nearest(&resources, static_cast<int>(lists.d));
    lists.clustering_index = &nearest;
    lists.train(std::ssize(sample) / lists.d, sample.data());
  });
  lists.clustering_index = nullptr;
  if (status != Status::ok) lists.quantizer->reset();
  return status == Status::ok;
}

struct DeviceFaceLists::Copy {
  explicit Copy(int number) : device(number) {}
  void make(const FaceIndex& index);
  void append_new(const FaceIndex& index);
  std::vector<FaissId> ask(std::span<const float> probes, FaissId count, FaissId fetch,
                           std::int64_t looked_into);

  int device;
  gpu::StandardGpuResources resources;
  std::unique_ptr<gpu::GpuIndexIVF> lists;  // null: to be made
  std::int64_t trained_rows = 0;            // of those that were copied
  std::int64_t rows = 0;                    // of the index that are there
  std::size_t removals = 0;                 // of the index that are not
};

void DeviceFaceLists::Copy::make(const FaceIndex& index) {
  const FaissLists its = index.lists();
  lists = copy_of(*its.index, device, resources);
  trained_rows = its.trained_rows;
  rows = index.rows();
}

// All of them live: a removal would have had the copy made anew.
void DeviceFaceLists::Copy::append_new(const FaceIndex& index) {
  std::vector<FaissId> ids;
  std::vector<float> vectors;
  for (; rows < index.rows(); ++rows) {
    const Row row{static_cast<std::uint32_t>(rows)};
    ids.push_back(static_cast<FaissId>(rows));
    const std::span<const float> vector = index.vector(row);
    vectors.insert(vectors.end(), vector.begin(), vector.end());
    vectors.resize(ids.size() * static_cast<std::size_t>(lists->d));  // padded with zeros
  }
  if (!ids.empty()) lists->add_with_ids(std::ssize(ids), vectors.data(), ids.data());
}

// Rows, `fetch` a probe, -1 where there was nobody.
std::vector<FaissId> DeviceFaceLists::Copy::ask(std::span<const float> probes, FaissId count,
                                                FaissId fetch, std::int64_t looked_into) {
  lists->nprobe = static_cast<decltype(lists->nprobe)>(looked_into);
  std::vector<FaissId> ids(static_cast<std::size_t>(count * fetch));
  std::vector<float> ignored(ids.size());
  lists->search(count, probes.data(), fetch, ignored.data(), ids.data());
  return ids;
}

DeviceFaceLists::DeviceFaceLists(std::unique_ptr<Copy> copy) : copy_(std::move(copy)) {}
DeviceFaceLists::~DeviceFaceLists() = default;

bool DeviceFaceLists::takes(const FaceIndex& index) {
  const faiss::IndexIVF* lists = index.lists().index;
  const auto* codes = dynamic_cast<const faiss::IndexIVFPQ*>(lists);
  return lists != nullptr && (codes == nullptr || std::ranges::find(kPartsOffered, codes->pq.M) !=
                                                      std::end(kPartsOffered));
}

std::unique_ptr<DeviceFaceLists> DeviceFaceLists::make(int device, Status* status) {
  std::unique_ptr<Copy> copy;
  const Status how = has_gpu(device) ? status_of([&] { copy = std::make_unique<Copy>(device); })
                                     : Status::no_device;
  if (status != nullptr) *status = how;
  if (copy == nullptr) return nullptr;
  return std::unique_ptr<DeviceFaceLists>(new DeviceFaceLists(std::move(copy)));
}

Status DeviceFaceLists::sync(const FaceIndex& index) {
  const std::size_t removals = index.removed().size();
  const bool other = index.lists().trained_rows != copy_->trained_rows;
  return status_of([&] {
    if (other || removals != copy_->removals) copy_->lists.reset();
    copy_->removals = removals;
    if (copy_->lists != nullptr) copy_->append_new(index);
  });
}

// Looks into more lists while somebody got fewer than k and there are more than that.
Status DeviceFaceLists::search(const FaceIndex& index, std::span<const std::vector<float>> probes,
                               int k, std::vector<std::vector<FaceHit>>& hits) {
  WHORL_CHECK(takes(index));
  if (const Status status = sync(index); status != Status::ok) return status;
  const FaissLists its = index.lists();
  const FaissId fetch = k + its.spare;
  const std::int64_t wanted = std::min<std::int64_t>(k, index.live());
  std::vector<float> together;
  for (const std::vector<float>& probe : probes)
    together.insert(together.end(), probe.begin(), probe.end());
  std::vector<std::vector<Row>> rows(probes.size());
  const Status status = status_of([&] {
    if (copy_->lists == nullptr) copy_->make(index);
    const std::int64_t all = std::min<std::int64_t>(copy_->lists->nlist, kMostSelected);
    for (std::int64_t look = std::min(its.looked_into, all);; look = std::min(look * 2, all)) {
      const auto ids = copy_->ask(together, std::ssize(probes), fetch, look);
      bool enough = true;
      for (std::size_t p = 0; p < probes.size(); ++p) {
        rows[p].clear();
        for (FaissId i = 0; i < fetch; ++i) {
          const FaissId id = ids[p * static_cast<std::size_t>(fetch) + static_cast<std::size_t>(i)];
          if (id >= 0) rows[p].push_back(Row{static_cast<std::uint32_t>(id)});
        }
        enough = enough && std::ssize(rows[p]) >= wanted;
      }
      if (enough || look == all) return;
    }
  });
  if (status != Status::ok) return status;
  hits.clear();
  for (std::size_t p = 0; p < probes.size(); ++p) hits.push_back(index.rank(probes[p], rows[p], k));
  return Status::ok;
}

std::int64_t DeviceFaceLists::resident_bytes() const {
  if (copy_->lists == nullptr) return 0;
  const auto& lists = *copy_->lists;
  const auto vector = static_cast<std::int64_t>(sizeof(float)) * lists.d;
  const auto* codes = dynamic_cast<const gpu::GpuIndexIVFPQ*>(&lists);
  const std::int64_t face = codes == nullptr ? vector : codes->getNumSubQuantizers();
  return lists.ntotal * (face + static_cast<std::int64_t>(sizeof(FaissId))) + lists.nlist * vector;
}

}  // namespace whorl::index
