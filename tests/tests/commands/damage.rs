//! Files as a hostile or broken machine leaves them, and what must become of each.

use std::io::Write as _;

use pbz2::Level;

/// A file, and what a load must make of it.
pub(crate) struct Bad {
    /// Its name.
    pub(crate) name: &'static str,
    /// Its bytes, compressed as they are.
    pub(crate) bytes: Vec<u8>,
    /// Every event in it, as it is written there.
    pub(crate) events: Vec<Vec<u8>>,
    /// What must be known of everything else in it.
    pub(crate) letters: Vec<Letter>,
    /// How many pieces of it are no events.
    pub(crate) n_rejected: usize,
    /// Part of the message about the file, where it holds no event or cannot be read to its end.
    pub(crate) problem: Option<&'static str>,
    /// Part of the message about the file, where some of it is no event.
    pub(crate) remark: Option<&'static str>,
}

/// A dead letter as it must be.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct Letter {
    pub(crate) reason: &'static str,
    /// Where it begins, in bytes of the inflated file.
    pub(crate) offset: usize,
    /// The whole piece.
    pub(crate) bytes: Vec<u8>,
}

/// How much of a piece is kept.
pub(crate) const KEPT_BYTES: usize = 64 << 10;

/// The longest line that is read, in bytes.
const LONGEST_LINE: usize = 16 << 20;

/// A file that can be read: its lines are events, or letters of these reasons.
struct Lines(&'static str, Vec<(Option<&'static str>, Vec<u8>)>);

impl From<Lines> for Bad {
    fn from(Lines(name, lines): Lines) -> Self {
        let (mut bytes, mut events, mut letters) = (Vec::new(), Vec::new(), Vec::new());
        for (reason, line) in lines {
            let offset = bytes.len();
            bytes.extend_from_slice(&line);
            bytes.push(b'\n');
            match reason {
                None => events.push(line),
                Some(reason) => letters.push(Letter { reason, offset, bytes: line }),
            }
        }
        let (problem, remark) = match (events.as_slice(), letters.as_slice()) {
            (_, []) => (None, None),
            ([], _) => (Some("holds no Cowrie event; dead letters: "), None),
            _ => (None, Some("not everything is an event; dead letters: ")),
        };
        let n_rejected = letters.len();
        Self { name, bytes, events, letters, n_rejected, problem, remark }
    }
}

/// One event; `number` makes it unlike every other, `password` is JSON.
pub(crate) fn event(number: u32, password: impl AsRef<[u8]>) -> Vec<u8> {
    let mut line = format!(
        "{{\"eventid\":\"cowrie.login.failed\",\"sensor\":\"hostile\",\
         \"timestamp\":\"2026-04-29T10:00:00.{number:06}Z\",\"src_ip\":\"203.0.113.7\",\
         \"session\":\"{number:012x}\",\"username\":\"root\",\"password\":"
    )
    .into_bytes();
    line.extend_from_slice(password.as_ref());
    line.push(b'}');
    line
}

/// One event of any kind; `number` makes it unlike every other, `fields` is JSON.
pub(crate) fn event_of(kind: &str, number: u32, fields: &str) -> Vec<u8> {
    format!(
        "{{\"eventid\":\"{kind}\",\"sensor\":\"hostile\",\
         \"timestamp\":\"2026-04-29T11:00:00.{number:06}Z\",\"session\":\"{number:012x}\",{fields}}}"
    )
    .into_bytes()
}

/// All of them, in the order of their names.
pub(crate) fn all() -> Vec<Bad> {
    vec![
        long_line(),
        bomb(),
        truncated(),
        junk(),
        broken_strings(),
        addresses(),
        Lines("json-of-others", vec![(Some("not_an_event"), b"{}".to_vec())]).into(),
        Lines("json-empty", Vec::new()).into(),
        no_log(),
        other_json(),
        Lines("subfolder.json/cowrie.json", vec![(None, event(900, "\"below\""))]).into(),
        Lines("\u{1b}[31mred\u{202e}.json", vec![(Some("not_json"), b"\x1b[2J".to_vec())]).into(),
    ]
}

fn long_line() -> Bad {
    let password = format!("\"{}\"", "a".repeat(20 << 20));
    let long = event(101, password);
    assert!(long.len() > LONGEST_LINE);
    let lines = vec![
        (None, event(100, "\"before\"")),
        (Some("too_long"), long),
        (None, event(102, "\"after\"")),
    ];
    Lines("a-line-of-20-MiB.json", lines).into()
}

/// Inflates to 200 MB, from less than a thousandth of that.
fn bomb() -> Bad {
    let events: Vec<_> = (200..203).map(|number| event(number, "\"bomb\"")).collect();
    let first = [events.join(&b'\n'), b"\n".to_vec()].concat();
    let mut bytes = pbz2::compress(&first, Level::BEST);
    let blank = pbz2::compress(&vec![b' '; 50_000_000], Level::BEST);
    for _ in 0..4 {
        bytes.extend_from_slice(&blank);
    }
    let problem = Some("inflates to more than the limit of 1000 times its size");
    let letters = Vec::new();
    Bad { name: "bomb.json.bz2", bytes, events, letters, n_rejected: 1, problem, remark: None }
}

/// A gzip archive of which the end is missing: what is torn begins where the last line did.
fn truncated() -> Bad {
    let numbers = 300..800;
    let lines: Vec<_> = numbers.map(|n| event(n, format!("\"{:x}\"", noise(n.into())))).collect();
    let whole = [lines.join(&b'\n'), b"\n".to_vec()].concat();
    let mut bytes = gzip(&whole);
    bytes.truncate(bytes.len() / 2);
    let there = inflated_as_far_as_possible(&bytes);
    let n_whole = there.split(|byte| *byte == b'\n').count() - 1;
    let offset = there.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    let torn = Letter { reason: "torn", offset, bytes: there[offset..].to_vec() };
    let end = Letter { reason: "damaged_file", offset: there.len(), bytes: Vec::new() };
    let events = lines.into_iter().take(n_whole).collect();
    let problem = Some("the archive is cut short");
    let remark = Some("dead letters: 1, first at byte ");
    let (name, letters) = ("cut-short.json.gz", vec![torn, end]);
    Bad { name, bytes, events, letters, n_rejected: 2, problem, remark }
}

/// Bytes without any order, in lines of 50; a NUL or a blank could end or begin a line otherwise.
fn junk() -> Bad {
    let line = |line: u64| {
        let byte = |at: u64| 0x80 | (noise(line * 50 + at) & 0x7f) as u8;
        (Some("not_json"), (0..50).map(byte).collect())
    };
    let mut lines: Vec<_> = (0..40).map(line).collect();
    lines.insert(20, (None, event(103, "\"in junk\"")));
    Lines("junk.json", lines).into()
}

/// Strings that one database or the other cannot keep, and the padding of a crash.
fn broken_strings() -> Bad {
    let nul = "\"a\\u0000b\"";
    let raw_nul = [&b"\0\0\0\0"[..], &event(407, b"\"a\0b\"")].concat();
    let events = vec![
        event(400, nul),
        event(401, b"\"\xff\xfe caf\xe9\""),
        event(402, "\"\\ud83d alone\""),
        event(403, "\"\\ude00\\ud83d\""),
        event(404, "\"\\ue0000 \u{e000}0 in the wild\""),
        event(405, "\"\\u0001\\u001b[2J\u{1b}[31m\""),
        event(406, b"\"\x01\x02\x7f\""),
        event_of(
            "cowrie.login.success",
            408,
            "\"src_ip\":\"203.0.113.7\",\"username\":\"\\u0000root\",\"password\":\"\\u0000\"",
        ),
        event_of("cowrie.command.input", 409, "\"input\":\"echo \\u0000; echo \\udfff\""),
        event_of("cowrie.client.version", 410, "\"version\":\"SSH-2.0-\\u0000\\ud800\""),
        event_of(
            "cowrie.session.file_download",
            411,
            "\"url\":\"tftp://[2001:db8::1]/\\u0000\",\"outfile\":\"var/\\u0000\",\
             \"filename\":\"\\u0000x\",\"shasum\":\
             \"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\"",
        ),
        event_of("cowrie.\\u0000", 412, "\"\\u0000key\":{\"\\ud800\":[\"\\u0000\"]},\"message\":7"),
    ];
    let mut lines: Vec<_> = events.into_iter().map(|event| (None, event)).collect();
    lines.push((None, raw_nul));
    let mut bad = Bad::from(Lines("strings.json", lines));
    // The padding is not part of the event.
    let last = bad.events.pop().unwrap();
    bad.events.push(last[4..].to_vec());
    bad
}

/// Every spelling of an address, and what is none.
fn addresses() -> Bad {
    let addresses = [
        "2001:db8::1",
        "2001:0DB8:0000::0001",
        "::ffff:198.51.100.9",
        "::ffff:c633:6409",
        "fe80::1%eth0",
        "198.51.100.9",
        "no address",
        "",
    ];
    let event = |(number, address): (u32, &&str)| {
        let fields = format!("\"protocol\":\"telnet\",\"src_ip\":\"{address}\",\"src_port\":23");
        (None, event_of("cowrie.session.connect", 500 + number, &fields))
    };
    Lines("json-addresses", (0..).zip(&addresses).map(event).collect()).into()
}

/// A text of 2,000 lines, which look like no log after a thousand, and an event behind them.
fn no_log() -> Bad {
    let lines: Vec<_> = (0..2_000).map(|n| format!("Dear diary, this is line {n}.")).collect();
    let mut text: Vec<_> =
        lines.iter().map(|line| (Some("not_json"), line.clone().into_bytes())).collect();
    text.push((None, event(105, "\"late\"")));
    let mut bad = Bad::from(Lines("no-log.json", text));
    let stretch = bad.letters.split_off(1_000);
    let lines: Vec<&[u8]> = stretch.iter().map(|letter| letter.bytes.as_slice()).collect();
    let bytes = [&lines.join(&b'\n')[..], b"\n"].concat();
    bad.letters.push(Letter { reason: "not_a_log", offset: stretch[0].offset, bytes });
    bad.problem = Some("does not look like a Cowrie log");
    bad
}

/// JSON of other programs, with one event lost among it.
fn other_json() -> Bad {
    let lines = vec![
        (Some("not_an_event"), br#"{"level":"info","msg":"started"}"#.to_vec()),
        (Some("not_an_event"), br#"{"eventid":7,"timestamp":"2026-04-29T10:00:00Z"}"#.to_vec()),
        (Some("no_time"), br#"{"eventid":"cowrie.session.connect"}"#.to_vec()),
        (Some("bad_time"), br#"{"eventid":"cowrie.x","timestamp":"soon"}"#.to_vec()),
        (Some("not_json"), br#"["a","b"]"#.to_vec()),
        (Some("not_json"), b"null".to_vec()),
        (None, event(104, "\"lost\"")),
        (Some("not_json"), br#"{"eventid":"cowrie.x","timestamp":NaN}"#.to_vec()),
    ];
    Lines("other.json", lines).into()
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(bytes).unwrap();
    gzip.finish().unwrap()
}

/// What a decoder of nobody's but the compression's author gets out of a damaged archive.
fn inflated_as_far_as_possible(bytes: &[u8]) -> Vec<u8> {
    let mut inflated = Vec::new();
    let mut decoder = flate2::write::GzDecoder::new(&mut inflated);
    decoder.write_all(bytes).unwrap();
    decoder.flush().unwrap();
    drop(decoder);
    inflated
}

/// Numbers without any visible order, always the same (`SplitMix64`, Steele et al. 2014).
pub(crate) fn noise(number: u64) -> u64 {
    let mixed = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}
