//! The program `waybill`; everything it can do is in the library.

use std::process::ExitCode;

/// A batch makes and drops thousands of small texts: the profile in `bench/README.md` shows the
/// system's allocator at the top.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    waybill::cli::main()
}
