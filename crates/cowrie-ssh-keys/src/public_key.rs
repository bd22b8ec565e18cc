//! SSH public keys, read to the last byte: what is cut off or padded out is no key.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use cowrie_core::hex;
use md5::Md5;
use sha2::{Digest, Sha256};

/// The longest key type, `sk-ecdsa-sha2-nistp256@openssh.com`, in bytes.
pub(crate) const LONGEST_TYPE: usize = 34;

/// Base64 with or without its padding, as OpenSSH takes it.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// An SSH public key of a type that OpenSSH takes in `authorized_keys`; certificates are none.
///
/// The blob follows RFC 4253 (RSA, DSA), RFC 5656 (ECDSA), RFC 8709 (Ed25519) and OpenSSH's
/// `PROTOCOL.u2f` (security keys).
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct PublicKey {
    key_type: KeyType,
    blob: Vec<u8>,
    bits: u32,
}

#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
enum KeyType {
    Rsa,
    Dss,
    Ed25519,
    EcdsaP256,
    EcdsaP384,
    EcdsaP521,
    SkEd25519,
    SkEcdsaP256,
}

impl PublicKey {
    /// Reads a key from its two fields, as `ssh-ed25519` and `AAAA..`.
    ///
    /// `None` when the type is unknown, the base64 is damaged, the blob names another type, or
    /// the blob is not exactly one key of that type.
    pub fn parse(type_token: &str, base64: &str) -> Option<Self> {
        let key_type = KeyType::from_name(type_token)?;
        let blob = LENIENT.decode(base64).ok()?;
        let mut fields = Fields(&blob);
        if fields.string()? != type_token.as_bytes() {
            return None;
        }
        let bits = key_type.read_bits(&mut fields)?;
        fields.0.is_empty().then_some(Self { key_type, blob, bits })
    }

    /// Reads a line of `authorized_keys` or of a `.pub` file, with options and comment or without.
    pub fn from_openssh_line(line: &str) -> Option<Self> {
        let mut words = line.split_ascii_whitespace().peekable();
        while let Some(word) = words.next() {
            if let Some(key) = words.peek().and_then(|base64| Self::parse(word, base64)) {
                return Some(key);
            }
        }
        None
    }

    /// Reads the `key` and `type` fields of Cowrie's `cowrie.client.fingerprint` and login events.
    ///
    /// Understands the OpenSSH line that Cowrie writes, the same as a Python literal
    /// (`b'ssh-rsa AAAA..'`), and a bare blob with or without line breaks, whose type comes from
    /// `type_field` or from the blob itself.
    pub fn from_cowrie(key_field: &str, type_field: Option<&str>) -> Option<Self> {
        let bare = key_field.trim();
        let bare =
            bare.strip_prefix('b').filter(|rest| rest.starts_with(['\'', '"'])).unwrap_or(bare);
        let bare = bare.trim_matches(['\'', '"']).replace("\\n", "\n");
        Self::from_openssh_line(&bare).or_else(|| {
            let base64: String = bare.split_ascii_whitespace().collect();
            let blob = LENIENT.decode(&base64).ok()?;
            let named = std::str::from_utf8(Fields(&blob).string()?).ok()?;
            Self::parse(type_field.unwrap_or(named), &base64)
        })
    }

    /// The type as OpenSSH spells it.
    pub fn key_type(&self) -> &'static str {
        self.key_type.name()
    }

    /// The size in bits: of the modulus (RSA), of the prime (DSA), of the curve (all others).
    pub fn bits(&self) -> u32 {
        self.bits
    }

    /// The key's binary form, which fingerprints are taken of.
    pub fn blob(&self) -> &[u8] {
        &self.blob
    }

    /// The blob in base64, with padding.
    pub fn base64(&self) -> String {
        STANDARD.encode(&self.blob)
    }

    /// The fingerprint as OpenSSH prints it: `SHA256:` and unpadded base64.
    pub fn fingerprint(&self) -> String {
        format!("SHA256:{}", STANDARD_NO_PAD.encode(Sha256::digest(&self.blob)))
    }

    /// The older fingerprint, which Cowrie logs: 16 pairs of hex digits with colons.
    pub fn md5_fingerprint(&self) -> String {
        let pairs: Vec<String> =
            Md5::digest(&self.blob).iter().map(|b| format!("{b:02x}")).collect();
        pairs.join(":")
    }

    /// The SHA-256 of `<type> <base64>`, 64 lower-case hex digits.
    pub fn key_hash(&self) -> String {
        let line = format!("{} {}", self.key_type(), self.base64());
        hex(&Sha256::digest(line.as_bytes()))
    }
}

impl KeyType {
    fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "ssh-rsa" => Self::Rsa,
            "ssh-dss" => Self::Dss,
            "ssh-ed25519" => Self::Ed25519,
            "ecdsa-sha2-nistp256" => Self::EcdsaP256,
            "ecdsa-sha2-nistp384" => Self::EcdsaP384,
            "ecdsa-sha2-nistp521" => Self::EcdsaP521,
            "sk-ssh-ed25519@openssh.com" => Self::SkEd25519,
            "sk-ecdsa-sha2-nistp256@openssh.com" => Self::SkEcdsaP256,
            _ => return None,
        })
    }

    fn name(self) -> &'static str {
        match self {
            Self::Rsa => "ssh-rsa",
            Self::Dss => "ssh-dss",
            Self::Ed25519 => "ssh-ed25519",
            Self::EcdsaP256 => "ecdsa-sha2-nistp256",
            Self::EcdsaP384 => "ecdsa-sha2-nistp384",
            Self::EcdsaP521 => "ecdsa-sha2-nistp521",
            Self::SkEd25519 => "sk-ssh-ed25519@openssh.com",
            Self::SkEcdsaP256 => "sk-ecdsa-sha2-nistp256@openssh.com",
        }
    }

    /// Reads the fields behind the type, and says how many bits the key has.
    fn read_bits(self, fields: &mut Fields<'_>) -> Option<u32> {
        match self {
            Self::Rsa => {
                fields.positive_bits()?;
                fields.positive_bits()
            }
            Self::Dss => {
                let prime = fields.positive_bits()?;
                fields.positive_bits()?;
                fields.positive_bits()?;
                fields.positive_bits()?;
                Some(prime)
            }
            Self::Ed25519 => fields.exactly(32, 256),
            Self::EcdsaP256 => fields.curve_point("nistp256", 256),
            Self::EcdsaP384 => fields.curve_point("nistp384", 384),
            Self::EcdsaP521 => fields.curve_point("nistp521", 521),
            Self::SkEd25519 => {
                fields.exactly(32, 256)?;
                fields.string().map(|_application| 256)
            }
            Self::SkEcdsaP256 => {
                fields.curve_point("nistp256", 256)?;
                fields.string().map(|_application| 256)
            }
        }
    }
}

/// The length-prefixed fields of a blob (RFC 4251, section 5).
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn string(&mut self) -> Option<&'a [u8]> {
        let (length, rest) = self.0.split_first_chunk::<4>()?;
        let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
        let (field, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some(field)
    }

    /// How many bits a positive multiple-precision integer has.
    fn positive_bits(&mut self) -> Option<u32> {
        let field = self.string()?;
        let is_negative = field.first().is_some_and(|first| first & 0x80 != 0);
        let leading_zeros = field.iter().take_while(|byte| **byte == 0).count();
        let digits = field.get(leading_zeros..)?;
        let top = digits.first().filter(|_| !is_negative)?;
        u32::try_from(digits.len() * 8).ok().map(|bits| bits - top.leading_zeros())
    }

    fn exactly(&mut self, length: usize, bits: u32) -> Option<u32> {
        (self.string()?.len() == length).then_some(bits)
    }

    /// A curve's name and a point on it, uncompressed or compressed (SEC 1, section 2.3.3).
    fn curve_point(&mut self, curve: &str, bits: u32) -> Option<u32> {
        let coordinate = usize::try_from(bits.div_ceil(8)).ok()?;
        let is_named = self.string()? == curve.as_bytes();
        let point = self.string()?;
        let is_point = match point.first()? {
            4 => point.len() == 1 + 2 * coordinate,
            2 | 3 => point.len() == 1 + coordinate,
            _ => false,
        };
        (is_named && is_point).then_some(bits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample_keys::{ALL, CERTIFICATE, ED25519, RSA_1024, RSA_2048};

    #[test]
    fn agrees_with_ssh_keygen() {
        for sample in ALL {
            let key = PublicKey::parse(sample.key_type, sample.base64).unwrap();
            assert_eq!(key.key_type(), sample.key_type);
            assert_eq!(key.bits(), sample.bits);
            assert_eq!(key.fingerprint(), sample.fingerprint);
            assert_eq!(key.md5_fingerprint(), sample.md5);
            assert_eq!(key.base64(), sample.base64);
            assert_eq!(key.key_hash(), hex(&Sha256::digest(sample.line())));
            let unpadded = sample.base64.trim_end_matches('=');
            assert_eq!(PublicKey::parse(sample.key_type, unpadded), Some(key));
        }
    }

    #[test]
    fn what_is_cut_off_or_padded_out_is_no_key() {
        for sample in ALL {
            for length in 0..sample.base64.len() {
                let (cut, rest) = sample.base64.split_at(length);
                let found = PublicKey::parse(sample.key_type, cut).is_some();
                let is_whole = rest.bytes().all(|byte| byte == b'=');
                assert_eq!(found, is_whole, "{} {length}", sample.key_type);
            }
            let blob = STANDARD.decode(sample.base64).unwrap();
            let longer = STANDARD.encode([blob.as_slice(), &[0]].concat());
            assert_eq!(PublicKey::parse(sample.key_type, &longer), None);
        }
    }

    #[test]
    fn the_blob_must_name_the_type() {
        assert_eq!(PublicKey::parse("ssh-rsa", ED25519.base64), None);
        assert_eq!(PublicKey::parse("SSH-ED25519", ED25519.base64), None);
        assert_eq!(PublicKey::parse("ssh-rsa", "QUJD"), None);
        assert_eq!(PublicKey::from_openssh_line(CERTIFICATE), None);
        assert_eq!(PublicKey::from_cowrie(CERTIFICATE, None), None);
    }

    #[test]
    fn reads_lines_with_options_and_comment() {
        let key = PublicKey::parse(RSA_2048.key_type, RSA_2048.base64);
        for line in [
            RSA_2048.line(),
            format!("{} somebody@example\n", RSA_2048.line()),
            format!("no-pty,command=\"a b\"  {}\tx", RSA_2048.line()),
        ] {
            assert_eq!(PublicKey::from_openssh_line(&line), key, "{line}");
        }
        assert_eq!(PublicKey::from_openssh_line("ssh-rsa"), None);
        assert_eq!(PublicKey::from_openssh_line(""), None);
    }

    #[test]
    fn reads_every_form_of_cowries_key_field() {
        let key = PublicKey::parse(RSA_1024.key_type, RSA_1024.base64);
        let (front, back) = RSA_1024.base64.split_at(76);
        for (field, type_field) in [
            (RSA_1024.line(), Some("ssh-rsa")),
            (RSA_1024.line(), None),
            (format!("b'{}'", RSA_1024.line()), Some("ssh-rsa")),
            (format!("b\"{} x\"", RSA_1024.line()), None),
            (RSA_1024.base64.to_owned(), Some("ssh-rsa")),
            (RSA_1024.base64.to_owned(), None),
            (format!("{front}\n{back}\n"), None),
            (format!("b'{front}\\n{back}\\n'"), None),
        ] {
            assert_eq!(PublicKey::from_cowrie(&field, type_field), key, "{field}");
        }
        assert_eq!(PublicKey::from_cowrie(RSA_1024.base64, Some("ssh-ed25519")), None);
        assert_eq!(PublicKey::from_cowrie("", None), None);
    }
}
