#pragma once

#include <faiss/IndexIVF.h>
#include <faiss/clone_index.h>
#include <faiss/gpu/StandardGpuResources.h>

#include <memory>

namespace faiss::gpu {

struct GpuIndexConfig {
  int device = 0;
};

class GpuIndexIVF : public Index {
 public:
  explicit GpuIndexIVF(const IndexIVF& lists)
      : Index(lists.d, lists.metric_type),
        nlist(static_cast<int>(lists.nlist)),
        copy_(dynamic_cast<IndexIVF*>(clone_index(&lists))) {
    ++emulated.copies;
    grow(lists.ntotal);
  }
  ~GpuIndexIVF() override { emulated.resident -= ntotal; }

  void add(idx_t, const float*) override { refuse_if(true, "ids are ours"); }
  void add_with_ids(idx_t n, const float* x, const idx_t* ids) override {
    grow(n);
    copy_->add_with_ids(n, x, ids);
  }
  void search(idx_t n, const float* x, idx_t k, float* distances, idx_t* labels,
              const SearchParameters* how = nullptr) const override {
    ++emulated.searches;
    emulated.looked_into = nprobe;
    refuse_if(emulated.broken, "a device's fault");
    refuse_if(how != nullptr, "no parameters, so no filter");
    refuse_if(k < 1 || k >= emulated.most_selected, "min/max-K selection");
    refuse_if(nprobe < 1 || nprobe >= emulated.most_selected, "nprobe selection");
    copy_->nprobe = static_cast<std::size_t>(nprobe);
    copy_->search(n, x, k, distances, labels);
  }
  void reset() override { refuse_if(true, "not asked for"); }

  int nlist;
  int nprobe = 1;

 private:
  void grow(idx_t n) {
    refuse_if(emulated.broken, "a device's fault");
    refuse_if(emulated.resident + n > emulated.most_vectors,
              "StandardGpuResources: alloc fail type IVFLists dev 0 (cudaMalloc error out of "
              "memory [2])");
    ntotal += n;
    emulated.resident += n;
  }
  std::unique_ptr<IndexIVF> copy_;
};

}  // namespace faiss::gpu
