//! The program `waybill`; its code is in the library.

use std::process::ExitCode;

/// Batches are allocated in one thread and freed in another, small and large in turn: the system's
/// allocator spent a third of a worker's time on that (`bench/README.md`).
#[cfg(feature = "jemalloc")]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    waybill::cli::main()
}
