//! Tells names that a generator made from names that people made.
//!
//! A name is judged by its pairs of neighbouring characters. Pairs of letters cost what
//! [`PAIR_COST`] says; a change between letters and digits costs 2; a second digit, or a capital
//! behind a small letter, costs 1. The cost per pair is near 0.3 for words and names of programs
//! and near 1.4 for random letters.

/// How rare each pair of letters is, from 0 (common) to 3 (hardly ever); a row per first letter.
///
/// Counted over the words of English manuals and the names of Unix programs and files, each word
/// once by the logarithm of its count: 0 from one in 26 after the first letter, 1 from one in 90,
/// 2 from one in 360. Part of template version 1: never change it without a new version.
const PAIR_COST: [&[u8; 26]; 26] = [
    b"30003213031000303000112213", // a
    b"02110223013012023001033212", // b
    b"02120230030023023010123323", // c
    b"01110212022112023102022323", // d
    b"02001112233010212000212123", // e
    b"03210023033022033011033213", // f
    b"02120210033010013002023322", // g
    b"02220323032112023010132313", // h
    b"11010113332000013100313231", // i
    b"01000122032222001102021332", // j
    b"02210111022111112101121312", // k
    b"02210223032022023301123302", // l
    b"01220233032112003202033323", // m
    b"02000102031221023200113323", // n
    b"11002113121000103000011223", // o
    b"03120221032022003010132313", // p
    b"31222233233021322222022332", // q
    b"02110213031111013100122313", // r
    b"02020220031112002200022313", // s
    b"02120220032122023001132313", // t
    b"00010113032000203000323232", // u
    b"03120223033212023222233323", // v
    b"02110220031120023002232323", // w
    b"02010222032212103210123111", // x
    b"01110212032100003100121321", // y
    b"02110112032102032212133311", // z
];

/// Names that would look random and are not, in order.
const KNOWN_NAMES: [&str; 43] = [
    "aarch64",
    "amd64",
    "armv4l",
    "armv5l",
    "armv6l",
    "armv7l",
    "armv8l",
    "busybox",
    "daemon",
    "debug",
    "dvrHelper",
    "e2fsck",
    "ftpget",
    "ftpput",
    "gafgyt",
    "ip6tables",
    "kdevtmpfsi",
    "ksoftirqd",
    "linux",
    "m68k",
    "md5sum",
    "mips64",
    "mipsn32",
    "mozi",
    "mysql",
    "nginx",
    "nvidia",
    "ppc440fp",
    "proxy",
    "ptmx",
    "rfc822",
    "s390x",
    "sh2eb",
    "sha1sum",
    "sha256sum",
    "sha512sum",
    "systemd",
    "ttyACM",
    "ttyGSM",
    "ttyUSB",
    "video",
    "x11vnc",
    "xmrig",
];

/// How sure one must be before a name counts as random.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Suspicion {
    /// Anywhere: six characters costing at least 1 per pair, eight costing at least 3/4.
    Usual,
    /// Where scripts put their throw-away files: four characters costing at least 1 per pair, five
    /// costing at least 5/8.
    High,
}

/// Whether a run of ASCII letters and digits looks random.
///
/// A number of up to four digits behind letters is a version, and is not judged.
pub(crate) fn is_random(name: &str, suspicion: Suspicion) -> bool {
    let eighths_per_pair = match (suspicion, name.len()) {
        (_, ..4) | (Suspicion::Usual, ..6) => return false,
        (Suspicion::Usual, 6..8) | (Suspicion::High, 4) => 8,
        (Suspicion::Usual, _) => 6,
        (Suspicion::High, _) => 5,
    };
    let judged = without_version(name).as_bytes();
    let is_costly = judged.len() > 1 && 8 * cost(judged) >= eighths_per_pair * (judged.len() - 1);
    is_costly && KNOWN_NAMES.binary_search(&name).is_err()
}

fn without_version(name: &str) -> &str {
    let letters = name.trim_end_matches(|c: char| c.is_ascii_digit());
    let is_version = name.len() - letters.len() <= 4;
    let is_letters = letters.bytes().all(|byte| byte.is_ascii_alphabetic());
    if is_version && is_letters { letters } else { name }
}

/// Whether four to seven hexadecimal digits look like a number, not like a word or `sda1`.
pub(crate) fn is_short_hex(name: &str) -> bool {
    let bytes = name.as_bytes();
    let has_digit = bytes.iter().any(u8::is_ascii_digit);
    let has_letter = bytes.iter().any(u8::is_ascii_alphabetic);
    let turns = bytes.windows(2).filter(|pair| is_turn(pair)).count();
    let starts_with_digit = bytes.first().is_some_and(u8::is_ascii_digit);
    (4..8).contains(&bytes.len())
        && bytes.iter().all(u8::is_ascii_hexdigit)
        && has_digit
        && has_letter
        && (starts_with_digit || turns >= 2)
}

fn is_turn(pair: &[u8]) -> bool {
    matches!(pair, [a, b] if a.is_ascii_digit() != b.is_ascii_digit())
}

fn cost(name: &[u8]) -> usize {
    name.windows(2).map(|pair| if let [a, b] = pair { pair_cost(*a, *b) } else { 0 }).sum()
}

fn pair_cost(first: u8, second: u8) -> usize {
    match (first.is_ascii_digit(), second.is_ascii_digit()) {
        (true, true) => 1,
        (true, false) | (false, true) => 2,
        (false, false) => {
            let rise = first.is_ascii_lowercase() && second.is_ascii_uppercase();
            letter_cost(first, second) + usize::from(rise)
        }
    }
}

fn letter_cost(first: u8, second: u8) -> usize {
    let row = usize::from(first.to_ascii_lowercase().wrapping_sub(b'a'));
    let column = usize::from(second.to_ascii_lowercase().wrapping_sub(b'a'));
    let cost = PAIR_COST.get(row).and_then(|costs| costs.get(column));
    cost.map_or(0, |digit| usize::from(digit - b'0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(name: &str, usual: bool, high: bool) {
        let found = (is_random(name, Suspicion::Usual), is_random(name, Suspicion::High));
        assert_eq!(found, (usual, high), "{name}");
    }

    #[test]
    fn names_people_made() {
        for name in [
            "wget", "busybox", "python3", "config", "setup", "bins", "mips64", "armv7l", "tmp",
            "retrieve", "clean", "linux", "sshd", "payload", "update", "sora", "kinsing", "dota3",
        ] {
            check(name, false, false);
        }
        for name in [
            "cpuinfo",
            "iptables",
            "authorized",
            "dmidecode",
            "chpasswd",
            "crontab",
            "base64",
            "sha256sum",
            "ifconfig",
            "systemctl",
            "HISTFILE",
            "TelegramDesktop",
            "linuxshell",
        ] {
            assert!(!is_random(name, Suspicion::Usual), "{name}");
        }
    }

    #[test]
    fn names_a_generator_made() {
        for name in ["xK3j9Qz", "Zk3J9sPq2x", "qzkvxjwf", "QWZXKJ", "a1b2c3d4", "hx7Tq0Lb2"] {
            check(name, true, true);
        }
        check("kqz7a", false, true);
        check("xq", false, false);
    }

    #[test]
    fn short_hexadecimal() {
        for (name, expected) in [
            ("16de", true),
            ("28fc", true),
            ("6d57c6", true),
            ("8B35B", true),
            ("sda1", false),
            ("face", false),
            ("1234", false),
            ("fb0", false),
            ("eth0", false),
            ("d2690", false),
        ] {
            assert_eq!(is_short_hex(name), expected, "{name}");
        }
    }
}
