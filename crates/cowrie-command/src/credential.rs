//! Where in a statement a password stands.

use std::ops::Range;

use cowrie_shell::{Operator, Piece, Statement, Words, unquote};

/// Whether a command can hold what [`ranges`] looks for; cheap, so asked first.
pub(crate) fn may_appear(command: &str) -> bool {
    ["pass", "user", "ftp", " -u"].iter().any(|word| command.contains(word))
}

/// The parts of `piece.text` that are passwords, in order and apart from each other.
///
/// `next` is the statement behind it, which may be the `chpasswd` that a pipe leads to.
pub(crate) fn ranges(piece: &Piece<'_>, next: Option<&Piece<'_>>) -> Vec<Range<usize>> {
    let statement = Statement::parse(piece.head());
    let name = statement.name();
    let reader_follows =
        piece.end == Operator::Pipe && next.is_some_and(|next| reads_passwords(next.head()));
    match &*name {
        "echo" | "printf" if reader_follows => printed(piece.head(), &statement),
        "passwd" | "chpasswd" => given(piece),
        "openssl" if statement.arguments().first() == Some(&"passwd") => {
            last_word(piece.head(), &statement)
        }
        "useradd" | "usermod" | "adduser" | "sshpass" | "ftpget" | "ftpput" | "htpasswd" => {
            option_values(piece.head(), &["-p", "--password"])
        }
        "curl" | "wget" => {
            option_values(piece.head(), &["-u", "--user", "--password", "--ftp-password"])
        }
        _ => Vec::new(),
    }
}

fn reads_passwords(statement: &str) -> bool {
    matches!(&*Statement::parse(statement).name(), "passwd" | "chpasswd")
}

/// The words that `echo` and `printf` print.
fn printed(head: &str, statement: &Statement<'_>) -> Vec<Range<usize>> {
    let program = statement.program_word();
    let words = Words::new(head).skip_while(|word| word.text != program).skip(1);
    words
        .take_while(|word| !word.is_redirect)
        .filter(|word| !(word.text.starts_with('-') && word.text.len() <= 3))
        .map(|word| secret_of(word.text, word.at))
        .collect()
}

/// The here-string or the heredoc that a password program reads.
fn given(piece: &Piece<'_>) -> Vec<Range<usize>> {
    let head = piece.head();
    let words = Words::new(head).skip_while(|word| word.text != "<<<").skip(1).take(1);
    let mut found: Vec<_> = words.map(|word| secret_of(word.text, word.at)).collect();
    if let Some((lines, _closing_tag)) = piece.body().trim_start().rsplit_once('\n') {
        let start = piece.text.len() - piece.body().trim_start().len();
        found.push(start..start + lines.len());
    }
    found
}

/// The last word, unless it is an option.
fn last_word(head: &str, statement: &Statement<'_>) -> Vec<Range<usize>> {
    let last = Words::new(head).filter(|word| !word.is_redirect).last();
    let is_value = statement.arguments().len() > 1;
    last.filter(|word| is_value && !word.text.starts_with('-'))
        .map(|word| secret_of(word.text, word.at))
        .into_iter()
        .collect()
}

/// The words behind the options named, or behind their `=`.
fn option_values(head: &str, options: &[&str]) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut expected = false;
    for word in Words::new(head) {
        if expected && !word.is_redirect {
            found.push(secret_of(word.text, word.at));
        }
        expected = options.contains(&word.text);
        if let Some((option, value)) = word.text.split_once('=')
            && options.contains(&option)
        {
            found.push(secret_of(value, word.at + option.len() + 1));
        }
    }
    found
}

/// The part of a word that is the password: inside the quotes, and behind `user:`.
fn secret_of(word: &str, at: usize) -> Range<usize> {
    let quoted = word.starts_with(['\'', '"']) && word.len() >= 2 && word.ends_with(['\'', '"']);
    let margin = usize::from(quoted);
    let inner = word.get(margin..word.len() - margin).unwrap_or_default();
    let user = inner.split_once(':').map(|(user, _)| user).filter(|user| is_user_name(user));
    let skipped = margin + user.map_or(0, |user| user.len() + 1);
    at + skipped..at + word.len() - margin
}

fn is_user_name(text: &str) -> bool {
    let plain = unquote(text);
    (1..=32).contains(&plain.len())
        && plain
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'))
}
