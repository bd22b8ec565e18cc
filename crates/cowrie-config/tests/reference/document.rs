//! The text of `docs/config.md`.

use std::fmt::Write as _;

use cowrie_settings::{
    Fallback, IGNORED_KEYS, IGNORED_SECTIONS, IGNORED_VARIABLES, SETTINGS, Section, Setting,
};

const OPENING: &str = "\
# Configuration

<!-- Generated from the description of the settings in cowrie-config. To write it anew:
     UPDATE_DOCS=1 cargo test -p cowrie-config --test reference -->

Copy `config/sensors.example.toml` to `config/sensors.toml` and change what you need.
No key is needed, and without a file the defaults hold.
The file is `--config`, else the one that `COWRIE_CONFIG` names, else `config/sensors.toml`, else \
`sensors.toml`, both below the working directory.

A value is taken from the strongest place that names it: a flag, else a variable, else the file, \
else the default.
A flag or variable for a key of `[global]` also beats the sensors' own values.
A variable that is set to nothing counts as not set.

```sh
cowrie-enrich config show
cowrie-enrich config check
```

`config show` prints every value in force and where it comes from, and `config check` reads \
everything, without network and without opening a secret, and ends with 2 when something cannot be \
used.
A key that nobody knows is an error.

## Secrets

A secret is never written into the file, a flag, or a variable of this page but for those of the \
table below.
Write where it is kept: `env:NAME` or `${NAME}`, `file:/absolute/path`, `systemd:NAME`; \
`crates/cowrie-secrets/README.md` has them all.
The password of a database URL may be a reference in braces, as in \
`postgresql://loader:{file:/run/secrets/db}@host/db`.
Nothing is opened before it is needed, and no message repeats a value.

These variables hold the secret itself, under the names that it had in the legacy system.
When the file has no reference, each acts as the reference `env:NAME`; the first that is set counts.
Without a section for a sensor they are all that is needed.

";

const LEGACY: &str = "
## What the legacy system needed

Files and variables of the legacy system are taken as they are.
Further names of keys are noted above as *also*.
Yes and no are `1`, `true`, `t`, `yes`, `y`, `on` and `0`, `false`, `f`, `no`, `n`, `off`, in \
whatever case; anything else is an error that names the variable.

What follows is read, ignored, and named once in a warning.

";

/// The whole document.
pub(crate) fn text() -> String {
    let mut text = OPENING.to_owned();
    text.push_str("| variables | instead of |\n| --- | --- |\n");
    let is_secret = |setting: &&Setting| setting.kind.is_secret();
    for setting in SETTINGS.iter().filter(is_secret).filter(|one| !one.legacy_variables.is_empty())
    {
        let variables = quoted(setting.legacy_variables);
        writeln!(text, "| {variables} | `{}` |", setting.key()).unwrap();
    }
    for section in Section::ALL {
        write_section(&mut text, section);
    }
    text.push_str(LEGACY);
    writeln!(text, "* Sections: {}.", quoted(IGNORED_SECTIONS)).unwrap();
    for (section, keys) in IGNORED_KEYS {
        writeln!(text, "* Keys of `{section}`: {}.", quoted(keys)).unwrap();
    }
    writeln!(text, "* Variables: {}.", quoted(IGNORED_VARIABLES)).unwrap();
    text
}

fn write_section(text: &mut String, section: Section) {
    let (title, about) = match section {
        Section::Global => ("`[global]`", "What holds for all sensors."),
        Section::Cache => ("`[global.cache]`", "The tiers in which answers of sources are kept."),
        Section::Longtail => ("`[longtail]`", "What the longtail timer does."),
        Section::Sensor => (
            "`[[sensor]]` and `[sensors.<name>]`",
            "One honeypot, in either layout. It is chosen by `--sensor`, else by the name that its \
             events carry.",
        ),
        Section::Provider => (
            "`[providers.<name>]`",
            "One source: `cymru`, `dshield`, `greynoise`, `hibp`, `ip_classification`, `maxmind`, \
             `spur`, `urlhaus` or `virustotal`.",
        ),
        Section::MaxMind => ("`[providers.maxmind]`", "MaxMind has one key more."),
        Section::Cymru => (
            "`[providers.cymru]`",
            "Team Cymru has two keys more, and no `base_url`: it is not asked by HTTP.",
        ),
    };
    writeln!(text, "\n## {title}\n\n{about}\n").unwrap();
    text.push_str("| key | takes | default | variables | flag | meaning |\n");
    text.push_str("| --- | --- | --- | --- | --- | --- |\n");
    for setting in section.settings() {
        write_setting(text, setting);
    }
}

fn write_setting(text: &mut String, setting: &Setting) {
    let default = match setting.fallback {
        Fallback::Value(value) => format!("`{value}`"),
        Fallback::Words(words) => words.to_owned(),
    };
    let legacy = setting.legacy_variables.iter().filter(|_| !setting.kind.is_secret());
    let variables: Vec<&str> = setting.variable.iter().chain(legacy).copied().collect();
    let flag = setting.flag.map(|flag| format!("`{flag}`")).unwrap_or_default();
    let also = match setting.aliases {
        [] => String::new(),
        aliases => format!(" *Also* {}.", quoted(aliases)),
    };
    writeln!(
        text,
        "| `{}` | {} | {default} | {} | {flag} | {}{also} |",
        setting.name,
        setting.kind.in_words(),
        quoted(&variables),
        setting.meaning,
    )
    .unwrap();
}

fn quoted(words: &[&str]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}
