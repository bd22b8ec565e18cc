//! Command lines in the documents are understood by the programs they name.

use std::fs;
use std::path::{Path, PathBuf};

use cowrie_tests::{Engine, Program, Site};

#[tokio::test]
async fn commands_in_documents_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut documents = markdown_in(&root.join("docs"));
    documents.extend(Some(root.join("README.md")).filter(|path| path.exists()));
    assert!(!documents.is_empty());
    let site = Site::new(Engine::Sqlite).await;
    let mut n_checked = 0;
    for document in documents {
        for (line, command) in commands(&fs::read_to_string(&document).unwrap()) {
            for part in simple_commands(&command) {
                let place = format!("{}:{line}: {command}", document.display());
                n_checked += u32::from(check(&site, &place, &part).await);
            }
        }
    }
    assert!(n_checked > 0, "no document shows a command of the programs");
}

/// Gives the program the command with `--help` behind it: it helps, and runs nothing, if it knows
/// every subcommand and flag in front and takes their values. Returns whether the command names one
/// of the programs.
async fn check(site: &Site, place: &str, words: &[String]) -> bool {
    let is_variable = |word: &&String| word.split_once('=').is_some_and(|(name, _)| is_name(name));
    let words: Vec<&str> = words.iter().skip_while(is_variable).map(String::as_str).collect();
    let named = |program: &Program| words.first().is_some_and(|word| *word == program.name());
    let Some(program) = Program::ALL.iter().find(|program| named(program)) else { return false };
    let arguments = [&words[1..], &["--help"]].concat();
    let ended = site.program(*program, &arguments).ended().await;
    assert_eq!(ended.code, Some(0), "{place}: {ended:#?}");
    true
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

fn markdown_in(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(markdown_in(&path));
        } else if path.extension().is_some_and(|extension| extension == "md") {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// Every command in a block marked `sh`, with the number of its first line.
fn commands(document: &str) -> Vec<(usize, String)> {
    let mut found: Vec<(usize, String)> = Vec::new();
    let (mut is_inside, mut is_continued) = (false, false);
    for (number, line) in (1..).zip(document.lines()) {
        if line.trim_start().starts_with("```") {
            is_inside = line.trim() == "```sh";
            continue;
        }
        if !is_inside {
            continue;
        }
        let (text, goes_on) = line.strip_suffix('\\').map_or((line, false), |text| (text, true));
        match found.last_mut().filter(|_| is_continued) {
            Some((_, command)) => command.push_str(text),
            None => found.push((number, text.to_owned())),
        }
        is_continued = goes_on;
    }
    found
}

/// The words of each simple command in a line, as a shell would cut them; what it would expand
/// stays as it is written, and what follows a redirection is no word of the command.
fn simple_commands(text: &str) -> Vec<Vec<String>> {
    let mut commands = vec![Vec::new()];
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut is_redirected = false;
    for c in text.chars().chain([' ']) {
        match (quote, c) {
            (Some(open), _) if c == open => quote = None,
            (None, '\'' | '"') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, '#') if word.is_none() => break,
            (None, _) if c.is_whitespace() || "|&;<>".contains(c) => {
                if let Some(word) = word.take().filter(|_| !std::mem::take(&mut is_redirected)) {
                    commands.last_mut().unwrap().push(word);
                }
                is_redirected |= "<>".contains(c);
                if "|&;".contains(c) {
                    commands.push(Vec::new());
                }
            }
            (None | Some(_), _) => word.get_or_insert_default().push(c),
        }
    }
    assert_eq!(quote, None, "a quote is not closed: {text}");
    commands
}

#[test]
fn a_line_is_cut_as_a_shell_would() {
    let check = |text: &str, expected: &[&[&str]]| assert_eq!(simple_commands(text), expected);
    check("a 'b c' \"d\"  # e", &[&["a", "b c", "d"]]);
    check("a | b > c d; e", &[&["a"], &["b", "d"], &["e"]]);
    check("A=1 a --b=c", &[&["A=1", "a", "--b=c"]]);
    let found = commands("```sh\na \\\n  b\nc\n```\nd\n");
    assert_eq!(found, [(2, "a   b".to_owned()), (4, "c".to_owned())]);
}

/// A program whose help is asked for still looks at what stands before it.
#[tokio::test]
async fn nonsense_is_no_command() {
    let site = Site::new(Engine::Sqlite).await;
    for nonsense in [
        &["bulk", "logs", "--nonsense", "--help"][..],
        &["nonsense", "--help"],
        &["bulk", "--batch-size", "none", "--help"],
        &["bulk", "logs", "--format", "none", "--help"],
    ] {
        let ended = site.program(Program::Loader, nonsense).ended().await;
        assert_eq!(ended.code, Some(2), "{nonsense:?}: {ended:#?}");
    }
}
