//! The questions of `docs/queries.md`: their titles, statements and parameters.

use std::error::Error;
use std::fmt;

use cowrie_testdb::Engine;

/// The document, as it is in these sources.
pub const QUERIES: &str = include_str!("../../docs/queries.md");

/// The section of the document with the questions that must be answered quickly.
pub const SHAPES: &str = "Campaigns by key: the usual shapes";

/// A question, and how each engine is asked.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Question {
    /// Heading of the section that it stands in.
    pub section: String,
    /// Its own heading.
    pub title: String,
    /// What its statement takes, `$1` first.
    pub parameters: Vec<Parameter>,
    texts: Texts,
}

/// What a statement takes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Parameter {
    /// What it is called.
    pub name: String,
    /// What it takes.
    pub kind: Kind,
}

/// What kind of value a parameter takes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// A text.
    Text,
    /// A time with its zone.
    Time,
    /// A whole number.
    Integer,
}

/// The statements of a question.
#[derive(Clone, Debug, Eq, PartialEq)]
enum Texts {
    Both(String),
    Each { sqlite: String, postgres: String },
    WithVectors(String),
}

/// Something in the document that has no place there.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Misplaced {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong.
    pub what: String,
}

impl fmt::Display for Misplaced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.what)
    }
}

impl Error for Misplaced {}

impl Question {
    /// The statement for an engine; `None` where it needs pgvector.
    pub fn sql(&self, engine: Engine) -> Option<&str> {
        match (&self.texts, engine) {
            (Texts::Both(sql), _)
            | (Texts::Each { sqlite: sql, .. }, Engine::Sqlite)
            | (Texts::Each { postgres: sql, .. }, Engine::Postgres) => Some(sql),
            (Texts::WithVectors(_), _) => None,
        }
    }

    /// The statement for a PostgreSQL that has pgvector; `None` where it is not needed.
    pub fn sql_with_vectors(&self) -> Option<&str> {
        match &self.texts {
            Texts::WithVectors(sql) => Some(sql),
            Texts::Both(_) | Texts::Each { .. } => None,
        }
    }

    /// Whether it is one of those that must be answered quickly.
    pub fn is_shape(&self) -> bool {
        self.section == SHAPES
    }

    /// The title as a name: small letters, and `_` for all that is neither letter nor digit.
    pub fn name(&self) -> String {
        let words = self.title.split(|c: char| !c.is_ascii_alphanumeric());
        let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
        words.join("_").to_ascii_lowercase()
    }
}

/// The questions of a document.
///
/// # Errors
///
/// When anything in it cannot be placed: a question without a text or a statement, a statement for
/// one engine alone or outside of a question, a parameter that is not explained or not used.
pub fn questions(document: &str) -> Result<Vec<Question>, Misplaced> {
    let mut reading = Reading::default();
    for (number, line) in (1..).zip(document.lines()) {
        reading.line(line).map_err(|what| Misplaced { line: number, what })?;
    }
    let line = document.lines().count();
    reading.end().map_err(|what| Misplaced { line, what })
}

/// What was read of a document until now.
#[derive(Default)]
struct Reading {
    questions: Vec<Question>,
    section: String,
    open: Option<Open>,
    /// The marks of the block that this line is in, and its lines.
    block: Option<(String, Vec<String>)>,
}

/// A question that goes on.
struct Open {
    title: String,
    has_text: bool,
    /// Each with its marks.
    blocks: Vec<(String, Block)>,
}

/// A statement with its parameters.
struct Block {
    sql: String,
    parameters: Vec<Parameter>,
}

impl Reading {
    fn line(&mut self, line: &str) -> Result<(), String> {
        match (line.strip_prefix("```"), self.block.take()) {
            (Some(_), Some((marks, lines))) => return self.block_ends(marks, &lines),
            (Some(marks), None) => self.block = Some((marks.to_owned(), Vec::new())),
            (None, Some((marks, mut lines))) => {
                lines.push(line.to_owned());
                self.block = Some((marks, lines));
            }
            (None, None) => return self.text(line),
        }
        Ok(())
    }

    /// A line outside of blocks.
    fn text(&mut self, line: &str) -> Result<(), String> {
        if line.contains("```") {
            return Err("a block begins at the front of its line".to_owned());
        }
        if let Some(section) = line.strip_prefix("## ") {
            self.question_ends()?;
            section.clone_into(&mut self.section);
        } else if let Some(title) = line.strip_prefix("### ") {
            self.question_ends()?;
            if self.questions.iter().any(|question| question.title == title) {
                return Err(format!("`{title}` is asked twice"));
            }
            self.open = Some(Open { title: title.to_owned(), has_text: false, blocks: Vec::new() });
        } else if line.starts_with("##") {
            return Err("a heading is that of a section or of a question".to_owned());
        } else if let Some(open) = &mut self.open {
            open.has_text |= !line.trim().is_empty();
        }
        Ok(())
    }

    fn block_ends(&mut self, marks: String, lines: &[String]) -> Result<(), String> {
        match (&mut self.open, marks.as_str()) {
            (Some(open), "sql" | "sql sqlite" | "sql postgres" | "sql pgvector") => {
                let block = Block::read(lines)?;
                open.blocks.push((marks, block));
            }
            (None, "text") => {}
            (_, marks) => return Err(format!("a block marked `{marks}` has no place here")),
        }
        Ok(())
    }

    fn question_ends(&mut self) -> Result<(), String> {
        let Some(Open { title, has_text, blocks }) = self.open.take() else { return Ok(()) };
        if !has_text {
            return Err(format!("`{title}` does not say what it answers"));
        }
        let (texts, parameters) = texts(&title, blocks)?;
        self.questions.push(Question { section: self.section.clone(), title, parameters, texts });
        Ok(())
    }

    fn end(mut self) -> Result<Vec<Question>, String> {
        if self.block.is_some() {
            return Err("a block has no end".to_owned());
        }
        self.question_ends()?;
        Ok(self.questions)
    }
}

/// Which of the blocks of a question is for which engine.
fn texts(title: &str, blocks: Vec<(String, Block)>) -> Result<(Texts, Vec<Parameter>), String> {
    let marks: Vec<String> = blocks.iter().map(|(marks, _)| marks.clone()).collect();
    let marks: Vec<&str> = marks.iter().map(String::as_str).collect();
    let mut blocks = blocks.into_iter().map(|(_, block)| block);
    match (marks.as_slice(), blocks.next(), blocks.next()) {
        (["sql"], Some(one), None) => Ok((Texts::Both(one.sql), one.parameters)),
        (["sql pgvector"], Some(one), None) => Ok((Texts::WithVectors(one.sql), one.parameters)),
        (["sql sqlite", "sql postgres"], Some(one), Some(other)) => {
            if one.parameters != other.parameters {
                return Err(format!("the statements of `{title}` take different values"));
            }
            Ok((Texts::Each { sqlite: one.sql, postgres: other.sql }, one.parameters))
        }
        _ => Err(format!("`{title}` has one block for both engines, or one for each: {marks:?}")),
    }
}

impl Block {
    fn read(lines: &[String]) -> Result<Self, String> {
        let mut parameters = Vec::new();
        let mut lines = lines.iter().peekable();
        while let Some(line) = lines.next_if(|line| line.starts_with("-- ")) {
            parameters.push(parameter(line, parameters.len() + 1)?);
        }
        let sql: Vec<&str> = lines.map(String::as_str).collect();
        let sql = sql.join("\n");
        if sql.contains("--") || sql.contains(';') || sql.trim().is_empty() {
            return Err("a block is one statement, with comments above it alone".to_owned());
        }
        let used = numbers_used(&sql);
        let declared: Vec<usize> = (1..=parameters.len()).collect();
        if used != declared {
            return Err(format!("the statement takes {used:?}, and {declared:?} are explained"));
        }
        Ok(Self { sql, parameters })
    }
}

/// A line like `-- $1 fingerprint (text): the key`.
fn parameter(line: &str, number: usize) -> Result<Parameter, String> {
    let read = || {
        let rest = line.strip_prefix("-- ")?.strip_prefix(&format!("${number} "))?;
        let (front, meaning) = rest.split_once("): ")?;
        let (name, kind) = front.split_once(" (")?;
        let kind = match kind {
            "text" => Kind::Text,
            "time" => Kind::Time,
            "integer" => Kind::Integer,
            _ => return None,
        };
        (!meaning.trim().is_empty()).then(|| Parameter { name: name.to_owned(), kind })
    };
    read().ok_or_else(|| format!("this does not explain ${number}: {line}"))
}

/// The numbers behind `$` in a statement, each once and in order.
fn numbers_used(sql: &str) -> Vec<usize> {
    let number = |after: &str| {
        let digits: String = after.chars().take_while(char::is_ascii_digit).collect();
        digits.parse().ok()
    };
    let mut used: Vec<usize> = sql.split('$').skip(1).filter_map(number).collect();
    used.sort_unstable();
    used.dedup();
    used
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "# T\n## S\n### A b-c?\nSays.\n```sql\n-- $1 key (text): the key\nSELECT $1\n```\n\
         ## R\n```text\n;\n```\n### D\nSays.\n```sql sqlite\nSELECT 1\n```\n```sql postgres\nSELECT 2\n```\n";

    #[test]
    fn questions_are_read() {
        let [one, other] = &questions(GOOD).unwrap()[..] else { panic!("{GOOD}") };
        assert_eq!((one.section.as_str(), one.name().as_str()), ("S", "a_b_c"));
        assert_eq!(one.parameters, [Parameter { name: "key".to_owned(), kind: Kind::Text }]);
        assert_eq!(Engine::ALL.map(|engine| one.sql(engine)), [Some("SELECT $1"); 2]);
        assert_eq!(other.section, "R");
        assert_eq!(other.sql(Engine::Sqlite), Some("SELECT 1"));
        assert_eq!(other.sql(Engine::Postgres), Some("SELECT 2"));
    }

    #[track_caller]
    fn check(from: &str, to: &str, line: usize, expected: &str) {
        assert!(GOOD.contains(from), "{from}");
        let Misplaced { line: seen, what } = questions(&GOOD.replacen(from, to, 1)).unwrap_err();
        assert!(seen == line && what.contains(expected), "{seen}: {what}");
    }

    #[test]
    fn what_has_no_place_is_refused() {
        check("### A b-c?\nSays.\n", "", 6, "marked `sql` has no place");
        check("Says.\n", "", 8, "does not say");
        check("```sql\n", "```SQL\n", 8, "marked `SQL` has no place");
        check("```sql\n", " ```sql\n", 5, "front of its line");
        check("```text", "```sh", 12, "marked `sh` has no place");
        check("```sql sqlite", "```sql postgres", 20, "one block for both engines");
        check("```sql postgres\nSELECT 2\n```\n", "", 17, "one block for both engines");
        check("```sql postgres\nSELECT 2\n```\n", "```sql postgres\n", 18, "no end");
        check("SELECT 2", "-- $1 a (text): b\nSELECT $1", 21, "different values");
        check("(text)", "(string)", 8, "does not explain $1");
        check("SELECT $1", "SELECT $2", 8, "takes [2]");
        check("SELECT $1", "SELECT $1;", 8, "one statement");
        check("### D", "### A b-c?", 13, "asked twice");
        check("### D", "#### D", 13, "a heading");
    }
}
