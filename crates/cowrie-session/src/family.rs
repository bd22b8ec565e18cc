//! Which family an event belongs to.
//!
//! Names are put together with `@`, `#` and `/`. Where these stand in an id or a sensor, they are
//! percent-encoded, so that no two families, and no two sessions, ever get one name.

use std::borrow::Cow;

use cowrie_parse::Event;

/// How the name of a document begins that holds events without a session.
const DAY: &str = "day/";

/// The name under which all events of one session id are found.
pub fn family_of(event: &Event) -> String {
    let sensor = encoded(event.sensor.as_deref().unwrap_or_default());
    match event.session.as_deref() {
        None => format!("{DAY}{sensor}/{}", event.at.format("%Y-%m-%d")),
        Some(id) if is_unique(id) => id.to_owned(),
        Some(id) => format!("{}@{sensor}", encoded(id)),
    }
}

/// Whether the family holds events without a session.
pub(crate) fn is_day(family: &str) -> bool {
    family.starts_with(DAY)
}

/// The text with the characters encoded that names are put together with.
pub(crate) fn encoded(text: &str) -> Cow<'_, str> {
    const DELIMITERS: [char; 4] = ['%', '@', '#', '/'];
    if !text.contains(DELIMITERS) {
        return Cow::Borrowed(text);
    }
    let mut encoded = text.to_owned();
    // The percent sign comes first, since the others bring new ones.
    for delimiter in DELIMITERS {
        encoded = encoded.replace(delimiter, &format!("%{:02X}", u32::from(delimiter)));
    }
    Cow::Owned(encoded)
}

/// Whether ids of this form are long enough not to repeat between sensors.
fn is_unique(id: &str) -> bool {
    matches!(id.len(), 12 | 32) && id.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}
