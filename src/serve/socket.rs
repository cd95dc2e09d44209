//! The socket in the data folder, by which commands on the same machine ask the server that works there.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use tokio::net::UnixListener;

/// Its name in the data folder.
pub(crate) const SOCKET: &str = "server.sock";

/// A socket that is gone once this is dropped.
pub(super) struct Socket {
    path: PathBuf,
}

impl Socket {
    /// Listens in the data folder. Nobody else works in it: what is there of that name was left by a kill.
    ///
    /// # Errors
    /// What the system said; a long path is one reason.
    pub(super) fn listen(data: &Path) -> io::Result<(UnixListener, Socket)> {
        let path = data.join(SOCKET);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let listener = UnixListener::bind(&path)?;
        let socket = Socket { path };
        fs::set_permissions(&socket.path, Permissions::from_mode(0o600))?;
        Ok((listener, socket))
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}
