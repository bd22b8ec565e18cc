//! A PostgreSQL URL taken apart, without ever repeating it.

use std::net::Ipv6Addr;
use std::ops::RangeInclusive;

/// The parts of what follows `postgresql://`, as they are written (percent-encoded).
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct UrlParts<'a> {
    pub(crate) user: &'a str,
    /// Empty when there is none.
    pub(crate) password: &'a str,
    pub(crate) host: &'a str,
    pub(crate) port: &'a str,
    pub(crate) database: &'a str,
    pub(crate) query: Vec<(&'a str, &'a str)>,
}

/// Characters that stand for references while a template is taken apart, one for each. They are
/// for private use, so that no URL contains them.
pub(crate) const MASKS: RangeInclusive<char> = '\u{e000}'..='\u{f8ff}';

/// Parameters that are harmless to show.
const SHOWN_PARAMETERS: [&str; 5] = ["host", "port", "user", "dbname", "sslmode"];

/// Parameters that hold a secret.
const SECRET_PARAMETERS: [&str; 1] = ["password"];

/// Further parameters that the driver knows. It would warn of others, and show their values.
const OTHER_PARAMETERS: [&str; 10] = [
    "application_name",
    "hostaddr",
    "options",
    "ssl-ca",
    "ssl-cert",
    "ssl-key",
    "sslcert",
    "sslkey",
    "sslrootcert",
    "statement-cache-capacity",
];

impl<'a> UrlParts<'a> {
    /// Takes the text apart. It is strict where a password with punctuation in it could slip
    /// into another part, and be shown there.
    pub(crate) fn parse(rest: &'a str) -> Result<Self, &'static str> {
        if rest.contains(|c: char| c.is_control() || c.is_whitespace()) {
            return Err("it contains white space or control characters");
        }
        if rest.contains('#') {
            return Err("a `#` in it must be written `%23`");
        }
        let (before, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, database) = before.split_once('/').unwrap_or((before, ""));
        if database.contains('@') || query.contains('@') {
            return Err("an `@`, `/` or `?` in its user or password must be percent-encoded");
        }
        let (account, place) = authority.rsplit_once('@').unwrap_or(("", authority));
        if account.contains('@') {
            return Err("an `@` in its user or password must be written `%40`");
        }
        let (user, password) = account.split_once(':').unwrap_or((account, ""));
        let (host, port) = split_place(place)?;
        if database.contains('/') {
            return Err("its database name contains a `/`");
        }
        let query = query.split('&').filter(|pair| !pair.is_empty());
        let query: Vec<_> = query.map(|pair| pair.split_once('=').unwrap_or((pair, ""))).collect();
        let is_known = |(key, _): &(&str, &str)| {
            [&SHOWN_PARAMETERS[..], &SECRET_PARAMETERS, &OTHER_PARAMETERS]
                .iter()
                .any(|known| known.contains(key))
        };
        if !query.iter().all(is_known) {
            return Err("it has a parameter that is not known");
        }
        Ok(Self { user, password, host, port, database, query })
    }

    /// Whether a password is written out, rather than left out or put in by a reference.
    pub(crate) fn has_plain_password(&self) -> bool {
        let is_plain = |text: &str| text.contains(|c| !is_mask(c));
        is_plain(self.password)
            || self
                .query
                .iter()
                .any(|(key, value)| SECRET_PARAMETERS.contains(key) && is_plain(value))
    }

    /// Whether a reference stands anywhere but for the whole password.
    pub(crate) fn has_secret_elsewhere(&self) -> bool {
        let has_mask = |text: &str| text.contains(is_mask);
        let shown = [self.user, self.host, self.port, self.database];
        let is_shown = |(key, value): &(&str, &str)| {
            has_mask(key) || (has_mask(value) && !SECRET_PARAMETERS.contains(key))
        };
        shown.into_iter().any(has_mask) || self.query.iter().any(is_shown)
    }

    /// The URL without its password and without parameters that might hold one.
    pub(crate) fn shown(&self) -> String {
        let mut text = "postgresql://".to_owned();
        if !self.user.is_empty() {
            text.push_str(self.user);
            text.push('@');
        }
        text.push_str(self.host);
        if !self.port.is_empty() {
            text.push(':');
            text.push_str(self.port);
        }
        text.push('/');
        text.push_str(self.database);
        let shown = self.query.iter().filter(|(key, _)| SHOWN_PARAMETERS.contains(key));
        for (index, (key, value)) in shown.enumerate() {
            text.push(if index == 0 { '?' } else { '&' });
            text.extend([key, "=", value]);
        }
        text
    }
}

fn split_place(place: &str) -> Result<(&str, &str), &'static str> {
    let (host, port) = match place.rfind(']') {
        // An IPv6 address contains colons, and stands in brackets.
        Some(end) => match place.get(end + 1..).unwrap_or_default() {
            "" => (place, ""),
            rest => {
                (place.get(..=end).unwrap_or_default(), rest.strip_prefix(':').ok_or(BAD_HOST)?)
            }
        },
        None => place.split_once(':').unwrap_or((place, "")),
    };
    let is_port = port.is_empty() || port.chars().all(is_mask) || port.parse::<u16>().is_ok();
    if !is_port {
        return Err("its port is not a number up to 65535");
    }
    if !is_host(host) {
        return Err(BAD_HOST);
    }
    Ok((host, port))
}

const BAD_HOST: &str = "its host is not a name or an address (IPv6 stands in brackets)";

fn is_mask(c: char) -> bool {
    MASKS.contains(&c)
}

fn is_host(host: &str) -> bool {
    match host.strip_prefix('[').map(|rest| rest.strip_suffix(']')) {
        Some(inside) => inside.is_some_and(|text| text.parse::<Ipv6Addr>().is_ok()),
        None => host.chars().all(|c| c.is_ascii_alphanumeric() || "._-%".contains(c) || is_mask(c)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(rest: &str, shown: &str, has_plain_password: bool) {
        let parts = UrlParts::parse(rest).unwrap();
        assert_eq!(
            (parts.shown().as_str(), parts.has_plain_password()),
            (shown, has_plain_password)
        );
    }

    #[test]
    fn the_shown_form_has_no_password() {
        check("db.example/cowrie", "postgresql://db.example/cowrie", false);
        check("u@192.0.2.1:5432/c", "postgresql://u@192.0.2.1:5432/c", false);
        check("u:@h/c", "postgresql://u@h/c", false);
        check("u:hunter2@h/c", "postgresql://u@h/c", true);
        check("u:hunter2:x@[2001:db8::1]:5432/c", "postgresql://u@[2001:db8::1]:5432/c", true);
        check("[::1]", "postgresql://[::1]/", false);
        check("/c?host=%2Frun&options=1", "postgresql:///c?host=%2Frun", false);
        check("h/c?password=hunter2&sslmode=require", "postgresql://h/c?sslmode=require", true);
        check("u:\u{e000}@h/c", "postgresql://u@h/c", false);
        check("u:\u{e000}x@h/c", "postgresql://u@h/c", true);
        check(
            "\u{e000}:\u{e000}@\u{e000}:\u{e000}/\u{e000}?password=\u{e000}",
            "postgresql://\u{e000}@\u{e000}:\u{e000}/\u{e000}",
            false,
        );
    }

    #[test]
    fn passwords_with_punctuation_do_not_slip_into_other_parts() {
        for rest in [
            "u:hun/ter2@h/c",
            "u:12/hunter2@h/c",
            "u:12?hunter2@h/c",
            "u:hun@ter2@h/c",
            "u:12#hunter2@h/c",
            "u:12/hunter2/c",
            "u:hun ter2@h/c",
            "u:hunter2",
            "h:99999/c",
            "2001:db8::1/c",
            "[hunter2]/c",
            "[::1]hunter2/c",
            "h/c?sslpassword=hunter2",
            "h/c?PASSWORD=hunter2",
            "h/c?pass=hunter2",
        ] {
            let error = UrlParts::parse(rest).unwrap_err();
            assert!(!error.contains("hunter2"), "{rest}");
        }
    }
}
