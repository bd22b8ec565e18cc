//! Lists: `GET` any path, with `ETag`, `Last-Modified`, and 304 for what the client has already.
//!
//! Source: RFC 9110, section 13.

use chrono::DateTime;

use super::{Rules, only};
use crate::asked::percent_decoded;
use crate::{Asked, Canned, Provider, digest};

pub(super) const RULES: Rules = Rules {
    key: |asked| Some(percent_decoded(&asked.path)),
    canonical: |key| key.trim_matches('/').to_owned(),
    refusal: |asked| only("GET", asked),
    unknown: |asked, book| {
        // A sample is found under any path that ends with its name.
        let name = asked.key.rsplit('/').next().unwrap_or_default();
        let sample = book.get(Provider::Lists, name).cloned();
        sample.unwrap_or_else(|| Canned::text("404 page not found").with_status(404))
    },
    finish,
    samples: || {
        let text = |text: &str| Canned::text(text);
        let json = |text: &str| Canned::json(text);
        vec![
            ("torbulkexitlist", text(include_str!("../../samples/lists/torbulkexitlist.txt"))),
            ("ips-v4", text(include_str!("../../samples/lists/ips-v4.txt"))),
            ("ips-v6", text(include_str!("../../samples/lists/ips-v6.txt"))),
            ("ip-ranges.json", json(include_str!("../../samples/lists/ip-ranges.json"))),
            ("cloud.json", json(include_str!("../../samples/lists/cloud.json"))),
            (
                "ServiceTags_Public_20260427.json",
                json(include_str!("../../samples/lists/ServiceTags_Public_20260427.json")),
            ),
            ("datacenters.csv", text(include_str!("../../samples/lists/datacenters.csv"))),
        ]
    },
};

/// The file with its tag, or 304.
fn finish(asked: &Asked, file: Canned) -> Canned {
    if file.status != 200 {
        return file;
    }
    let file = tagged(file);
    if !is_current(asked, &file) {
        return file;
    }
    let kept = ["etag", "last-modified"].into_iter();
    let kept = kept.filter_map(|name| Some((name, file.header(name)?.to_owned())));
    let with_header = |answer: Canned, (name, value)| answer.with_header(name, value);
    kept.fold(Canned::text("").with_status(304), with_header)
}

fn tagged(file: Canned) -> Canned {
    if file.header("etag").is_some() {
        return file;
    }
    let digest = digest::sha256(&file.body);
    let tag = digest.get(..16).unwrap_or_default();
    file.with_header("etag", format!("\"{tag}\""))
}

/// Whether the client has this file; its tag counts for more than its date.
fn is_current(asked: &Asked, file: &Canned) -> bool {
    if let Some(tags) = asked.header("if-none-match") {
        let strong = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
        let own = file.header("etag").map(strong);
        return tags.trim() == "*" || tags.split(',').any(|tag| Some(strong(tag)) == own);
    }
    let date = |text: Option<&str>| DateTime::parse_from_rfc2822(text?).ok();
    let since = date(asked.header("if-modified-since"));
    let modified = date(file.header("last-modified"));
    since.zip(modified).is_some_and(|(since, modified)| modified <= since)
}
