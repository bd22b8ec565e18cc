//! Writes a JSON object in another way that means the same.

/// The members of an object, with blanks around all signs, and letters spelled as escapes.
pub(crate) fn respelled_members(object: &[u8]) -> Vec<Vec<u8>> {
    let mut speller = Speller { members: Vec::new(), member: Vec::new(), depth: 0 };
    let mut rest = object;
    while let [byte, after @ ..] = rest {
        rest = after;
        if *byte == b'"' {
            rest = speller.string(after);
        } else {
            speller.sign(*byte);
        }
    }
    speller.members.push(speller.member);
    speller.members
}

/// The object that has these members.
pub(crate) fn object(members: &[Vec<u8>]) -> Vec<u8> {
    [b"{", members.join(&b" , "[..]).as_slice(), b"}"].concat()
}

struct Speller {
    members: Vec<Vec<u8>>,
    /// The one that is being written.
    member: Vec<u8>,
    depth: u32,
}

impl Speller {
    /// Writes a byte that stands outside of strings.
    fn sign(&mut self, byte: u8) {
        match byte {
            b'{' | b'[' => self.depth += 1,
            b'}' | b']' => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
        match byte {
            b' ' | b'\t' | b'\n' | b'\r' => {}
            b'{' if self.depth == 1 => {}
            b'}' if self.depth == 0 => {}
            b',' if self.depth == 1 => self.members.push(std::mem::take(&mut self.member)),
            b'{' | b'[' => self.member.extend_from_slice(&[b' ', byte, b'\n']),
            b'}' | b']' => self.member.extend_from_slice(&[b'\t', byte, b' ']),
            b',' | b':' => self.member.extend_from_slice(&[b'\r', byte, b'\n']),
            _ => self.member.push(byte),
        }
    }

    /// Writes a string, up to the quote that ends it; what follows that is returned.
    fn string<'a>(&mut self, mut rest: &'a [u8]) -> &'a [u8] {
        self.member.push(b'"');
        while let [byte, after @ ..] = rest {
            rest = after;
            match byte {
                b'"' => break,
                b'\\' => rest = self.escape(after),
                b'/' => self.member.extend_from_slice(b"\\/"),
                b'a'..=b'z' | b'0'..=b'9' => {
                    self.member.extend_from_slice(format!("\\u{byte:04X}").as_bytes());
                }
                _ => self.member.push(*byte),
            }
        }
        self.member.push(b'"');
        rest
    }

    /// Writes the escape behind a backslash as it stands; what follows it is returned.
    fn escape<'a>(&mut self, rest: &'a [u8]) -> &'a [u8] {
        let length = if rest.first() == Some(&b'u') { 5 } else { 1 };
        let (escape, after) = rest.split_at(length.min(rest.len()));
        self.member.push(b'\\');
        self.member.extend_from_slice(escape);
        after
    }
}
