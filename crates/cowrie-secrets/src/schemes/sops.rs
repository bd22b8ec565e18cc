//! `sops://path[#json.key]`: an encrypted file, through the program `sops`.

use std::ffi::OsStr;
use std::fmt;
use std::path::PathBuf;

use secrecy::SecretString;

use super::{program, shown_key, split_key};
use crate::value::{MAX_DOCUMENT_BYTES, part_of};
use crate::{Environment, Problem};

/// An encrypted file, and which value of it.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(crate) struct SopsValue {
    path: PathBuf,
    key: Option<String>,
}

impl SopsValue {
    /// Reads what follows `sops://`; `None` when there is no path.
    pub(crate) fn parse(rest: &str) -> Option<Self> {
        let (path, key) = split_key(rest);
        let is_usable = !path.is_empty() && !rest.contains(char::is_control);
        is_usable.then(|| Self { path: PathBuf::from(path), key })
    }
}

impl fmt::Display for SopsValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.path.display(), shown_key(self.key.as_deref()))
    }
}

/// The value, or without a key the whole plain text.
///
/// `sops` turns YAML into JSON, so that a key means the same in both.
pub(crate) async fn read(
    value: &SopsValue,
    environment: &dyn Environment,
) -> Result<SecretString, Problem> {
    let path = value.path.as_os_str();
    let mut words = vec![OsStr::new("--decrypt")];
    if value.key.is_some() {
        words.extend([OsStr::new("--output-type"), OsStr::new("json")]);
    }
    words.extend([OsStr::new("--"), path]);
    let output = program::output("sops", &words, MAX_DOCUMENT_BYTES, environment).await?;
    part_of(&output, value.key.as_deref())
}
