//! The file the master key lies in when the operator gives none: made once, private, never overwritten.

use std::fs;
use std::io;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use aws_lc_rs::rand;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::VaultError;
use crate::crypto::secret::unb64;

/// The 32 bytes, wiped when dropped.
pub(super) type Key = Zeroizing<[u8; 32]>;

/// The key in the `data` folder, made if there is none.
pub(super) fn load_or_create(data: &Path) -> Result<Key, VaultError> {
    let path = data.join(KEY_FILE);
    match fs::read_to_string(&path) {
        Ok(text) => from_file(&path, Zeroizing::new(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => create(data, &path),
        Err(source) => Err(VaultError::Io { path, source }),
    }
}

/// Reads a key in any usual spelling: 64 hexadecimal digits, or base64 of either alphabet, padded or not.
pub(super) fn parse(text: &str) -> Option<Key> {
    let text = text.trim();
    // 64 hexadecimal digits are also valid base64, of 48 bytes: so they are looked at first.
    let bytes = Zeroizing::new(match unhex(text) {
        Some(bytes) => bytes,
        None => unb64(text.trim_end_matches('='))
            .or_else(|| STANDARD.decode(text).ok())
            .or_else(|| STANDARD.decode(format!("{text}=")).ok())?,
    });
    let key: [u8; 32] = bytes.as_slice().try_into().ok()?;
    Some(Zeroizing::new(key))
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    if text.len() != 64 {
        return None;
    }
    let digits: Option<Vec<u8>> = text
        .chars()
        .map(|digit| digit.to_digit(16).and_then(|value| value.try_into().ok()))
        .collect();
    let (pairs, _) = digits.as_deref()?.as_chunks::<2>();
    Some(pairs.iter().map(|[high, low]| high << 4 | low).collect())
}

fn from_file(path: &Path, text: Zeroizing<String>) -> Result<Key, VaultError> {
    if let Ok(metadata) = fs::metadata(path)
        && metadata.permissions().mode() & 0o077 != 0
    {
        tracing::warn!(path = %path.display(), "the master key can be read by other accounts; chmod 600 it");
    }
    parse(&text).ok_or_else(|| VaultError::MalformedKeyFile { path: path.into() })
}

/// Writes a new key beside its final name and links it there, so that a crash leaves either no key or a whole one, and
/// of two processes starting at once both end with the same key.
fn create(data: &Path, path: &Path) -> Result<Key, VaultError> {
    let failed = |at: &Path, source| VaultError::Io {
        path: at.into(),
        source,
    };
    fs::create_dir_all(data).map_err(|source| failed(data, source))?;
    let mut key = Zeroizing::new([0; 32]);
    rand::fill(&mut *key).map_err(|_| VaultError::Crypto)?;
    let text = Zeroizing::new(format!("{}\n", STANDARD.encode(*key)));

    let draft = data.join(format!("{KEY_FILE}.{}", std::process::id()));
    write_private(&draft, text.as_bytes()).map_err(|source| failed(&draft, source))?;
    let linked = fs::hard_link(&draft, path);
    fs::remove_file(&draft).map_err(|source| failed(&draft, source))?;
    match linked {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(source) => return Err(failed(path, source)),
    }
    fs::File::open(data)
        .and_then(|folder| folder.sync_all())
        .map_err(|source| failed(data, source))?;
    let stored = fs::read_to_string(path).map_err(|source| failed(path, source))?;
    from_file(path, Zeroizing::new(stored))
}

fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    use std::io::Write as _;

    // A draft left by a crash is nobody's key yet; opening it anew, not truncating it, keeps the mode ours.
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

const KEY_FILE: &str = "master.key";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::{Vault, b64};

    #[test]
    fn the_key_file_is_made_once_kept_and_private() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let first = Vault::load_or_create(&data, None).unwrap();
        let sealed = first.seal("a", b"text").unwrap();
        let again = Vault::load_or_create(&data, None).unwrap();
        assert_eq!(again.open("a", &sealed).unwrap(), b"text");
        let mode = fs::metadata(data.join(KEY_FILE))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(fs::read_dir(&data).unwrap().count(), 1, "no draft is left");
    }

    #[test]
    fn a_damaged_key_file_is_an_error_and_stays_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(KEY_FILE);
        fs::write(&path, "half a k").unwrap();
        assert!(matches!(
            Vault::load_or_create(folder.path(), None),
            Err(VaultError::MalformedKeyFile { .. })
        ));
        assert_eq!(fs::read_to_string(&path).unwrap(), "half a k");
    }

    #[test]
    fn a_given_key_is_read_in_every_usual_spelling_and_writes_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let key = [0xfb; 32];
        let expected = Vault::from_key(key).mac("p", &[]);
        let hex = "fB".repeat(32);
        let standard = STANDARD.encode(key);
        let spellings = [
            hex,
            b64(&key),
            format!(" {standard}\n"),
            standard.trim_end_matches('=').to_owned(),
        ];
        for given in &spellings {
            let vault = Vault::load_or_create(folder.path(), Some(given)).unwrap();
            assert_eq!(vault.mac("p", &[]), expected, "{given}");
        }
        for given in ["", "short", &"zz".repeat(32), &b64(&[1; 31])] {
            assert!(matches!(
                Vault::load_or_create(folder.path(), Some(given)),
                Err(VaultError::MalformedKey)
            ));
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
