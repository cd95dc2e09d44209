//! The file the master key lies in when the operator gives none: made once, private, never overwritten.

use std::fs;
use std::io;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::{MasterKey, VaultError, fresh};
use crate::crypto::Secret;
use crate::crypto::secret::unb64;

/// The name of the file in the data folder.
pub(super) const KEY_FILE: &str = "master.key";

/// The keys in the `data` folder; one is made if there is none.
pub(super) fn load_or_create(data: &Path) -> Result<Vec<MasterKey>, VaultError> {
    let path = data.join(KEY_FILE);
    match fs::read_to_string(&path) {
        Ok(text) => from_file(&path, Zeroizing::new(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => create(data, &path),
        Err(source) => Err(VaultError::Io { path, source }),
    }
}

/// The keys in a file that the operator keeps, and that is never made.
pub(super) fn load(path: &Path) -> Result<Vec<MasterKey>, VaultError> {
    match fs::read_to_string(path) {
        Ok(text) => from_file(path, Zeroizing::new(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Err(VaultError::NoKeyFile { path: path.into() })
        }
        Err(source) => Err(VaultError::Io {
            path: path.into(),
            source,
        }),
    }
}

/// Puts `keys` into the place of a key file's, the one that seals first. The old file or the new one is there at every
/// moment, whole and private.
///
/// # Errors
/// [`VaultError::Io`].
pub fn replace(path: &Path, keys: &[Secret]) -> Result<(), VaultError> {
    let failed = |at: &Path, source| VaultError::Io {
        path: at.into(),
        source,
    };
    let mut text = Zeroizing::new(String::new());
    for key in keys {
        text.push_str(key.expose());
        text.push('\n');
    }
    let draft = path.with_extension(format!("{}.new", std::process::id()));
    write_private(&draft, text.as_bytes()).map_err(|source| failed(&draft, source))?;
    fs::rename(&draft, path).map_err(|source| failed(path, source))?;
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    fs::File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(|source| failed(folder, source))
}

/// Reads one key a line or between commas, each in any usual spelling: 64 hexadecimal digits, or base64 of either
/// alphabet, padded or not. At least one, and nothing else.
pub(super) fn parse_all(text: &str) -> Option<Vec<MasterKey>> {
    let words = text.split(|c: char| c.is_whitespace() || c == ',');
    let keys: Option<Vec<MasterKey>> = words.filter(|w| !w.is_empty()).map(parse).collect();
    keys.filter(|keys| !keys.is_empty())
}

fn parse(text: &str) -> Option<MasterKey> {
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

fn from_file(path: &Path, text: Zeroizing<String>) -> Result<Vec<MasterKey>, VaultError> {
    if let Ok(metadata) = fs::metadata(path)
        && metadata.permissions().mode() & 0o077 != 0
    {
        tracing::warn!(path = %path.display(), "the master key can be read by other accounts; chmod 600 it");
    }
    parse_all(&text).ok_or_else(|| VaultError::MalformedKeyFile { path: path.into() })
}

/// Writes a new key beside its final name and links it there, so that a crash leaves either no key or a whole one, and
/// of two processes starting at once both end with the same key.
fn create(data: &Path, path: &Path) -> Result<Vec<MasterKey>, VaultError> {
    let failed = |at: &Path, source| VaultError::Io {
        path: at.into(),
        source,
    };
    fs::create_dir_all(data).map_err(|source| failed(data, source))?;
    let text = Zeroizing::new(format!("{}\n", fresh()?.expose()));

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::b64;
    use crate::crypto::vault::{KeySource, Origin, Vault};

    #[test]
    fn the_key_file_is_made_once_kept_and_private() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let source = KeySource::folder(&data);
        let first = source.vault().unwrap();
        let sealed = first.seal("a", b"text").unwrap();
        let again = source.vault().unwrap();
        assert_eq!(again.open("a", &sealed).unwrap(), b"text");
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let path = data.join(KEY_FILE);
        assert_eq!(mode(&path), 0o600);

        // A new key before the old one: both open, the new one seals.
        let old = Secret::new(fs::read_to_string(&path).unwrap().trim().to_owned());
        replace(&path, &[fresh().unwrap(), old]).unwrap();
        assert_eq!(mode(&path), 0o600);
        let both = source.vault().unwrap();
        assert_eq!(both.open("a", &sealed).unwrap(), b"text");
        assert_ne!(both.current(), first.current());
        assert_eq!(fs::read_dir(&data).unwrap().count(), 1, "no draft is left");
    }

    #[test]
    fn a_damaged_key_file_is_an_error_and_stays_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(KEY_FILE);
        for damaged in ["half a k", ""] {
            fs::write(&path, damaged).unwrap();
            assert!(matches!(
                KeySource::folder(folder.path()).vault(),
                Err(VaultError::MalformedKeyFile { .. })
            ));
            assert_eq!(fs::read_to_string(&path).unwrap(), damaged);
        }
    }

    #[test]
    fn a_file_that_the_operator_named_is_never_made() {
        let folder = tempfile::tempdir().unwrap();
        let source = KeySource {
            origin: Origin::File(folder.path().join("mine.key")),
            previous: None,
        };
        assert!(matches!(source.vault(), Err(VaultError::NoKeyFile { .. })));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_given_key_is_read_in_every_usual_spelling() {
        let key = [0xfb; 32];
        let expected = Vault::from_key(key).mac("p", &[]);
        let standard = STANDARD.encode(key);
        let source = |given: &str, previous: Option<&str>| KeySource {
            origin: Origin::Text(Secret::new(given.to_owned())),
            previous: previous.map(|text| Secret::new(text.to_owned())),
        };
        let spellings = [
            "fB".repeat(32),
            b64(&key),
            format!(" {standard}\n"),
            standard.trim_end_matches('=').to_owned(),
        ];
        for given in &spellings {
            let vault = source(given, None).vault().unwrap();
            assert_eq!(vault.mac("p", &[]), expected, "{given}");
            let other = "01".repeat(32);
            for (given, previous) in [
                (other.clone(), Some(given.as_str())),
                (format!("{other},{given}"), None),
            ] {
                let vault = source(&given, previous).vault().unwrap();
                assert_ne!(vault.mac("p", &[]), expected);
                assert!(vault.made(&expected, "p", &[]), "{given}");
            }
        }
        for bad in ["", "short", &"zz".repeat(32), &b64(&[1; 31])] {
            for source in [source(bad, None), source(&standard, Some(bad))] {
                assert!(matches!(
                    source.vault(),
                    Err(VaultError::MalformedKey { .. })
                ));
            }
        }
    }
}
