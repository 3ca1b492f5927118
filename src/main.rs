//! The program `waybill`; everything it can do is in the library.

use std::process::ExitCode;

use tikv_jemallocator::Jemalloc;

/// Batches are made in one thread and freed in another, small and large in turn: the system's
/// allocator spent a third of a worker's time on that (`bench/README.md`).
#[global_allocator]
static ALLOCATOR: Jemalloc = Jemalloc;

fn main() -> ExitCode {
    waybill::cli::main()
}
