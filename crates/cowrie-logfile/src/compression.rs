//! Which compression a log has, told by its first bytes.

use std::fmt;

/// How many first bytes [`Compression::of`] looks at.
pub(crate) const SNIFFED_BYTES: usize = 6;

/// How a log is compressed.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Compression {
    /// Not at all, or in a way that is not known here.
    Plain,
    /// gzip (RFC 1952), one member or several.
    Gzip,
    /// bzip2, one stream or several.
    Bzip2,
    /// xz, one stream or several.
    Xz,
    /// zstd (RFC 8878), one frame or several, skippable frames among them.
    Zstd,
}

impl Compression {
    /// Tells the compression by the first bytes of a file, never by its name.
    pub fn of(first: &[u8]) -> Self {
        match *first {
            [0x1f, 0x8b, ..] => Self::Gzip,
            [b'B', b'Z', b'h', b'1'..=b'9', ..] => Self::Bzip2,
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Self::Xz,
            // The second is a skippable frame, with which pzstd begins its files.
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Self::Zstd,
            _ => Self::Plain,
        }
    }
}

impl fmt::Display for Compression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Plain => "plain",
            Self::Gzip => "gzip",
            Self::Bzip2 => "bzip2",
            Self::Xz => "xz",
            Self::Zstd => "zstd",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(first: &[u8], expected: Compression) {
        assert_eq!(Compression::of(first), expected);
    }

    #[test]
    fn the_first_bytes_decide() {
        check(b"", Compression::Plain);
        check(b"{\"a\":1}", Compression::Plain);
        check(b"BZh", Compression::Plain);
        check(b"BZh0abc", Compression::Plain);
        check(b"BZh91AY", Compression::Bzip2);
        check(b"\x1f\x8b\x08", Compression::Gzip);
        check(b"\xfd7zXZ\0", Compression::Xz);
        check(b"\x28\xb5\x2f\xfd", Compression::Zstd);
        check(b"\x50\x2a\x4d\x18", Compression::Zstd);
    }
}
