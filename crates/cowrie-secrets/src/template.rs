//! URLs with references in braces.

use std::fmt::{self, Write};
use std::str::FromStr;

use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretString};

use crate::{ParseReferenceError, Reference, ResolveError, Resolver};

/// A URL whose parts in braces are references, as in
/// `postgresql://loader:{file:/run/secrets/db}@host/db`; `${NAME}` stands for `{env:NAME}`.
///
/// What stands outside the braces is not secret, and is printed as it is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Template {
    pieces: Vec<Piece>,
}

#[derive(Clone, Debug, Eq, PartialEq)]
enum Piece {
    Text(String),
    Secret(Reference),
}

/// A text is no template. The text is not repeated, since it may hold a secret by mistake.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ParseTemplateError {
    /// A brace has no partner.
    #[error("braces hold a reference and come in pairs; a brace itself is written `%7B` or `%7D`")]
    Unbalanced,
    /// What stands in the braces is not a reference.
    #[error("failed to read the reference in braces")]
    Reference(#[from] ParseReferenceError),
}

impl Template {
    /// The references, in the order of the text.
    pub fn references(&self) -> impl Iterator<Item = &Reference> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Secret(reference) => Some(reference),
            Piece::Text(_) => None,
        })
    }

    /// The text with a character in the place of every reference, so that it can be taken apart
    /// without the punctuation that references contain. `mask` gets the number of the reference.
    pub fn masked(&self, mask: impl Fn(usize) -> char) -> String {
        let mut text = String::new();
        let mut n_references = 0;
        for piece in &self.pieces {
            match piece {
                Piece::Text(piece) => text.push_str(piece),
                Piece::Secret(_) => {
                    text.push(mask(n_references));
                    n_references += 1;
                }
            }
        }
        text
    }

    /// Resolves every reference and puts it in, percent-encoded: all but the unreserved
    /// characters of RFC 3986, section 2.3, so that a secret stays one component of the URL.
    pub async fn expand(
        &self,
        resolver: &Resolver,
        purpose: &str,
    ) -> Result<SecretString, ResolveError> {
        let mut parts = Vec::with_capacity(self.pieces.len());
        for piece in &self.pieces {
            parts.push(match piece {
                Piece::Text(text) => Zeroizing::new(text.clone()),
                Piece::Secret(reference) => encoded(&resolver.resolve(reference, purpose).await?),
            });
        }
        // Room for everything from the start: a growing text would leave copies behind.
        let length = parts.iter().map(|part| part.len()).sum();
        let mut url = Zeroizing::new(String::with_capacity(length));
        for part in &parts {
            url.push_str(part);
        }
        Ok(SecretString::from(url.as_str()))
    }
}

impl FromStr for Template {
    type Err = ParseTemplateError;

    fn from_str(text: &str) -> Result<Self, ParseTemplateError> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let (before, inner, after) = cut_reference(before, after)?;
            push_text(&mut pieces, before)?;
            pieces.push(Piece::Secret(inner));
            rest = after;
        }
        push_text(&mut pieces, rest)?;
        Ok(Self { pieces })
    }
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut is_after_dollar = false;
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => f.write_str(text)?,
                Piece::Secret(reference) => {
                    let shown = reference.to_string();
                    match shown.strip_prefix("env:") {
                        // Braces behind a dollar would be read as those of `${NAME}`.
                        Some(name) if is_after_dollar => write!(f, "${{{name}}}")?,
                        _ => write!(f, "{{{shown}}}")?,
                    }
                }
            }
            is_after_dollar = matches!(piece, Piece::Text(text) if text.ends_with('$'));
        }
        Ok(())
    }
}

/// Reads the reference after an opening brace: `env:A}`, `${A}}`, or `A}` where the text before
/// it ends in `$`. Gives the text before, the reference and the text after.
fn cut_reference<'a>(
    before: &'a str,
    after: &'a str,
) -> Result<(&'a str, Reference, &'a str), ParseTemplateError> {
    let (closing, is_bare_name) =
        (if after.starts_with("${") { "}}" } else { "}" }, before.ends_with('$'));
    let (inner, rest) = after.split_once(closing).ok_or(ParseTemplateError::Unbalanced)?;
    if is_bare_name {
        let reference = format!("env:{inner}").parse()?;
        return Ok((before.strip_suffix('$').unwrap_or(before), reference, rest));
    }
    let reference = if closing == "}}" { format!("{inner}}}").parse()? } else { inner.parse()? };
    Ok((before, reference, rest))
}

fn push_text(pieces: &mut Vec<Piece>, text: &str) -> Result<(), ParseTemplateError> {
    if text.contains('}') {
        return Err(ParseTemplateError::Unbalanced);
    }
    if !text.is_empty() {
        pieces.push(Piece::Text(text.to_owned()));
    }
    Ok(())
}

fn encoded(secret: &SecretString) -> Zeroizing<String> {
    let bytes = secret.expose_secret().as_bytes();
    let mut text = Zeroizing::new(String::with_capacity(bytes.len() * 3));
    for byte in bytes {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(byte) {
            text.push(char::from(*byte));
        } else {
            // Writing into a string cannot fail.
            write!(text, "%{byte:02X}").unwrap_or_default();
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use proptest::prelude::*;
    use tokio::runtime::{Builder, Runtime};

    use super::*;

    /// What comes of it where those variables are.
    fn expand(
        template: &Template,
        variables: &[(&'static str, &str)],
    ) -> Result<SecretString, ResolveError> {
        let environment: BTreeMap<&str, String> =
            variables.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        let resolver = Resolver::new("tests", Arc::new(environment));
        runtime().block_on(template.expand(&resolver, "a test"))
    }

    fn runtime() -> Runtime {
        Builder::new_current_thread().enable_time().build().unwrap()
    }

    #[track_caller]
    fn check(text: &str, shown: &str, expanded: &str) {
        let template: Template = text.parse().unwrap();
        let found = expand(&template, &[("A", "p@ss:w/rd"), ("B", "ü~")]).unwrap();
        assert_eq!((template.to_string().as_str(), found.expose_secret()), (shown, expanded));
    }

    #[test]
    fn references_are_put_in_encoded() {
        check("no secret", "no secret", "no secret");
        check("", "", "");
        check("u:{env:A}@h", "u:{env:A}@h", "u:p%40ss%3Aw%2Frd@h");
        check("u:${A}@h", "u:{env:A}@h", "u:p%40ss%3Aw%2Frd@h");
        check("u:{${A}}@h", "u:{env:A}@h", "u:p%40ss%3Aw%2Frd@h");
        check("{env:B}{env:B}", "{env:B}{env:B}", "%C3%BC~%C3%BC~");
        check("$1${B}$", "$1{env:B}$", "$1%C3%BC~$");
        check("$${B}", "$${B}", "$%C3%BC~");
    }

    #[test]
    fn references_are_known_without_resolving() {
        let template: Template = "a{env:A}b{systemd:db}".parse().unwrap();
        let names: Vec<_> = template.references().map(Reference::to_string).collect();
        assert_eq!(names, ["env:A", "systemd:db"]);
        assert_eq!(template.masked(|number| ['x', 'y'][number]), "axby");
        assert!(expand(&template, &[]).is_err());
    }

    #[test]
    fn braces_that_hold_no_reference_are_errors() {
        for text in ["{", "}", "a{env:A", "a}b", "{env:A}}", "${A", "{${A}"] {
            let error = text.parse::<Template>().unwrap_err();
            assert_eq!(error, ParseTemplateError::Unbalanced, "{text}");
        }
        for text in ["{}", "{hunter2}", "{{env:A}}", "${A-B}", "{op://a/b}"] {
            let error = text.parse::<Template>().unwrap_err();
            assert!(matches!(error, ParseTemplateError::Reference(_)), "{text}: {error}");
        }
    }

    fn decoded(text: &str) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut rest = text.bytes();
        while let Some(byte) = rest.next() {
            if byte == b'%' {
                let hex: String = rest.by_ref().take(2).map(char::from).collect();
                bytes.push(u8::from_str_radix(&hex, 16).unwrap());
            } else {
                bytes.push(byte);
            }
        }
        bytes
    }

    proptest! {
        #[test]
        fn a_secret_stays_one_component_and_comes_back(secret in any::<String>()) {
            prop_assume!(!secret.is_empty());
            let url = expand(&"{env:A}".parse().unwrap(), &[("A", &secret)]).unwrap();
            let is_safe = |c: char| c.is_ascii_alphanumeric() || "-._~%".contains(c);
            prop_assert!(url.expose_secret().chars().all(is_safe));
            prop_assert_eq!(decoded(url.expose_secret()), secret.as_bytes());
        }

        #[test]
        fn reading_is_total_and_printing_is_read_again(text in "[a-z:{}$/@]{0,24}") {
            if let Ok(template) = text.parse::<Template>() {
                prop_assert_eq!(template.to_string().parse::<Template>(), Ok(template));
            }
        }

        #[test]
        fn nothing_printed_holds_the_secret(secret in "[a-z0-9]{12,40}") {
            let text = "postgresql://u:{env:A}@h/d";
            let template: Template = text.parse().unwrap();
            let url = expand(&template, &[("A", &secret)]).unwrap();
            let shown = format!("{url:?} {template} {template:?}");
            prop_assert!(!shown.contains(&secret));
        }
    }
}
