//! Chance as the domain sees it.

/// Where random bytes come from.
pub trait Entropy: Send + Sync + 'static {
    /// Fills the slice with unpredictable bytes.
    fn fill(&self, bytes: &mut [u8]);
}

/// The operating system's generator.
#[derive(Debug, Default)]
pub struct OsEntropy;

impl Entropy for OsEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        // aws-lc aborts the process rather than answer without entropy; an error here cannot be met in practice, and
        // going on with predictable bytes must not be.
        if aws_lc_rs::rand::fill(bytes).is_err() {
            std::process::abort();
        }
    }
}
