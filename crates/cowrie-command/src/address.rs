//! Finds addresses and opaque blobs at the front of, or as the whole of, a run of characters.

use std::net::Ipv6Addr;

/// The length of the dotted IPv4 address that `bytes` begins with.
///
/// The byte behind it must not go on with the number.
pub(crate) fn ipv4_length(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    for group in 0..4 {
        if group > 0 {
            (bytes.get(at) == Some(&b'.')).then_some(())?;
            at += 1;
        }
        let rest = bytes.get(at..)?;
        let digits = rest.iter().take(4).take_while(|byte| byte.is_ascii_digit()).count();
        let value =
            rest.get(..digits)?.iter().fold(0, |sum, digit| sum * 10 + u32::from(digit - b'0'));
        if digits == 0 || value > 255 {
            return None;
        }
        at += digits;
    }
    let next = bytes.get(at).copied().unwrap_or_default();
    let after = bytes.get(at + 1).copied().unwrap_or_default();
    let goes_on =
        next.is_ascii_alphanumeric() || next == b'_' || (next == b'.' && after.is_ascii_digit());
    (!goes_on).then_some(at)
}

/// Whether the whole of `text` is an IPv6 address.
pub(crate) fn is_ipv6(text: &str) -> bool {
    text.len() <= 45
        && text.bytes().any(|byte| byte.is_ascii_hexdigit())
        && text.parse::<Ipv6Addr>().is_ok()
}

/// Whether `word` is a host name, with or without a port: labels, the last one of letters only.
pub(crate) fn is_host_name(word: &str) -> bool {
    let host = word.split_once(':').map_or(word, |(host, _port)| host);
    let Some((labels, top)) = host.rsplit_once('.') else { return false };
    let is_label = |label: &str| {
        !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    (2..=24).contains(&top.len())
        && top.bytes().all(|byte| byte.is_ascii_alphabetic())
        && labels.split('.').all(is_label)
}

const FILE_ENDINGS: [&str; 43] = [
    "sh", "gz", "tgz", "tar", "bz", "xz", "zip", "py", "pl", "rb", "bin", "elf", "txt", "html",
    "htm", "php", "js", "json", "exe", "out", "log", "conf", "cfg", "so", "ko", "arm", "mips",
    "mpsl", "ppc", "sparc", "spc", "x", "jpg", "png", "dat", "list", "service", "deb", "rpm",
    "old", "bak", "key", "pub",
];

/// Whether `text` ends like the name of a file that scripts fetch or write, not like a host.
pub(crate) fn has_file_ending(text: &str) -> bool {
    let ending = text.rsplit('.').next().unwrap_or_default();
    FILE_ENDINGS.contains(&ending)
}

/// What an opaque run of characters is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Blob {
    Hex,
    Base64,
}

/// Whether the whole run is hexadecimal (eight digits or more, `0x` before them or not, or a
/// UUID), or base64 (24 characters or more, and not a path).
pub(crate) fn blob(run: &str) -> Option<Blob> {
    let digits = run.strip_prefix("0x").unwrap_or(run);
    if digits.len() < 8 {
        return None;
    }
    let is_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_hex || is_uuid(run) {
        return Some(Blob::Hex);
    }
    is_base64(run).then_some(Blob::Base64)
}

fn is_uuid(run: &str) -> bool {
    let fits = |(at, byte): (usize, u8)| match at {
        8 | 13 | 18 | 23 => byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    };
    run.len() == 36 && run.bytes().enumerate().all(fits)
}

/// Paths also are letters and slashes; base64 has a slash in 64 characters, and both cases.
fn is_base64(run: &str) -> bool {
    let digits = run.trim_end_matches('=');
    let padding = run.len() - digits.len();
    if run.len() < 24 || padding > 2 {
        return false;
    }
    let (mut uppers, mut lowers, mut slashes) = (0_usize, 0_usize, 0_usize);
    for byte in digits.bytes() {
        match byte {
            b'A'..=b'Z' => uppers += 1,
            b'a'..=b'z' => lowers += 1,
            b'0'..=b'9' | b'+' => {}
            b'/' => slashes += 1,
            _ => return false,
        }
    }
    let has_both_cases = uppers > 0 && lowers > 0;
    let is_path = slashes * 16 > run.len() && padding == 0;
    !is_path && (has_both_cases || padding > 0 || (slashes == 0 && run.len() >= 64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        for (text, length) in [
            ("192.0.2.1", Some(9)),
            ("192.0.2.1/x", Some(9)),
            ("192.0.2.1.", Some(9)),
            ("192.0.2.256", None),
            ("192.0.2.1.5", None),
            ("192.0.2.1a", None),
            ("192.0.2", None),
            ("192.0.2.00001", None),
        ] {
            assert_eq!(ipv4_length(text.as_bytes()), length, "{text}");
        }
        assert!(is_ipv6("2001:db8::1") && is_ipv6("::ffff:192.0.2.1"));
        assert!(!is_ipv6("::") && !is_ipv6("12:30:45") && !is_ipv6("x"));
        assert!(is_host_name("dl.example.org") && is_host_name("example.org:8080"));
        assert!(!is_host_name("example") && !is_host_name("a..b") && !is_host_name("1.2"));
    }

    #[track_caller]
    fn check(run: &str, expected: Option<Blob>) {
        assert_eq!(blob(run), expected, "{run}");
    }

    #[test]
    fn blobs() {
        check("deadbeef", Some(Blob::Hex));
        check("0xDEADBEEF01", Some(Blob::Hex));
        check("123e4567-e89b-12d3-a456-426614174000", Some(Blob::Hex));
        check("deadbee", None);
        check("IyEvYmluL3NoCmVjaG8gcHduZWQgPiAvdG1w", Some(Blob::Base64));
        check("bm8gYmlnIGxldHRlcnMgaGVyZQ==", Some(Blob::Base64));
        check("/usr/local/share/Documents/projects", None);
        check("usr/lib/python3/dist/packages/apt", None);
        check("averylonglowercasewordindeed", None);
        check(&"z".repeat(64), Some(Blob::Base64));
        check("a=b=c", None);
    }
}
