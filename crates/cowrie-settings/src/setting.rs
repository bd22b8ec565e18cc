//! What is said of a setting.

use crate::table::SETTINGS;

/// One key of the configuration.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// Where it stands.
    pub section: Section,
    /// Its name in the file.
    pub name: &'static str,
    /// Other names that mean the same, from the legacy system and its documents.
    pub aliases: &'static [&'static str],
    /// What it takes.
    pub kind: Kind,
    /// What holds when nobody says anything.
    pub fallback: Fallback,
    /// The variable that beats the file.
    pub variable: Option<&'static str>,
    /// Further variables, strongest first, most of them of the legacy system.
    ///
    /// Where a secret belongs, the variable holds the secret itself. It then acts as the reference
    /// `env:NAME`, and only when the file has none. All others beat the file.
    pub legacy_variables: &'static [&'static str],
    /// The flag that beats everything.
    pub flag: Option<&'static str>,
    /// What it means, as one sentence in Markdown.
    pub meaning: &'static str,
}

/// A section of the file.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Section {
    /// `[global]`.
    Global,
    /// `[global.cache]`.
    Cache,
    /// `[longtail]`.
    Longtail,
    /// `[[sensor]]` and `[sensors.<name>]`.
    Sensor,
    /// `[providers.<name>]`.
    Provider,
    /// `[providers.maxmind]` alone.
    MaxMind,
    /// `[providers.cymru]` alone.
    Cymru,
}

/// What a setting takes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// A path or URL of a database, or a reference to one.
    Database,
    /// A reference to a secret.
    Secret,
    /// A path.
    Path,
    /// Text.
    Text,
    /// The base of a URL.
    Url,
    /// A host and a port.
    Server,
    /// A number or a name.
    Account,
    /// Yes or no.
    Switch,
    /// A whole number that is not below zero.
    Count,
    /// A number above zero.
    Number,
}

/// What holds when nobody says anything.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Fallback {
    /// This value, as it would be written in a variable.
    Value(&'static str),
    /// Something that depends, in words.
    Words(&'static str),
}

/// What somebody said for a setting.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Given<'a> {
    /// Yes or no.
    Switch(bool),
    /// A whole number.
    Count(u64),
    /// A number.
    Number(f64),
    /// Everything else.
    Text(&'a str),
}

impl Setting {
    /// The key with the sections above it.
    pub fn key(&self) -> String {
        format!("{}.{}", self.section.path(), self.name)
    }

    /// Whether it stands once, so that defaults and variables can say it.
    pub fn stands_once(&self) -> bool {
        !matches!(self.section, Section::Sensor | Section::Provider)
    }
}

impl Section {
    /// All of them, in the order in which they are described.
    pub const ALL: [Self; 7] = [
        Self::Global,
        Self::Cache,
        Self::Longtail,
        Self::Sensor,
        Self::Provider,
        Self::MaxMind,
        Self::Cymru,
    ];

    /// What stands in front of its keys.
    pub fn path(self) -> &'static str {
        match self {
            Self::Global => "global",
            Self::Cache => "global.cache",
            Self::Longtail => "longtail",
            Self::Sensor => "sensors.<name>",
            Self::Provider => "providers.<name>",
            Self::MaxMind => "providers.maxmind",
            Self::Cymru => "providers.cymru",
        }
    }

    /// Its settings.
    pub fn settings(self) -> impl Iterator<Item = &'static Setting> {
        SETTINGS.iter().filter(move |setting| setting.section == self)
    }

    /// The setting of that name.
    pub fn setting(self, name: &str) -> Option<&'static Setting> {
        self.settings().find(|setting| setting.name == name)
    }
}

impl Kind {
    /// What it takes, in words.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Database => "a path, URL or reference",
            Self::Secret => "a reference", // pragma: allowlist secret
            Self::Path => "a path",
            Self::Text => "text",
            Self::Url => "an HTTP URL",
            Self::Server => "a host and a port",
            Self::Account => "a number or text",
            Self::Switch => "true or false",
            Self::Count => "a whole number",
            Self::Number => "a number above zero",
        }
    }

    /// Whether a secret may hide behind it, so that its legacy variables act as references.
    pub fn is_secret(self) -> bool {
        matches!(self, Self::Database | Self::Secret)
    }

    /// What the text of a variable says, or what is wrong with it.
    pub fn read(self, text: &str) -> Result<Given<'_>, &'static str> {
        match self {
            Self::Switch => switch(text).map(Given::Switch).ok_or(NO_SWITCH),
            Self::Count => text.trim().parse().map(Given::Count).or(Err(NO_COUNT)),
            Self::Number => text.trim().parse().map(Given::Number).or(Err(NO_NUMBER)),
            _ => Ok(Given::Text(text)),
        }
    }
}

const NO_SWITCH: &str = "must be `1`, `true`, `t`, `yes`, `y` or `on`, \
     or else `0`, `false`, `f`, `no`, `n` or `off`";
const NO_COUNT: &str = "must be a whole number that is not below zero";
const NO_NUMBER: &str = "must be a number";

/// Yes and no in the spellings of the legacy system, in whatever case.
fn switch(text: &str) -> Option<bool> {
    match text.trim().to_ascii_lowercase().as_str() {
        "1" | "true" | "t" | "yes" | "y" | "on" => Some(true),
        "0" | "false" | "f" | "no" | "n" | "off" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::table::IGNORED_VARIABLES;

    #[test]
    fn the_descriptions_are_sound() {
        let mut keys = BTreeSet::new();
        let mut variables = BTreeSet::new();
        for setting in SETTINGS {
            let key = setting.key();
            assert!(keys.insert(key.clone()), "{key} twice");
            let names = setting.variable.iter().chain(setting.legacy_variables);
            for name in names {
                assert!(variables.insert(*name), "{name} twice");
                assert!(!IGNORED_VARIABLES.contains(name), "{name} is not ignored");
            }
            assert!(setting.variable.is_none_or(|name| name.starts_with("COWRIE_")), "{key}");
            assert!(setting.meaning.ends_with('.') && !setting.meaning.contains('|'), "{key}");
            if let Fallback::Value(text) = setting.fallback {
                setting.kind.read(text).unwrap();
            }
        }
        for section in [Section::Global, Section::Cache, Section::Longtail] {
            let mut settings = section.settings();
            assert!(settings.all(|setting| setting.variable.is_some()), "{section:?}");
        }
    }

    #[test]
    fn numbers_are_read() {
        assert_eq!(Kind::Count.read(" 47 "), Ok(Given::Count(47)));
        assert_eq!(Kind::Number.read("0.5"), Ok(Given::Number(0.5)));
        assert_eq!(Kind::Path.read(" a"), Ok(Given::Text(" a")));
        for text in ["-1", "1.5", "", "x"] {
            assert_eq!(Kind::Count.read(text), Err(NO_COUNT), "{text}");
        }
        assert_eq!(Kind::Number.read("x"), Err(NO_NUMBER));
    }

    #[test]
    fn switches_have_the_spellings_of_the_legacy_system() {
        for text in ["1", "true", "t", "yes", "y", "on", "TRUE", "Yes", " on "] {
            assert_eq!(switch(text), Some(true), "{text}");
        }
        for text in ["0", "false", "f", "no", "n", "off", "False", "OFF"] {
            assert_eq!(switch(text), Some(false), "{text}");
        }
        for text in ["", "2", "yess", "wahr", "enabled"] {
            assert_eq!(switch(text), None, "{text}");
        }
    }
}
