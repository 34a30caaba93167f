#pragma once

namespace whorl::search {

// How many threads the process's searches and pipelines may keep busy together, from now on.
// 0: as many as there are CPUs. Answers do not depend on it.
void limit_threads(int threads);

}  // namespace whorl::search
