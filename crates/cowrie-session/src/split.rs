//! Cuts the events of a family into sessions, by sensor and by the address that connected.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::net::IpAddr;

use cowrie_core::parse_address;
use cowrie_parse::Event;

use crate::family::{encoded, is_day};

/// One connect of a family: when, and from where.
#[derive(Clone, Copy, Debug)]
struct Connect {
    millis: i64,
    micros: i64,
    address: IpAddr,
}

/// The sessions of a family by name; `events` are distinct and in order.
pub(crate) fn sessions<'a>(family: &str, events: Vec<&'a Event>) -> Vec<(String, Vec<&'a Event>)> {
    if is_day(family) {
        return vec![(family.to_owned(), events)];
    }
    let mut sessions = Vec::new();
    for (at, (sensor, events)) in by_sensor(events).into_iter().enumerate() {
        let base =
            if at == 0 { family.to_owned() } else { format!("{family}@{}", encoded(&sensor)) };
        sessions.extend(by_connect(&base, events));
    }
    sessions
}

/// The events of each sensor, the sensor of the earliest event first.
///
/// An event that names no sensor belongs to that first one.
fn by_sensor(events: Vec<&Event>) -> Vec<(String, Vec<&Event>)> {
    let first = events.iter().find_map(|event| event.sensor.clone()).unwrap_or_default();
    let mut groups: Vec<(String, Vec<&Event>)> = Vec::new();
    for event in events {
        let sensor = event.sensor.as_ref().unwrap_or(&first);
        match groups.iter_mut().find(|(name, _)| name == sensor) {
            Some((_, group)) => group.push(event),
            None => groups.push((sensor.clone(), vec![event])),
        }
    }
    groups
}

/// The events of each address that connected, the earliest connect first.
fn by_connect<'a>(base: &str, events: Vec<&'a Event>) -> Vec<(String, Vec<&'a Event>)> {
    let connects = connects(&events);
    if connects.len() < 2 {
        return vec![(base.to_owned(), events)];
    }
    let mut groups: Vec<(String, Vec<&Event>)> =
        names(base, &connects).into_iter().map(|name| (name, Vec::new())).collect();
    let by_address: HashMap<IpAddr, usize> =
        connects.iter().enumerate().map(|(at, connect)| (connect.address, at)).collect();
    for event in events {
        let owner = owner(&connects, &by_address, event);
        if let Some((_, group)) = groups.get_mut(owner) {
            group.push(event);
        }
    }
    groups
}

/// The first connect of each address, in order.
fn connects(events: &[&Event]) -> Vec<Connect> {
    let mut connects: Vec<Connect> = Vec::new();
    let mut seen = HashSet::new();
    // Cheap to see, and never wrong: the word stands there, or some character of it is spelled.
    let may_be =
        |event: &&&Event| ["session.connect", "\\u"].iter().any(|w| event.text.contains(w));
    for event in events.iter().filter(may_be) {
        let Ok(fields) = event.fields() else { continue };
        if fields.text("eventid").as_deref() != Some("cowrie.session.connect") {
            continue;
        }
        let Some(address) = fields.text("src_ip").as_deref().and_then(parse_address) else {
            continue;
        };
        if seen.insert(address) {
            let (millis, micros) = (event.at.timestamp_millis(), event.at.timestamp_micros());
            connects.push(Connect { millis, micros, address });
        }
    }
    connects.sort_by_key(|connect| (connect.micros, connect.address));
    connects
}

/// A name for each connect: the base for the first, its time for the others.
fn names(base: &str, connects: &[Connect]) -> Vec<String> {
    let mut used: BTreeMap<i64, u32> = BTreeMap::new();
    let mut name = |(at, connect): (usize, &Connect)| {
        if at == 0 {
            return base.to_owned();
        }
        let count = used.entry(connect.millis).or_default();
        *count += 1;
        match *count {
            1 => format!("{base}#{}", connect.millis),
            count => format!("{base}#{}.{count}", connect.millis),
        }
    };
    connects.iter().enumerate().map(&mut name).collect()
}

/// The connect that an event belongs to: the one of its own address, else the latest before it.
fn owner(connects: &[Connect], by_address: &HashMap<IpAddr, usize>, event: &Event) -> usize {
    let address =
        event.fields().ok().and_then(|f| f.text("src_ip").as_deref().and_then(parse_address));
    let own = address.and_then(|address| by_address.get(&address).copied());
    own.unwrap_or_else(|| {
        let micros = event.at.timestamp_micros();
        connects.partition_point(|connect| connect.micros <= micros).saturating_sub(1)
    })
}
