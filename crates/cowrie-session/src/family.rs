//! Which family an event belongs to.

use cowrie_parse::Event;

/// How the name of a document begins that holds events without a session.
const DAY: &str = "day/";

/// The name under which all events of one session id are found.
pub fn family_of(event: &Event) -> String {
    let sensor = event.sensor.as_deref().unwrap_or_default();
    match event.session.as_deref() {
        None => format!("{DAY}{sensor}/{}", event.at.format("%Y-%m-%d")),
        Some(id) if is_unique(id) => id.to_owned(),
        // An id that looks like the name of a day's document is kept apart from one.
        Some(id) if is_day(id) => format!("session:{id}@{sensor}"),
        Some(id) => format!("{id}@{sensor}"),
    }
}

/// Whether the family holds events without a session.
pub(crate) fn is_day(family: &str) -> bool {
    family.starts_with(DAY)
}

/// Whether ids of this form are long enough not to repeat between sensors.
fn is_unique(id: &str) -> bool {
    matches!(id.len(), 12 | 32) && id.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}
