//! What the tests of several schemes share.

use std::collections::BTreeMap;
use std::error::Error;
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use cowrie_secrets::{ExposeSecret, Resolver};
use tempfile::TempDir;

/// An environment of those variables.
pub(crate) fn resolver<Value: Into<OsString>>(
    variables: impl IntoIterator<Item = (&'static str, Value)>,
) -> Resolver {
    let environment: BTreeMap<&'static str, OsString> =
        variables.into_iter().map(|(name, value)| (name, value.into())).collect();
    Resolver::new("tests", Arc::new(environment)).with_timeout(Duration::from_secs(20))
}

/// The secret, or the error with its causes as a program would print it.
pub(crate) async fn outcome(resolver: &Resolver, reference: &str) -> String {
    match resolver.resolve(&reference.parse().unwrap(), "a test").await {
        Ok(secret) => secret.expose_secret().to_owned(),
        Err(error) => {
            let mut text = error.to_string();
            let mut cause = error.source();
            while let Some(error) = cause {
                text = format!("{text}: {error}");
                cause = error.source();
            }
            text.replace(reference, "REF")
        }
    }
}

/// Writes a file with those permissions, whatever the umask is.
pub(crate) fn write(folder: &Path, name: &str, content: &[u8], mode: u32) -> PathBuf {
    let path = folder.join(name);
    fs::write(&path, content).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    path
}

/// A folder with a program in it that is a script, and a `PATH` that finds it first.
pub(crate) fn program(name: &str, script: &str) -> (TempDir, OsString) {
    let folder = TempDir::new().unwrap();
    write(folder.path(), name, format!("#!/bin/sh\n{script}\n").as_bytes(), 0o755);
    let mut path = folder.path().as_os_str().to_owned();
    path.push(":/usr/bin:/bin");
    (folder, path)
}
