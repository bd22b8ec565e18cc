//! `op://vault/item/[section/]field`: 1Password, through its program `op`.

use secrecy::SecretString;

use super::program;
use crate::value::{MAX_SECRET_BYTES, secret_of, without_line_ending};
use crate::{Environment, Problem};

/// Whether the program would take it: three or four names.
pub(crate) fn is_item(rest: &str) -> bool {
    let names: Vec<_> = rest.split('/').collect();
    matches!(names.len(), 3 | 4)
        && names.iter().all(|name| !name.is_empty())
        && !rest.contains(char::is_control)
}

/// The field, as `op read` prints it.
pub(crate) async fn read(
    item: &str,
    environment: &dyn Environment,
) -> Result<SecretString, Problem> {
    let words = ["read", "--no-newline", "--", &format!("op://{item}")];
    let output = program::output("op", &words, MAX_SECRET_BYTES + 2, environment).await?;
    secret_of(without_line_ending(&output))
}
