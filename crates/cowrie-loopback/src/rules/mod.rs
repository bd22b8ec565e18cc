//! What each provider checks, and what it says of what it does not know.

use std::net::IpAddr;

use crate::asked::percent_decoded;
use crate::book::Book;
use crate::{Asked, Canned, Provider, Providers, invented};

mod dshield;
mod greynoise;
mod hibp;
mod lists;
mod maxmind;
mod spur;
mod urlhaus;
mod virustotal;

pub(crate) use hibp::lines_of as hibp_lines;
pub use maxmind::maxmind_archive;
pub(crate) use spur::with_balance;

/// One provider's rules.
pub(crate) struct Rules {
    /// What a question is about; `None` when the path is none of the provider's.
    pub(crate) key: fn(&Asked) -> Option<String>,
    /// How a key is written in the book.
    pub(crate) canonical: fn(&str) -> String,
    /// Why a question gets no answer at all.
    pub(crate) refusal: fn(&Asked) -> Option<Canned>,
    /// What is said of a key that the book does not have.
    pub(crate) unknown: fn(&Asked, &Book) -> Canned,
    /// What becomes of an answer by what was asked.
    pub(crate) finish: fn(&Asked, Canned) -> Canned,
    /// Keys that are known from the beginning.
    pub(crate) samples: fn() -> Vec<(&'static str, Canned)>,
}

pub(crate) fn of(provider: Provider) -> &'static Rules {
    match provider {
        Provider::GreyNoise => &greynoise::RULES,
        Provider::DShield => &dshield::RULES,
        Provider::UrlHaus => &urlhaus::RULES,
        Provider::Spur => &spur::RULES,
        Provider::VirusTotal => &virustotal::RULES,
        Provider::Hibp => &hibp::RULES,
        Provider::MaxMind => &maxmind::RULES,
        Provider::Lists => &lists::RULES,
    }
}

/// What a question is about, as the book writes it.
pub(crate) fn key(provider: Provider, asked: &Asked) -> Option<String> {
    let rules = of(provider);
    (rules.key)(asked).map(|key| (rules.canonical)(&key))
}

/// The answer of a provider that behaves.
pub(crate) fn answer(provider: Provider, asked: &Asked, book: &Book, invents: bool) -> Canned {
    let rules = of(provider);
    if let Some(refusal) = (rules.refusal)(asked) {
        return refusal;
    }
    if asked.key.is_empty() {
        return Canned::text("404 page not found").with_status(404);
    }
    let told = book.get(provider, &asked.key).cloned();
    let made_up = || invents.then(|| invented::canned(provider, &asked.key)).flatten();
    let answer = told.or_else(made_up).unwrap_or_else(|| (rules.unknown)(asked, book));
    (rules.finish)(asked, answer)
}

/// The step of the path that stands at the `*` of the real one.
///
/// The first steps of the real path may be missing: whether they belong to the base URL is for each
/// client to say.
fn step(asked: &Asked, real: &[&str]) -> Option<String> {
    let steps: Vec<_> = asked.path.split('/').filter(|step| !step.is_empty()).collect();
    let begins = real.len().checked_sub(steps.len())?;
    let mut key = None;
    for (step, real) in steps.into_iter().zip(real.get(begins..)?) {
        if *real == "*" {
            key = Some(percent_decoded(step));
        } else if step != *real {
            return None;
        }
    }
    key
}

/// The refusal of another method; `HEAD` goes where `GET` goes.
fn only(method: &str, asked: &Asked) -> Option<Canned> {
    let is_right = asked.method == method || (method == "GET" && asked.method == "HEAD");
    let refusal = || Canned::text("405 method not allowed").with_status(405);
    (!is_right).then(|| refusal().with_header("allow", method))
}

/// Whether the header holds the key that every provider wants.
fn has_key(asked: &Asked, header: &str) -> bool {
    asked.header(header) == Some(Providers::KEY)
}

/// An address in its canonical spelling, and anything else as it is.
fn address(key: &str) -> String {
    key.parse::<IpAddr>().map_or_else(|_other| key.to_owned(), |address| address.to_string())
}

fn unchanged(_asked: &Asked, answer: Canned) -> Canned {
    answer
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::time::Instant;

    use super::*;

    #[track_caller]
    fn check(path: &str, expected: Option<&str>) {
        let asked = Asked {
            key: String::new(),
            method: "GET".to_owned(),
            path: path.to_owned(),
            query: String::new(),
            headers: BTreeMap::new(),
            body: String::new(),
            at: Instant::now(),
        };
        assert_eq!(step(&asked, &["v3", "community", "*"]).as_deref(), expected, "{path}");
    }

    #[test]
    fn a_path_is_the_real_one_or_the_end_of_it() {
        check("/v3/community/192.0.2.1", Some("192.0.2.1"));
        check("/community/192.0.2.1", Some("192.0.2.1"));
        check("/2001%3Adb8::1", Some("2001:db8::1"));
        check("/v3/community/", None);
        check("/v2/community/192.0.2.1", None);
        check("/v3/community/192.0.2.1/more", None);
        check("/api/v3/community/192.0.2.1", None);
        check("/", None);
    }
}
