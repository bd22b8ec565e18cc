//! From a reference to the secret.

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use secrecy::SecretString;
use secrecy::zeroize::Zeroizing;

use crate::reference::Place;
use crate::{Environment, Reference};

/// The longest secret that is taken, in bytes.
pub const MAX_SECRET_BYTES: usize = 64 * 1024;

/// A reference could not be resolved. Neither the message nor a source holds the secret.
#[derive(Debug, thiserror::Error)]
pub enum ResolveError {
    /// The environment variable does not exist.
    #[error("failed to resolve `{reference}`: the variable is not set")]
    NotSet {
        /// What was to be resolved.
        reference: Reference,
    },
    /// The process was not started with credentials.
    #[error(
        "failed to resolve `{reference}`: there is no credentials directory; \
         the unit needs `LoadCredential=`"
    )]
    NoCredentials {
        /// What was to be resolved.
        reference: Reference,
    },
    /// The file cannot be read.
    #[error("failed to read the file of `{reference}`")]
    Read {
        /// What was to be resolved.
        reference: Reference,
        /// Why.
        source: io::Error,
    },
    /// The path is a directory, a pipe or a device.
    #[error("failed to resolve `{reference}`: this is not a regular file")]
    NotAFile {
        /// What was to be resolved.
        reference: Reference,
    },
    /// Everybody on this machine may read the file.
    #[error(
        "refused `{reference}`: everybody may read the file (mode {mode:04o}); \
         take that away with `chmod o-rwx`"
    )]
    WorldReadable {
        /// What was to be resolved.
        reference: Reference,
        /// The permission bits.
        mode: u32,
    },
    /// The secret is longer than [`MAX_SECRET_BYTES`].
    #[error("failed to resolve `{reference}`: the value is longer than {MAX_SECRET_BYTES} bytes")]
    TooLong {
        /// What was to be resolved.
        reference: Reference,
    },
    /// There is nothing in it.
    #[error("failed to resolve `{reference}`: the value is empty")]
    Empty {
        /// What was to be resolved.
        reference: Reference,
    },
    /// The secret is not text.
    #[error("failed to resolve `{reference}`: the value is not UTF-8")]
    NotText {
        /// What was to be resolved.
        reference: Reference,
    },
}

/// Reads the secret behind `reference`.
///
/// One line ending at the end of a file is dropped, because editors and `echo` leave one there;
/// everything else is part of the secret.
pub fn resolve(
    reference: &Reference,
    environment: &dyn Environment,
) -> Result<SecretString, ResolveError> {
    match &reference.0 {
        Place::Variable(name) => from_variable(reference, name, environment),
        Place::File(path) => from_file(reference, path),
        Place::Credential(name) => {
            let path = credential_path(reference, name, environment)?;
            from_file(reference, &path)
        }
    }
}

fn from_variable(
    reference: &Reference,
    name: &str,
    environment: &dyn Environment,
) -> Result<SecretString, ResolveError> {
    let Some(value) = environment.variable(name) else {
        return Err(ResolveError::NotSet { reference: reference.clone() });
    };
    let bytes = Zeroizing::new(value.into_encoded_bytes());
    secret_of(reference, &bytes)
}

fn credential_path(
    reference: &Reference,
    name: &str,
    environment: &dyn Environment,
) -> Result<PathBuf, ResolveError> {
    match environment.variable("CREDENTIALS_DIRECTORY") {
        Some(directory) if !directory.is_empty() => Ok(PathBuf::from(directory).join(name)),
        _ => Err(ResolveError::NoCredentials { reference: reference.clone() }),
    }
}

fn from_file(reference: &Reference, path: &Path) -> Result<SecretString, ResolveError> {
    let unreadable = |source| ResolveError::Read { reference: reference.clone(), source };
    // Asked before opening, because opening a pipe waits for its writer.
    if !fs::metadata(path).map_err(unreadable)?.is_file() {
        return Err(ResolveError::NotAFile { reference: reference.clone() });
    }
    let file = File::open(path).map_err(unreadable)?;
    // Asked of the open file, so that it cannot be another one than the one that is read.
    let mode = file.metadata().map_err(unreadable)?.mode() & 0o7777;
    if mode & 0o004 != 0 {
        return Err(ResolveError::WorldReadable { reference: reference.clone(), mode });
    }
    // Room for everything from the start: a growing buffer would leave copies behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_SECRET_BYTES + 3));
    file.take(MAX_SECRET_BYTES as u64 + 3).read_to_end(&mut bytes).map_err(unreadable)?;
    secret_of(reference, without_line_ending(&bytes))
}

fn without_line_ending(bytes: &[u8]) -> &[u8] {
    let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    bytes.strip_suffix(b"\r").unwrap_or(bytes)
}

fn secret_of(reference: &Reference, bytes: &[u8]) -> Result<SecretString, ResolveError> {
    if bytes.is_empty() {
        return Err(ResolveError::Empty { reference: reference.clone() });
    }
    if bytes.len() > MAX_SECRET_BYTES {
        return Err(ResolveError::TooLong { reference: reference.clone() });
    }
    match std::str::from_utf8(bytes) {
        // The copy has exactly the size of the text, so that boxing it does not make another.
        Ok(text) => Ok(SecretString::from(text)),
        Err(_) => Err(ResolveError::NotText { reference: reference.clone() }),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::ffi::{OsStr, OsString};
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::PermissionsExt;

    use proptest::prelude::*;
    use secrecy::ExposeSecret;
    use tempfile::TempDir;

    use super::*;

    /// A folder with one file in it.
    fn folder_with(name: &str, content: &[u8], mode: u32) -> (TempDir, PathBuf) {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join(name);
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        (folder, path)
    }

    /// The secret, or the error as a program would print it.
    fn outcome(text: &str, environment: &dyn Environment) -> String {
        match resolve(&text.parse().unwrap(), environment) {
            Ok(secret) => secret.expose_secret().to_owned(),
            Err(error) => error.to_string(),
        }
    }

    #[track_caller]
    fn check_file(content: &[u8], mode: u32, expected: &str) {
        let (_folder, path) = folder_with("secret", content, mode);
        let text = format!("file:{}", path.display());
        let found = outcome(&text, &BTreeMap::<&str, &str>::new());
        assert_eq!(found.replace(&text, "REF"), expected);
    }

    #[test]
    fn files_give_their_text_without_one_line_ending() {
        check_file(b"s3cret", 0o600, "s3cret");
        check_file(b"s3cret\n", 0o640, "s3cret");
        check_file(b"s3cret\r\n", 0o400, "s3cret");
        check_file(b" s3cret \n\n", 0o600, " s3cret \n");
    }

    #[test]
    fn files_that_cannot_be_secrets_are_refused() {
        check_file(
            b"s3cret",
            0o644,
            "refused `REF`: everybody may read the file (mode 0644); \
             take that away with `chmod o-rwx`",
        );
        check_file(b"", 0o600, "failed to resolve `REF`: the value is empty");
        check_file(b"\n", 0o600, "failed to resolve `REF`: the value is empty");
        check_file(b"a\xff", 0o600, "failed to resolve `REF`: the value is not UTF-8");
        let long = vec![b'a'; MAX_SECRET_BYTES];
        check_file(&long, 0o600, &"a".repeat(MAX_SECRET_BYTES));
        let longer = vec![b'a'; MAX_SECRET_BYTES + 1];
        check_file(&longer, 0o600, "failed to resolve `REF`: the value is longer than 65536 bytes");
    }

    #[test]
    fn missing_files_and_directories_are_said_so() {
        let none = BTreeMap::<&str, &str>::new();
        let missing = resolve(&"file:/no/such/file".parse().unwrap(), &none).unwrap_err();
        assert!(matches!(missing, ResolveError::Read { .. }), "{missing}");
        let found = outcome("file:/", &none);
        assert_eq!(found, "failed to resolve `file:/`: this is not a regular file");
    }

    #[test]
    fn variables_are_taken_as_they_are() {
        let environment = BTreeMap::from([("A", OsString::from(" x\n")), ("E", OsString::new())]);
        assert_eq!(outcome("env:A", &environment), " x\n");
        assert_eq!(outcome("${A}", &environment), " x\n");
        assert_eq!(
            outcome("env:B", &environment),
            "failed to resolve `env:B`: the variable is not set"
        );
        assert_eq!(outcome("env:E", &environment), "failed to resolve `env:E`: the value is empty");
        let broken = BTreeMap::from([("A", OsStr::from_bytes(b"\xff"))]);
        assert_eq!(outcome("env:A", &broken), "failed to resolve `env:A`: the value is not UTF-8");
    }

    #[test]
    fn credentials_are_in_the_directory_of_the_unit() {
        let (folder, _) = folder_with("db", b"s3cret\n", 0o400);
        let environment = BTreeMap::from([("CREDENTIALS_DIRECTORY", folder.path())]);
        assert_eq!(outcome("systemd:db", &environment), "s3cret");
        let none = BTreeMap::<&str, &str>::new();
        assert_eq!(
            outcome("systemd:db", &none),
            "failed to resolve `systemd:db`: there is no credentials directory; \
             the unit needs `LoadCredential=`"
        );
    }

    proptest! {
        #[test]
        fn nothing_printed_holds_the_secret(secret in "[a-z0-9]{12,40}", long in any::<bool>()) {
            let value = if long { secret.repeat(MAX_SECRET_BYTES / 12 + 1) } else { secret.clone() };
            let environment = BTreeMap::from([("A", value)]);
            let result = resolve(&"env:A".parse().unwrap(), &environment);
            prop_assert_eq!(result.is_err(), long);
            let shown = match result {
                Ok(found) => format!("{found:?}"),
                Err(error) => format!("{error} {error:?}"),
            };
            prop_assert!(!shown.contains(&secret));
        }
    }
}
