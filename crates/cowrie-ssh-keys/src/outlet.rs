//! Where the output of a statement goes.

use cowrie_shell::{Operator, Piece, Statement, Words, pieces};

use crate::planted_key::InjectionMethod;

/// Where the output of a statement ends up.
pub(crate) struct Outlet {
    pub(crate) method: InjectionMethod,
    pub(crate) target: Option<String>,
}

/// Follows standard output through redirections, pipes and the end of a group.
pub(crate) fn outlet(statement: &Statement<'_>, end: Operator, following: &[Piece<'_>]) -> Outlet {
    /// No pipe of an honest command is longer.
    const MOST_STAGES: usize = 8;
    let mut end = end;
    let mut stages = following.iter().take(MOST_STAGES);
    let mut found = own_outlet(statement);
    while found.is_none() && matches!(end, Operator::Pipe | Operator::Close) {
        let Some(piece) = stages.next() else { break };
        found = own_outlet(&Statement::parse(piece.head()));
        end = piece.end;
    }
    let Some((appends, target)) = found else {
        return Outlet { method: InjectionMethod::Unknown, target: None };
    };
    let method = if appends { InjectionMethod::EchoAppend } else { InjectionMethod::EchoRedirect };
    Outlet { method, target: Some(target.to_owned()).filter(|path| is_target(path)) }
}

fn own_outlet<'a>(statement: &Statement<'a>) -> Option<(bool, &'a str)> {
    if let Some((redirect, appends)) = statement.output() {
        return Some((appends, redirect.target));
    }
    let is_tee = &*statement.name() == "tee";
    let file =
        statement.arguments().iter().find(|word| !word.starts_with('-')).filter(|_| is_tee)?;
    let appends =
        statement.arguments().iter().any(|word| matches!(*word, "-a" | "--append" | "-ai"));
    Some((appends, file))
}

/// How the command writes to `authorized_keys`, for keys that no statement prints: a variable
/// that is echoed later, a heredoc whose line ends were lost.
pub(crate) fn fallback_method(pieces: &[Piece<'_>]) -> InjectionMethod {
    for piece in pieces.iter().filter(|piece| piece.text.contains("authorized_keys")) {
        let statement = Statement::parse(piece.head());
        let is_heredoc =
            statement.redirects().iter().any(|redirect| redirect.operator.ends_with("<<"));
        match (&*statement.name(), own_outlet(&statement)) {
            ("echo", Some((true, _))) => return InjectionMethod::EchoAppend,
            ("echo", Some((false, _))) => return InjectionMethod::EchoRedirect,
            ("printf", Some(_)) => return InjectionMethod::Printf,
            _ if is_heredoc => return InjectionMethod::Heredoc,
            _ => {}
        }
    }
    InjectionMethod::Unknown
}

/// The first word of a command that is a path to `authorized_keys`.
pub(crate) fn first_target(text: &str) -> Option<String> {
    if !text.contains("authorized_keys") {
        return None;
    }
    let mut words = pieces(text).flat_map(|piece| Words::new(piece.text));
    words.find(|word| is_target(word.text)).map(|word| word.text.to_owned())
}

/// Whether a word, quotes aside, is a path that ends in `authorized_keys` and digits.
fn is_target(word: &str) -> bool {
    let bare = word.trim_end_matches(['\'', '"']).trim_end_matches(|c: char| c.is_ascii_digit());
    bare.ends_with("authorized_keys") && !word.contains(char::is_whitespace)
}
