//! How a secret of AWS is named.

use std::fmt;

use crate::Environment;
use crate::schemes::{shown_key, split_key};

/// A secret, where it is, and which value of it.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(crate) struct AwsSecret {
    region: Option<String>,
    /// Its name or its ARN.
    pub(super) id: String,
    pub(super) key: Option<String>,
}

/// The longest name or ARN that the service takes.
const MAX_ID: usize = 2048;

impl AwsSecret {
    /// Reads what follows `aws-sm://`; `None` when there is no id.
    ///
    /// What precedes the first slash is a region when it looks like one (`eu-west-1`): names of
    /// secrets have slashes too.
    pub(crate) fn parse(rest: &str) -> Option<Self> {
        let (place, key) = split_key(rest);
        let (region, id) = match place.split_once('/') {
            Some((region, id)) if is_region(region) => (Some(region.to_owned()), id),
            _ => (None, place),
        };
        let is_id_char = |c: char| c.is_ascii_alphanumeric() || "/_+=.@-:".contains(c);
        let is_id = !id.is_empty() && id.len() <= MAX_ID && id.chars().all(is_id_char);
        let is_usable = is_id && !rest.contains(char::is_control);
        is_usable.then(|| Self { region, id: id.to_owned(), key })
    }

    /// The region of the reference, of the ARN, or of the environment.
    pub(super) fn region(&self, environment: &dyn Environment) -> Option<String> {
        let of_arn = || {
            let mut parts = self.id.split(':');
            let is_arn = parts.next() == Some("arn");
            parts.nth(2).filter(|region| is_arn && is_region(region)).map(str::to_owned)
        };
        let of_variable = |name| {
            let text = environment.variable(name)?.into_string().ok()?;
            is_region(&text).then_some(text)
        };
        let region = self.region.clone().or_else(of_arn);
        region.or_else(|| ["AWS_REGION", "AWS_DEFAULT_REGION"].into_iter().find_map(of_variable))
    }
}

impl fmt::Display for AwsSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(region) = &self.region {
            write!(f, "{region}/")?;
        }
        write!(f, "{}{}", self.id, shown_key(self.key.as_deref()))
    }
}

/// Two or more words and a number, as in `us-gov-west-1`.
fn is_region(text: &str) -> bool {
    let mut parts: Vec<&str> = text.split('-').collect();
    let number = parts.pop().unwrap_or_default();
    let is_number = !number.is_empty() && number.chars().all(|c| c.is_ascii_digit());
    let is_word = |part: &&str| !part.is_empty() && part.chars().all(|c| c.is_ascii_lowercase());
    is_number && parts.len() >= 2 && parts.iter().all(is_word)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[track_caller]
    fn check(rest: &str, region: Option<&str>, id: &str, key: Option<&str>) {
        let environment = BTreeMap::from([("AWS_DEFAULT_REGION", "sa-east-1")]);
        let secret = AwsSecret::parse(rest).unwrap();
        assert_eq!((secret.id.as_str(), secret.key.as_deref()), (id, key), "{rest}");
        assert_eq!(secret.region(&environment).as_deref(), region.or(Some("sa-east-1")), "{rest}");
        assert_eq!(secret.to_string(), rest.strip_suffix('#').unwrap_or(rest));
    }

    #[test]
    fn regions_are_told_from_names() {
        check("db", None, "db", None);
        check("prod/db", None, "prod/db", None);
        check("my-app-prod/db", None, "my-app-prod/db", None);
        check("my-app-2x/db", None, "my-app-2x/db", None);
        check("eu-west-1/prod/db#a.b", Some("eu-west-1"), "prod/db", Some("a.b"));
        check("us-gov-west-1/db#", Some("us-gov-west-1"), "db", None);
        let arn = "arn:aws:secretsmanager:ap-south-1:123456789012:secret:db-AbCdEf";
        check(arn, Some("ap-south-1"), arn, None);
        check(&format!("eu-west-1/{arn}"), Some("eu-west-1"), arn, None);
    }

    #[test]
    fn what_is_no_id_is_refused() {
        for rest in ["", "#key", "eu-west-1/", "a b", "a\nb", "a?b", "ä", &"a".repeat(2049)] {
            assert_eq!(AwsSecret::parse(rest), None, "{rest}");
        }
        let nowhere = AwsSecret::parse("db").unwrap();
        assert_eq!(nowhere.region(&BTreeMap::<&str, &str>::new()), None);
    }
}
