//! What goes wrong beneath an engine: errors, and panics of code that was not written for damaged files.

use std::any::Any;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::StoreError;

/// What went wrong.
#[derive(thiserror::Error, Debug)]
pub(super) enum Fault {
    /// The system said no.
    #[error("{0}")]
    Io(io::Error),
    /// The engine cannot make sense of its files.
    #[error("{0}")]
    Engine(String),
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Self::Engine(error.to_string())
    }
}

/// Runs `call`; a panic in it becomes a fault.
pub(super) fn contain<T>(call: impl FnOnce() -> Result<T, Fault>) -> Result<T, Fault> {
    catch_unwind(AssertUnwindSafe(call)).unwrap_or_else(|panic| Err(Fault::Engine(words(&*panic))))
}

fn words(panic: &(dyn Any + Send)) -> String {
    let text = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied());
    format!(
        "the engine gave up: {}",
        text.unwrap_or("it did not say why")
    )
}
