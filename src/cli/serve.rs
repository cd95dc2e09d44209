//! `realmkeep serve`.

use std::process::ExitCode;

use crate::config::Settings;
use crate::serve::{Parts, Running, ServeError, until_told};

/// Serves until told to stop.
pub fn run(settings: Settings) -> ExitCode {
    crate::crypto::install();
    crate::observe::log(&settings.log);
    conclude(block_on(until_told(
        settings,
        Parts::default(),
        async |running: &Running| announce(running),
    )))
}

/// Says where the server is, and the first administrator's password when it was made up just now.
pub(super) fn announce(running: &Running) {
    eprintln!(
        "Realmkeep listens on {} as {}",
        running.address, running.public_url
    );
    eprintln!("The console is at {}/admin", running.public_url);
    if let Some(password) = &running.generated_password {
        eprintln!("First start: sign in to realm master as admin with the password {password}");
        eprintln!(
            "It is not shown again. REALMKEEP_ADMIN_PASSWORD sets another one for a first start."
        );
    }
}

/// Runs a future on a runtime with a thread a core.
pub(super) fn block_on<T>(
    future: impl Future<Output = Result<T, ServeError>>,
) -> Result<T, ServeError> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|source| ServeError::Io {
            what: "cannot start threads".to_owned(),
            source,
        })?
        .block_on(future)
}

/// The exit code, and on stderr what was in the way.
pub(super) fn conclude(done: Result<(), ServeError>) -> ExitCode {
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("realmkeep: {error}");
            ExitCode::FAILURE
        }
    }
}
