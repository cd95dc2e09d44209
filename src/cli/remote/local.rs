//! A server on this machine: asked at its socket, which only who may enter its data folder can reach.

use std::path::Path;

use reqwest::Response;

use super::{DAY, RemoteError, read};

/// `GET` of a server on this machine, at its socket in the data folder; `None` when none is there.
pub(in crate::cli) async fn get(
    socket: &Path,
    path: &str,
) -> Result<Option<Response>, RemoteError> {
    if !socket.exists() {
        return Ok(None);
    }
    let http = reqwest::Client::builder()
        .unix_socket(socket)
        .no_proxy()
        .timeout(DAY)
        .build()
        .map_err(RemoteError::Setup)?;
    match http.get(format!("http://localhost{path}")).send().await {
        Ok(answer) => whole_or_refused(answer).await.map(Some),
        // A server that was killed leaves its socket behind.
        Err(error) if error.is_connect() => Ok(None),
        Err(error) => Err(RemoteError::Unreachable(
            socket.display().to_string(),
            error.without_url(),
        )),
    }
}

/// A success as it is; a refusal read as the error that it is.
pub(super) async fn whole_or_refused(answer: Response) -> Result<Response, RemoteError> {
    if answer.status().is_success() {
        return Ok(answer);
    }
    match read(answer).await {
        Err(error) => Err(error),
        Ok(_) => Err(RemoteError::Absent(
            "the server answered nothing".to_owned(),
        )),
    }
}
