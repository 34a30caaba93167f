#pragma once

namespace whorl {

// Has the process keep up to 64 MiB of what it frees in each of malloc's arenas, and blocks of up
// to 32 MiB among them, where glibc would hand nearly all back to the system: extraction takes and
// frees some twenty fields of a picture's size for each print, and fresh pages for them can cost as
// much as the arithmetic, or twice that on a virtual machine (docs/benchmarks.md). Called once, at
// the start of a program; it overrules the environment's MALLOC_TRIM_THRESHOLD_ and
// MALLOC_MMAP_THRESHOLD_. False where malloc refuses, as a sanitizer's does.
bool keep_freed_memory();

}  // namespace whorl
