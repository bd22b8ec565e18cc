//! The SSH keys that a command plants.

use std::collections::HashSet;

use cowrie_shell::{Operator, Piece, Statement, pieces, substitutions, unquote};

use crate::key_search::{FoundKey, TextKind, find_keys};
use crate::outlet::{fallback_method, first_target, outlet};
use crate::printed_text::{decode_base64, decodes_base64, printed_text};
use crate::public_key::PublicKey;

/// How much of a command is searched for keys, in bytes.
const READ_BYTES: usize = 1024 * 1024;

/// How deep keys inside base64, `sh -c '..'` and `$(..)` are looked for.
const DEPTH: u8 = 3;

/// An SSH key in a command, and how the command would have planted it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PlantedKey {
    /// The key.
    pub key: PublicKey,
    /// What stands behind the blob; `None` when nothing does.
    pub comment: Option<String>,
    /// By which means the key reaches a file.
    pub method: InjectionMethod,
    /// In which form the key stands in the command.
    pub pattern: KeyPattern,
    /// The first path ending in `authorized_keys` (digits may follow), as written, quotes, `~` and
    /// `$HOME` included; that of the key's own redirection where it has one.
    pub target_path: Option<String>,
}

/// By which means a key reaches a file.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum InjectionMethod {
    /// `echo KEY >> file`, also through `tee -a`.
    EchoAppend,
    /// `echo KEY > file`, also through `tee`.
    EchoRedirect,
    /// `printf`, whatever the redirection.
    Printf,
    /// `cat >> file <<EOF`.
    Heredoc,
    /// The key comes out of `base64 -d`.
    Base64Decode,
    /// Any other way.
    Unknown,
}

impl InjectionMethod {
    /// The word that databases use.
    pub fn name(self) -> &'static str {
        match self {
            Self::EchoAppend => "echo_append",
            Self::EchoRedirect => "echo_redirect",
            Self::Printf => "printf",
            Self::Heredoc => "heredoc",
            Self::Base64Decode => "base64_decode",
            Self::Unknown => "unknown",
        }
    }
}

/// In which form a key stands in a command.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum KeyPattern {
    /// In the words of a statement.
    Direct,
    /// In the body of a heredoc.
    Heredoc,
    /// Inside base64.
    Base64Encoded,
}

impl KeyPattern {
    /// The word that databases use.
    pub fn name(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::Heredoc => "heredoc",
            Self::Base64Encoded => "base64_encoded",
        }
    }
}

/// The SSH keys a command plants, each once, in the order of the statements.
///
/// Looked for in what `echo` and `printf` would print in any quoting, in heredocs, in what
/// `base64 -d` would print (three layers deep), inside `sh -c '..'`, `eval` and `$(..)`, and then
/// anywhere in the text. Whether a path is named makes no difference. A blob that is cut off or
/// damaged is no key. Only the first MiB is searched, in linear time.
pub fn planted_keys(command: &str) -> Vec<PlantedKey> {
    let text = command.get(..command.floor_char_boundary(READ_BYTES)).unwrap_or(command);
    if !["ssh-", "ecdsa-", "base64", "openssl"].iter().any(|word| text.contains(word)) {
        return Vec::new();
    }
    let mut search = Search { found: Vec::new(), seen: HashSet::new() };
    search.read(text, &Layer { depth: DEPTH, is_decoded: false, target: None });
    search.found
}

struct Search {
    found: Vec<PlantedKey>,
    seen: HashSet<PublicKey>,
}

/// Where the text being read comes from.
struct Layer {
    depth: u8,
    is_decoded: bool,
    /// The path that the command around it names.
    target: Option<String>,
}

/// How keys in a piece of text are planted.
struct Way {
    method: InjectionMethod,
    pattern: KeyPattern,
    target: Option<String>,
}

impl Layer {
    fn deeper(&self, target: Option<String>) -> Option<Self> {
        let depth = self.depth.checked_sub(1)?;
        Some(Self { depth, is_decoded: self.is_decoded, target })
    }
}

impl Search {
    fn read(&mut self, text: &str, layer: &Layer) {
        let pieces: Vec<Piece<'_>> = pieces(text).collect();
        let named = first_target(text).or_else(|| layer.target.clone());
        for (index, piece) in pieces.iter().enumerate() {
            let following = pieces.get(index + 1..).unwrap_or_default();
            self.read_piece(piece, following, named.as_ref(), layer);
        }
        let method = fallback_method(&pieces);
        let way = Way { method, pattern: KeyPattern::Direct, target: named };
        self.take(find_keys(text, TextKind::Command), &way, layer);
    }

    fn read_piece(
        &mut self,
        piece: &Piece<'_>,
        following: &[Piece<'_>],
        named: Option<&String>,
        layer: &Layer,
    ) {
        let statement = Statement::parse(piece.head());
        let outlet = outlet(&statement, piece.end, following);
        let target = outlet.target.or_else(|| named.cloned());
        let printed = printed_text(&statement);
        if let Some(text) = &printed {
            let is_printf = &*statement.name() == "printf";
            let method = if is_printf { InjectionMethod::Printf } else { outlet.method };
            let way = Way { method, pattern: KeyPattern::Direct, target: target.clone() };
            self.take(find_keys(text, TextKind::Lines), &way, layer);
        }
        let (method, pattern) = (InjectionMethod::Heredoc, KeyPattern::Heredoc);
        let way = Way { method, pattern, target };
        self.take(find_keys(piece.body(), TextKind::Lines), &way, layer);
        if let Some(deeper) = layer.deeper(way.target) {
            self.read_inside(piece, &statement, printed, following, deeper);
        }
    }

    /// Reads what a statement decodes, substitutes or hands to a shell.
    fn read_inside(
        &mut self,
        piece: &Piece<'_>,
        statement: &Statement<'_>,
        printed: Option<String>,
        following: &[Piece<'_>],
        deeper: Layer,
    ) {
        if let Some(decoded) = decoded(statement, piece, printed, following) {
            self.read(&decoded, &Layer { is_decoded: true, ..deeper });
            return;
        }
        for inner in substitutions(piece.head()) {
            self.read(inner, &deeper);
        }
        for inner in statement.commands_inside() {
            self.read(&inner, &deeper);
        }
    }

    fn take(&mut self, keys: impl Iterator<Item = FoundKey>, way: &Way, layer: &Layer) {
        for FoundKey { key, comment } in keys {
            if !self.seen.insert(key.clone()) {
                continue;
            }
            let (method, pattern) = if layer.is_decoded {
                (InjectionMethod::Base64Decode, KeyPattern::Base64Encoded)
            } else {
                (way.method, way.pattern)
            };
            self.found.push(PlantedKey {
                key,
                comment,
                method,
                pattern,
                target_path: way.target.clone(),
            });
        }
    }
}

/// What comes out of the base64 decoder that this statement is, or that its output goes to.
fn decoded(
    statement: &Statement<'_>,
    piece: &Piece<'_>,
    printed: Option<String>,
    following: &[Piece<'_>],
) -> Option<String> {
    if decodes_base64(statement) {
        let here_string = statement.redirects().iter().find(|redirect| redirect.operator == "<<<");
        let given = here_string.map(|redirect| unquote(redirect.target).into_owned());
        let body = piece.body().trim();
        let lines = body.rsplit_once('\n').map(|(lines, _closing_tag)| lines.to_owned());
        return decode_base64(&given.or(lines)?);
    }
    let mut text = printed?;
    let mut end = piece.end;
    let mut is_decoded = false;
    for next in following {
        if end != Operator::Pipe || !decodes_base64(&Statement::parse(next.head())) {
            break;
        }
        text = decode_base64(&text)?;
        is_decoded = true;
        end = next.end;
    }
    is_decoded.then_some(text)
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    use super::*;
    use crate::sample_keys::{ALL, ED25519, RSA_2048};

    /// Puts the sample key in place of KEY, and compares fingerprint-free facts in one line.
    #[track_caller]
    fn check(command: &str, expected: &[&str]) {
        let command = command.replace("KEY", &ED25519.line()).replace("BLOB", ED25519.base64);
        let found: Vec<String> = planted_keys(&command)
            .iter()
            .map(|planted| {
                assert_eq!(planted.key.fingerprint(), ED25519.fingerprint);
                let comment = planted.comment.as_deref().unwrap_or("-");
                let target = planted.target_path.as_deref().unwrap_or("-");
                format!("{} {} {comment} {target}", planted.method.name(), planted.pattern.name())
            })
            .collect();
        assert_eq!(found, expected, "{command}");
    }

    #[test]
    fn echoed_in_any_quoting() {
        let appended = &["echo_append direct me ~/.ssh/authorized_keys"];
        check(r#"echo "KEY me" >> ~/.ssh/authorized_keys"#, appended);
        check("echo 'KEY me'>>~/.ssh/authorized_keys", appended);
        check("echo KEY me >> ~/.ssh/authorized_keys 2>/dev/null && chmod 600 x", appended);
        check("echo 2>/dev/null KEY 'me'>>~/.ssh/authorized_keys", appended);
        check(r#"echo -e "\nKEY me\n" >> ~/.ssh/authorized_keys"#, appended);
        check(
            "/bin/busybox echo 'ssh-ed25519' \"BLOB\" me|tee -a ~/.ssh/authorized_keys",
            appended,
        );
        check("(echo; echo KEY me) >> ~/.ssh/authorized_keys", appended);
        check(
            "cd ~; mkdir .ssh; echo KEY>.ssh/authorized_keys2",
            &["echo_redirect direct - .ssh/authorized_keys2"],
        );
        check(
            "echo KEY me | sudo tee \"$HOME/.ssh/authorized_keys\"",
            &["echo_redirect direct me \"$HOME/.ssh/authorized_keys\""],
        );
    }

    #[test]
    fn with_and_without_a_path() {
        check("echo KEY", &["unknown direct - -"]);
        check(
            "echo KEY >> /tmp/k; mv /tmp/k /root/.ssh/authorized_keys",
            &["echo_append direct - /root/.ssh/authorized_keys"],
        );
        check(
            "chattr -ia a/authorized_keys; echo KEY > b/authorized_keys",
            &["echo_redirect direct - b/authorized_keys"],
        );
        check("echo KEY >> /root/.ssh/authorized_keys.bak", &["echo_append direct - -"]);
    }

    #[test]
    fn printed() {
        let expected = &["printf direct me .ssh/authorized_keys"];
        check("printf 'KEY me\n' >> .ssh/authorized_keys", expected);
        check("printf '%s\n' 'KEY me' > .ssh/authorized_keys", expected);
        check("printf 'ssh-ed25519 %s %s\n' BLOB me >> .ssh/authorized_keys", expected);
        check("printf '\nKEY me\n' >> .ssh/authorized_keys", expected);
    }

    #[test]
    fn in_heredocs() {
        let expected = &["heredoc heredoc me ~/.ssh/authorized_keys"];
        check("cat >> ~/.ssh/authorized_keys <<EOF\nKEY me\nEOF", expected);
        check("cat <<'EOF' >> ~/.ssh/authorized_keys\nKEY me\nEOF\nuname", expected);
        check("cat <<-\"K\" | tee -a ~/.ssh/authorized_keys\n\tKEY me\n\tK", expected);
        check("tee -a ~/.ssh/authorized_keys <<EOF\nfrom=\"*\" KEY me", expected);
        check(
            "cat >> ~/.ssh/authorized_keys <<EOF; KEY me; EOF",
            &["heredoc direct me ~/.ssh/authorized_keys"],
        );
    }

    #[test]
    fn in_base64() {
        let once = STANDARD.encode(format!("{} me\n", ED25519.line()));
        let script = STANDARD.encode(format!("echo '{} me'>>x/authorized_keys", ED25519.line()));
        let twice = STANDARD.encode(format!("echo {once} | base64 -d >> y/authorized_keys"));
        let expected = &["base64_decode base64_encoded me .ssh/authorized_keys"];
        for command in [
            "echo X | base64 -d >> .ssh/authorized_keys",
            "echo \"X\"|base64 --decode > .ssh/authorized_keys",
            "printf '%s' X | busybox base64 -D | tee -a .ssh/authorized_keys",
            "base64 -d <<< 'X' >> .ssh/authorized_keys",
            "base64 -d <<EOF >> .ssh/authorized_keys\nX\nEOF",
            "echo $(echo X | base64 -d) >> .ssh/authorized_keys",
            "sh -c 'echo X | openssl base64 -d >> .ssh/authorized_keys'",
        ] {
            check(&command.replace('X', &once), expected);
        }
        check(
            &format!("echo {script} | base64 -d | sh"),
            &["base64_decode base64_encoded me x/authorized_keys"],
        );
        check(
            &format!("echo {twice} | base64 -d | sh"),
            &["base64_decode base64_encoded me y/authorized_keys"],
        );
        let again = STANDARD.encode(&once);
        check(
            &format!("echo {again} | base64 -d | base64 -d"),
            &["base64_decode base64_encoded me -"],
        );
    }

    #[test]
    fn a_fifth_layer_is_not_opened() {
        let mut command = format!("echo '{}'", ED25519.line());
        for _ in 0..4 {
            command = format!("echo {} | base64 -d | sh", STANDARD.encode(&command));
        }
        check(&command, &[]);
    }

    #[test]
    fn anywhere_else() {
        check(
            "sh -c \"echo 'KEY me' >> ~/.ssh/authorized_keys\"",
            &["echo_append direct me ~/.ssh/authorized_keys"],
        );
        check(
            "K='KEY me'; echo $K >> ~/.ssh/authorized_keys",
            &["echo_append direct me ~/.ssh/authorized_keys"],
        );
        check(
            "sed -i '$a KEY me' ~/.ssh/authorized_keys",
            &["unknown direct me ~/.ssh/authorized_keys"],
        );
        check(
            "echo \"KEY me >> ~/.ssh/authorized_keys; it's",
            &["echo_append direct me ~/.ssh/authorized_keys"],
        );
    }

    #[test]
    fn each_key_once_and_only_whole_keys() {
        check("echo KEY first > a; echo KEY second >> b", &["echo_redirect direct first -"]);
        let cut = ED25519.base64.trim_end_matches('0');
        check(&format!("echo ssh-ed25519 {cut} x >> authorized_keys"), &[]);
        check("echo ssh-rsa BLOB >> authorized_keys", &[]);
        check("echo ssh-rsa AAAA >> authorized_keys", &[]);
        let all: Vec<_> = ALL.iter().map(|sample| format!("echo {} >> k", sample.line())).collect();
        let all = all.join(";");
        assert_eq!(planted_keys(&all).len(), ALL.len());
        let two = format!("echo '{}\n{} b'>>k", ED25519.line(), RSA_2048.line());
        let found: Vec<_> = planted_keys(&two).iter().map(|planted| planted.key.bits()).collect();
        assert_eq!(found, [256, 2048]);
    }

    #[test]
    fn only_the_first_mebibyte_is_searched() {
        let command = |padding: usize| format!("{} {}", " ".repeat(padding), ED25519.line());
        assert_eq!(planted_keys(&command(1_000_000)).len(), 1);
        assert_eq!(planted_keys(&command(1_100_000)).len(), 0);
    }
}
