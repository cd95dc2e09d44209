//! A thread of its own for what nobody waits for: writing out large sign-outs, telling apps, expiry. The system gives it
//! what requests leave over, so that ending a million sessions is not felt by those who sign in meanwhile.

use std::future::Future;
use std::io;
use std::pin::Pin;

use tokio::sync::oneshot;

/// Work that goes on until the server stops.
pub(super) type Work = Pin<Box<dyn Future<Output = ()> + Send>>;

/// How much the thread stands back, as `nice` counts: about a quarter of a core when requests want all of it.
const NICE: i32 = 6;

/// Starts the thread. What comes back is over when the work is.
///
/// # Errors
/// When the system gives no thread.
pub(super) fn start(work: Vec<Work>) -> io::Result<impl Future<Output = ()> + Send + 'static> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let (over, done) = oneshot::channel::<()>();
    std::thread::Builder::new()
        .name("background".into())
        .spawn(move || {
            // On Linux this is about the calling thread alone. Where it is not allowed, the work is done all the same.
            let _ = rustix::process::setpriority_process(None, NICE);
            runtime.block_on(futures_util::future::join_all(work));
            let _ = over.send(());
        })?;
    Ok(async move {
        let _ = done.await;
    })
}
