//! `env:NAME` and `${NAME}`: an environment variable.

use secrecy::SecretString;
use secrecy::zeroize::Zeroizing;

use crate::value::secret_of;
use crate::{Environment, Problem};

/// Whether a variable can have that name.
pub(crate) fn is_name(name: &str) -> bool {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    !name.is_empty() && !name.starts_with(|c: char| c.is_ascii_digit()) && name.chars().all(is_word)
}

/// The variable as it is.
pub(crate) fn read(name: &str, environment: &dyn Environment) -> Result<SecretString, Problem> {
    let value = environment.variable(name).ok_or(Problem::NotSet)?;
    secret_of(&Zeroizing::new(value.into_encoded_bytes()))
}

/// The variable, or the file that `NAME_FILE` names; `None` when neither is set, or is set to
/// nothing.
pub(crate) fn read_or_file(
    name: &str,
    environment: &dyn Environment,
) -> Result<Option<SecretString>, Problem> {
    match read(name, environment) {
        Err(Problem::NotSet | Problem::Empty) => {}
        result => return result.map(Some),
    }
    match environment.variable(&format!("{name}_FILE")).filter(|path| !path.is_empty()) {
        Some(path) => super::file::read(path.as_ref()).map(Some),
        None => Ok(None),
    }
}
