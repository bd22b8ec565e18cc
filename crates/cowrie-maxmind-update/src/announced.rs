//! What the service says of the file that it has, before it sends it.

use chrono::{DateTime, NaiveDate, Utc};
use reqwest::header::{CONTENT_DISPOSITION, HeaderMap, HeaderName, LAST_MODIFIED};

use crate::Edition;
use crate::vintages::day_of;

/// Which file the service has now, as far as it says so.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Announced {
    /// The day in the file's name, else that of its last change.
    pub(crate) day: Option<NaiveDate>,
    /// When the file was last changed.
    pub(crate) modified: Option<DateTime<Utc>>,
}

impl Announced {
    /// What these headers say of the archive of that edition.
    pub(crate) fn of(edition: &Edition, headers: &HeaderMap) -> Self {
        let text = |name: &HeaderName| headers.get(name)?.to_str().ok();
        let modified = text(&LAST_MODIFIED).and_then(|text| {
            DateTime::parse_from_rfc2822(text).ok().map(|modified| modified.to_utc())
        });
        let named = text(&CONTENT_DISPOSITION).and_then(|text| day_in(edition, text));
        let day = named.or_else(|| modified.map(|modified| modified.date_naive()));
        Self { day, modified }
    }
}

/// The day in `attachment; filename=GeoLite2-City_20260203.tar.gz`, with or without quotes.
fn day_in(edition: &Edition, disposition: &str) -> Option<NaiveDate> {
    let (_, name) = disposition.split_once("filename=")?;
    let name = name.split(';').next()?.trim().trim_matches('"');
    let day = name.strip_prefix(edition.as_str())?.strip_prefix('_')?;
    day_of(day.strip_suffix(".tar.gz")?)
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

    #[track_caller]
    fn check(disposition: &str, modified: &str, day: Option<&str>, time: Option<&str>) {
        let edition = "GeoLite2-City".parse().unwrap();
        let pairs = [(CONTENT_DISPOSITION, disposition), (LAST_MODIFIED, modified)];
        let headers =
            pairs.map(|(name, text)| (name, HeaderValue::from_str(text).unwrap())).into_iter();
        let expected = Announced {
            day: day.map(|day| day.parse().unwrap()),
            modified: time.map(|time| time.parse().unwrap()),
        };
        assert_eq!(Announced::of(&edition, &headers.collect()), expected, "{disposition}");
    }

    #[test]
    fn the_name_goes_before_the_time() {
        let modified = "Tue, 03 Feb 2026 18:15:39 GMT";
        let time = Some("2026-02-03T18:15:39Z");
        let named = "attachment; filename=GeoLite2-City_20260202.tar.gz";
        check(named, modified, Some("2026-02-02"), time);
        let quoted = "attachment; filename=\"GeoLite2-City_20260202.tar.gz\"; size=3";
        check(quoted, "", Some("2026-02-02"), None);
        let other = "attachment; filename=GeoLite2-ASN_20260202.tar.gz";
        check(other, modified, Some("2026-02-03"), time);
        check("attachment; filename=GeoLite2-City_20261302.tar.gz", "yesterday", None, None);
        check("attachment; filename=GeoLite2-City_202602.tar.gz", "", None, None);
        check("inline", "", None, None);
    }
}
