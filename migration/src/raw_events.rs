//! The view `raw_events`: one row for each event of the documents, with the legacy columns.

use sea_orm_migration::sea_orm::DbBackend;

/// Tells documents of a session from those that hold a day's events without one. Both engines
/// answer it from the primary key, because `'0'` is the character after `'/'`.
const IS_DAY: &str = "d.session_id >= 'day/' AND d.session_id < 'day0'";

/// The statement that makes the view.
///
/// It is two halves, so that `WHERE session_id = …` reaches the primary key: a CASE over the
/// column would hide it.
pub(crate) fn create_view(engine: DbBackend) -> String {
    let (of_sessions, of_days) = match engine {
        DbBackend::Postgres => (
            postgres_half("d.session_id", &format!("NOT ({IS_DAY})")),
            postgres_half(r#"NULL::text COLLATE "C""#, IS_DAY),
        ),
        _ => (sqlite_half("d.session_id", &format!("NOT ({IS_DAY})")), sqlite_half("NULL", IS_DAY)),
    };
    format!("CREATE VIEW raw_events AS\n{of_sessions}\nUNION ALL\n{of_days}")
}

/// The time is put together from whole seconds and the rest, so that no double rounds it.
fn postgres_half(session_id: &str, condition: &str) -> String {
    format!(
        "SELECT encode(e.event_id, 'hex') AS id,
    {session_id} AS session_id,
    d.part,
    (p.ordinal - 1)::integer AS position,
    d.sensor,
    p.payload ->> 'eventid' AS event_type,
    to_timestamp(t.millis / 1000) + (t.millis % 1000) * interval '1 millisecond'
        AS event_timestamp,
    p.payload
FROM session_events AS d
CROSS JOIN LATERAL json_array_elements(d.events) WITH ORDINALITY AS p (payload, ordinal)
CROSS JOIN LATERAL (
    SELECT substr(d.event_ids, (p.ordinal::integer - 1) * 16 + 1, 16) AS event_id) AS e
CROSS JOIN LATERAL (
    SELECT ('x' || encode(substr(e.event_id, 1, 6), 'hex'))::bit(48)::bigint AS millis) AS t
WHERE {condition}"
    )
}

/// `i` holds the event's id in hexadecimal: a table of one row, because an expression would be
/// worked out again, out of the whole column, at each of the places that need it.
fn sqlite_half(session_id: &str, condition: &str) -> String {
    let millis = sqlite_millis();
    format!(
        "SELECT lower(i.value) AS id,
    {session_id} AS session_id,
    d.part AS part,
    p.key AS position,
    d.sensor AS sensor,
    json_extract(p.value, '$.eventid') AS event_type,
    strftime('%Y-%m-%dT%H:%M:%S', ({millis}) / 1000, 'unixepoch')
        || printf('.%03d000+00:00', ({millis}) % 1000) AS event_timestamp,
    p.value AS payload
FROM session_events AS d, json_each(d.events) AS p,
    json_each(json_array(hex(substr(d.event_ids, p.key * 16 + 1, 16)))) AS i
WHERE {condition}"
    )
}

/// The first twelve hexadecimal digits of `i.value` as a number. SQLite reads no hexadecimal
/// text, so each digit is found in the row of digits and weighed.
fn sqlite_millis() -> String {
    let digits: Vec<String> = (0..12)
        .map(|place| {
            let weight = 1_u64 << (4 * (11 - place));
            format!("(instr('0123456789ABCDEF', substr(i.value, {}, 1)) - 1) * {weight}", place + 1)
        })
        .collect();
    digits.join(" + ")
}
