//! The program `waybill`; everything it can do is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    waybill::cli::main()
}
