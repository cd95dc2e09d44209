//! The numbers we claim: drives the running server in a closed loop and prints what it did.
//!
//! `cargo bench --bench load -- [scenario…] [--seconds 5] [--connections 16] [--sessions 1000,1000000]`; `--help` has the
//! rest. docs/performance.md says what came out of it and on which machine.

#[path = "load/mod.rs"]
mod load;

fn main() -> std::process::ExitCode {
    load::main()
}
