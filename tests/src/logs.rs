//! Logs to load: those that real Cowries wrote, and larger ones made of them.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use liblzma::read::XzDecoder;

/// A log of the folder `tests/data/cowrie`, inflated; `v2.4.0/cowrie.json` for example.
pub fn sample(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/cowrie");
    let file = File::open(folder.join(format!("{name}.xz"))).expect("could not open a sample");
    let mut bytes = Vec::new();
    XzDecoder::new_multi_decoder(file).read_to_end(&mut bytes).expect("could not read a sample");
    bytes
}

/// A log of at least so many bytes: a sample again and again, each time with other sessions.
///
/// The sample's session ids must have twelve digits, of which the first four become the number of
/// the repetition.
pub fn enlarged(sample: &[u8], n_bytes: usize) -> Vec<u8> {
    let text = std::str::from_utf8(sample).expect("the sample is UTF-8");
    let mut large = String::with_capacity(n_bytes + sample.len());
    for number in 0_u16.. {
        if large.len() >= n_bytes {
            break;
        }
        for line in text.lines() {
            match session_of(line) {
                Some(session) => {
                    let rest: String = session.chars().skip(4).collect();
                    large.push_str(&line.replace(session, &format!("{number:04x}{rest}")));
                }
                None => large.push_str(line),
            }
            large.push('\n');
        }
    }
    large.into_bytes()
}

/// Lines as the bytes of a log.
pub fn log(lines: &[&str]) -> Vec<u8> {
    let mut bytes = lines.join("\n").into_bytes();
    bytes.push(b'\n');
    bytes
}

/// The session id of twelve digits in a line.
fn session_of(line: &str) -> Option<&str> {
    let (_, after) = line.split_once("\"session\":")?;
    let id = after.trim_start().strip_prefix('"')?.split('"').next()?;
    (id.len() == 12).then_some(id)
}
