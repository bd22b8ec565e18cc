//! Writes MMDB files, as MaxMind's specification 2.0 has them.
//!
//! <https://maxmind.github.io/MaxMind-DB/>

use std::collections::HashMap;
use std::net::IpAddr;

/// A value of the data section.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    /// Text.
    Text(String),
    /// A number of up to 16 bits.
    U16(u16),
    /// A number of up to 32 bits.
    U32(u32),
    /// A number of up to 64 bits.
    U64(u64),
    /// Values one after the other.
    Array(Vec<Self>),
    /// Values by name.
    Map(Vec<(&'static str, Self)>),
}

/// A place in the search tree.
#[derive(Clone, Copy, Debug)]
enum Branch {
    Empty,
    Node(u32),
    Data(u32),
}

/// A database that grows in memory.
#[derive(Debug)]
pub(crate) struct Writer {
    database_type: &'static str,
    build_epoch: u64,
    nodes: Vec<[Branch; 2]>,
    data: Vec<u8>,
    /// Where each value stands in the data section.
    known: HashMap<Vec<u8>, u32>,
}

impl Writer {
    /// A database without networks, built at this Unix time.
    pub(crate) fn new(database_type: &'static str, build_epoch: u64) -> Self {
        let nodes = vec![[Branch::Empty; 2]];
        Self { database_type, build_epoch, nodes, data: Vec::new(), known: HashMap::new() }
    }

    /// Adds a network; none may lie in another.
    pub(crate) fn insert(&mut self, first: IpAddr, prefix: u8, value: &Value) {
        let (bits, depth) = match first {
            // IPv4 has its place below ::/96.
            IpAddr::V4(first) => (u128::from(first.to_bits()), prefix + 96),
            IpAddr::V6(first) => (first.to_bits(), prefix),
        };
        let leaf = Branch::Data(self.place_of(value));
        let mut at = 0;
        for level in 0..depth {
            let side = usize::from(bits >> (127 - level) & 1 == 1);
            if level + 1 == depth {
                self.nodes[at][side] = leaf;
            } else if let Branch::Node(next) = self.nodes[at][side] {
                at = next as usize;
            } else {
                self.nodes.push([Branch::Empty; 2]);
                let next = self.nodes.len() - 1;
                self.nodes[at][side] = Branch::Node(next as u32);
                at = next;
            }
        }
    }

    /// The bytes of the file.
    pub(crate) fn finish(self) -> Vec<u8> {
        let n_nodes = self.nodes.len() as u32;
        let mut file = Vec::with_capacity(self.nodes.len() * 8 + self.data.len() + 512);
        for branch in self.nodes.iter().flatten() {
            let record = match *branch {
                Branch::Empty => n_nodes,
                Branch::Node(node) => node,
                Branch::Data(at) => n_nodes + 16 + at,
            };
            file.extend(record.to_be_bytes());
        }
        file.extend([0; 16]);
        file.extend(&self.data);
        file.extend(b"\xab\xcd\xefMaxMind.com");
        let description = Value::Map(vec![("en", Value::Text("Made from a seed".to_owned()))]);
        let metadata = Value::Map(vec![
            ("node_count", Value::U32(n_nodes)),
            ("record_size", Value::U16(32)),
            ("ip_version", Value::U16(6)),
            ("database_type", Value::Text(self.database_type.to_owned())),
            ("languages", Value::Array(vec![Value::Text("en".to_owned())])),
            ("binary_format_major_version", Value::U16(2)),
            ("binary_format_minor_version", Value::U16(0)),
            ("build_epoch", Value::U64(self.build_epoch)),
            ("description", description),
        ]);
        encode(&metadata, &mut file);
        file
    }

    fn place_of(&mut self, value: &Value) -> u32 {
        let mut bytes = Vec::new();
        encode(value, &mut bytes);
        let next = self.data.len() as u32;
        *self.known.entry(bytes).or_insert_with_key(|bytes| {
            self.data.extend(bytes);
            next
        })
    }
}

fn encode(value: &Value, to: &mut Vec<u8>) {
    match value {
        Value::Text(text) => {
            control(2, text.len(), to);
            to.extend(text.as_bytes());
        }
        Value::U16(number) => whole(5, &number.to_be_bytes(), to),
        Value::U32(number) => whole(6, &number.to_be_bytes(), to),
        Value::U64(number) => whole(9, &number.to_be_bytes(), to),
        Value::Array(values) => {
            control(11, values.len(), to);
            for value in values {
                encode(value, to);
            }
        }
        Value::Map(pairs) => {
            control(7, pairs.len(), to);
            for (name, value) in pairs {
                control(2, name.len(), to);
                to.extend(name.as_bytes());
                encode(value, to);
            }
        }
    }
}

/// A whole number, without the zeros in front.
fn whole(kind: u8, bytes: &[u8], to: &mut Vec<u8>) {
    let n_zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    let bytes = bytes.get(n_zeros..).unwrap_or_default();
    control(kind, bytes.len(), to);
    to.extend(bytes);
}

/// The bytes that say kind and size; sizes up to 284 are enough here.
fn control(kind: u8, size: usize, to: &mut Vec<u8>) {
    assert!(size <= 284, "a value of an MMDB file made from a seed is too long");
    let (low, more) = if size < 29 { (size, None) } else { (29, Some((size - 29) as u8)) };
    if kind < 8 {
        to.push(kind << 5 | low as u8);
    } else {
        to.extend([low as u8, kind - 7]);
    }
    to.extend(more);
}
