//! Reads a command statement by statement for its risk.

use cowrie_shell::{Operator, Piece, Statement, is_shell, pieces, substitutions, unquote};

use crate::purpose::{Purpose, Purposes, is_miner_or_scanner};
use crate::risk::Risk;
use crate::telling_path::{
    is_disk, is_network_device, is_secret_file, is_trace, is_vital_path, starts_at_boot,
};

/// How deep commands inside commands are read.
const DEPTH: u8 = 3;

/// The highest risk of the statements of a command that is not empty.
pub(crate) fn review(command: &str) -> Risk {
    let names_network = command.contains("/dev/tcp/") || command.contains("/dev/udp/");
    let mut review = Review { highest: Risk::Other, has_download: false, names_network };
    review.read(command, DEPTH);
    if review.highest < Risk::MinerOrScanner && names_miner_or_scanner(command) {
        review.highest = Risk::MinerOrScanner;
    }
    review.highest
}

struct Review {
    highest: Risk,
    /// Whether an earlier statement fetched something.
    has_download: bool,
    /// Whether the command names one of bash's network devices at all; asked once, since most do
    /// not.
    names_network: bool,
}

/// What a pipe carries from the statement before.
#[derive(Clone, Debug)]
enum Flow {
    Nothing,
    Printed(String),
    Downloaded,
    Decoded,
    Unknown,
}

impl Review {
    fn read(&mut self, command: &str, depth: u8) {
        let mut flow = Flow::Nothing;
        for piece in pieces(command) {
            if piece.text.is_empty() {
                continue;
            }
            let statement = Statement::parse(piece.head());
            self.read_inner(&piece, &statement, &flow, depth);
            let found = self.judge(&statement, &flow);
            self.raise(found);
            flow = match piece.end {
                Operator::Pipe => carried(&statement, flow),
                _ => Flow::Nothing,
            };
        }
    }

    fn raise(&mut self, risk: Risk) {
        self.highest = self.highest.max(risk);
    }

    /// Reads the commands that a statement carries inside.
    fn read_inner(&mut self, piece: &Piece<'_>, statement: &Statement<'_>, flow: &Flow, depth: u8) {
        let Some(depth) = depth.checked_sub(1) else { return };
        for inner in substitutions(piece.head()) {
            self.read(inner, depth);
        }
        if !piece.body().is_empty() {
            self.read(piece.body(), depth);
        }
        let name = statement.name();
        if matches!(&*name, "echo" | "printf") {
            // A script on its way into a file.
            for word in statement.arguments().iter().filter(|word| word.contains("://")) {
                self.read(&unquote(word), depth);
            }
        }
        for inner in statement.commands_inside() {
            self.read(&inner, depth);
        }
        if let Flow::Printed(text) = flow
            && statement.runs_text()
        {
            self.read(text, depth);
        }
    }

    fn judge(&mut self, statement: &Statement<'_>, flow: &Flow) -> Risk {
        let name = statement.name();
        let purposes = Purposes::of(&name);
        let mut found = program_risk(&name, purposes, statement).max(redirect_risk(statement));
        if self.names_network && statement.arguments().iter().any(|word| is_network_device(word)) {
            found = Risk::RemoteShell;
        }
        if statement.prefixes().iter().any(|word| switches_history_off(word)) {
            found = found.max(Risk::Wiping);
        }
        if is_download(&name, statement) {
            self.has_download = true;
            found = found.max(Risk::Transfer);
        }
        let is_fed = is_shell(&name) || purposes.include(Purpose::Interpreter);
        match flow {
            Flow::Downloaded if is_fed => return Risk::DownloadAndExecute,
            Flow::Decoded if is_fed => return Risk::HiddenExecution,
            _ => {}
        }
        let is_execution =
            executes(&name, purposes, statement) || makes_executable(&name, statement);
        match (is_execution, self.has_download) {
            (true, true) => found.max(Risk::DownloadAndExecute),
            (true, false) => found.max(Risk::Execution),
            (false, _) => found,
        }
    }
}

/// What the statement hands to the next one through a pipe.
fn carried(statement: &Statement<'_>, flow: Flow) -> Flow {
    let name = statement.name();
    match &*name {
        "echo" | "printf" => {
            let words: Vec<_> = statement.arguments().iter().map(|word| unquote(word)).collect();
            Flow::Printed(words.join(" "))
        }
        _ if is_download(&name, statement) => Flow::Downloaded,
        _ if is_decoder(&name, statement) => Flow::Decoded,
        "cat" | "tee" | "tr" | "sed" | "rev" | "" => flow,
        _ => Flow::Unknown,
    }
}

fn program_risk(name: &str, purposes: Purposes, statement: &Statement<'_>) -> Risk {
    let arguments = statement.arguments();
    if let Some(risk) = risk_with_arguments(name, arguments) {
        return risk;
    }
    let reads_secrets =
        purposes.include(Purpose::ReadFiles) && arguments.iter().any(|word| is_secret_file(word));
    let by_rank = [
        (purposes.include(Purpose::Destroy), Risk::Wiping),
        (purposes.include(Purpose::Accounts), Risk::Persistence),
        (purposes.include(Purpose::Transfer), Risk::Transfer),
        (purposes.include(Purpose::Permissions), Risk::Execution),
        (purposes.include(Purpose::StopProcesses), Risk::ProcessControl),
        (reads_secrets, Risk::CredentialAccess),
        (purposes.include(Purpose::Install), Risk::PackageInstall),
        (purposes.include(Purpose::ChangeFiles), Risk::FileChange),
        (purposes.include(Purpose::LookAround), Risk::Discovery),
    ];
    by_rank.iter().find(|(is_so, _)| *is_so).map_or(Risk::Other, |(_, risk)| *risk)
}

/// The risk of programs whose arguments make the difference.
fn risk_with_arguments(name: &str, arguments: &[&str]) -> Option<Risk> {
    let has = |wanted: &[&str]| arguments.iter().any(|word| wanted.contains(word));
    let any = |is_telling: fn(&str) -> bool| arguments.iter().any(|word| is_telling(word));
    let writes_last = arguments.last().is_some_and(|word| writes_at_boot(word));
    let risk = match name {
        "crontab" if has(&["-l"]) => Risk::Discovery,
        "rm" if any(is_vital_path) => Risk::Wiping,
        "dd" if any(|word| word.strip_prefix("of=").is_some_and(is_disk)) => Risk::Wiping,
        "history" if has(&["-c", "-w", "-cw"]) => Risk::Wiping,
        "unset" | "export" | "set" if any(switches_history_off) => Risk::Wiping,
        "iptables" | "ip6tables" | "nft" if has(&["-F", "-X", "flush"]) => Risk::DefenceDisabled,
        "ufw" | "setenforce" if has(&["disable", "0"]) => Risk::DefenceDisabled,
        "service" | "systemctl" | "chkconfig" | "update-rc.d" | "rc-update" => {
            service_risk(arguments)
        }
        "nc" | "ncat" | "netcat" | "socat" if any(starts_shell) => Risk::RemoteShell,
        "cp" | "mv" | "ln" | "install" if writes_last => Risk::Persistence,
        "sed" if writes_last && any(|word| word.starts_with("-i")) => Risk::Persistence,
        "tee" if any(writes_at_boot) => Risk::Persistence,
        _ => return None,
    };
    Some(risk)
}

/// Whether the word names a file that is read at start-up.
fn writes_at_boot(word: &str) -> bool {
    starts_at_boot(&unquote(word))
}

/// Variables that keep commands out of the history; others only shape it.
fn switches_history_off(word: &str) -> bool {
    ["HISTFILE", "HISTSIZE", "HISTFILESIZE", "HISTCONTROL", "HISTIGNORE", "HISTSAVE", "HISTZONE"]
        .iter()
        .any(|name| word.starts_with(name))
        || word == "history"
}

fn service_risk(arguments: &[&str]) -> Risk {
    let has = |wanted: &[&str]| arguments.iter().any(|word| wanted.contains(word));
    let is_defence = arguments.iter().any(|word| {
        ["iptables", "firewall", "ufw", "fail2ban", "apparmor", "selinux", "rsyslog", "auditd"]
            .iter()
            .any(|defence| word.contains(defence))
    });
    let is_stopped = has(&["stop", "disable", "off", "mask", "kill"]);
    if is_stopped && is_defence {
        Risk::DefenceDisabled
    } else if has(&["enable", "add", "on", "defaults", "daemon-reload"]) {
        Risk::Persistence
    } else if is_stopped || has(&["start", "restart", "reload"]) {
        Risk::ProcessControl
    } else {
        Risk::Discovery
    }
}

fn redirect_risk(statement: &Statement<'_>) -> Risk {
    let mut found = Risk::Other;
    for redirect in statement.redirects() {
        let target = unquote(redirect.target);
        let is_network = is_network_device(&target);
        let is_output = redirect.appends().is_some() && target != "/dev/null";
        let risk = if is_network {
            Risk::RemoteShell
        } else if !is_output {
            Risk::Other
        } else if target.contains("authorized_keys") {
            Risk::KeyPlanted
        } else if starts_at_boot(&target) {
            Risk::Persistence
        } else if is_trace(&target) || is_disk(&target) {
            Risk::Wiping
        } else if writes_payload(statement) {
            Risk::PayloadWritten
        } else {
            Risk::FileChange
        };
        found = found.max(risk);
    }
    found
}

fn writes_payload(statement: &Statement<'_>) -> bool {
    let n_escapes = |word: &&str| word.matches("\\x").count() + word.matches("\\0").count();
    matches!(&*statement.name(), "echo" | "printf")
        && statement.arguments().iter().map(n_escapes).sum::<usize>() >= 4
}

/// Whether the statement fetches something from elsewhere, itself or by a program among its
/// arguments, as in a line of a crontab.
fn is_download(name: &str, statement: &Statement<'_>) -> bool {
    let arguments = statement.arguments();
    if Purposes::of(name).include(Purpose::Fetch) {
        return !arguments.is_empty();
    }
    arguments.iter().any(|word| word.contains("://"))
        && arguments.iter().any(|word| Purposes::of(word).include(Purpose::Fetch))
}

fn is_decoder(name: &str, statement: &Statement<'_>) -> bool {
    let has = |wanted: &[&str]| statement.arguments().iter().any(|word| wanted.contains(word));
    match name {
        "base64" | "base32" => has(&["-d", "-D", "--decode", "-di", "-id"]),
        "openssl" => has(&["-d"]),
        "xxd" => has(&["-r", "-rp"]),
        "uudecode" | "gunzip" | "zcat" | "bunzip2" => true,
        "gzip" | "xz" => has(&["-d", "-dc", "-cd"]),
        _ => false,
    }
}

fn executes(name: &str, purposes: Purposes, statement: &Statement<'_>) -> bool {
    let arguments = statement.arguments();
    let is_version = arguments.iter().any(|word| matches!(*word, "--version" | "-V" | "--help"));
    if is_shell(name) || purposes.include(Purpose::Interpreter) {
        return !is_version && arguments.iter().any(|word| !word.starts_with('-') || *word == "-c");
    }
    if matches!(name, "source" | "." | "eval") {
        return !arguments.is_empty();
    }
    let word = unquote(statement.program_word());
    let is_local = word.starts_with("./") || word.starts_with("../") || word.starts_with("~/");
    is_local
        || ["/tmp/", "/var/tmp/", "/dev/shm/", "/var/run/", "/run/", "/mnt/", "/root/", "/home/"]
            .iter()
            .any(|place| word.starts_with(place))
}

fn makes_executable(name: &str, statement: &Statement<'_>) -> bool {
    let gives_execute = |word: &&str| {
        let is_octal = word.len() >= 3 && word.bytes().all(|byte| (b'0'..=b'7').contains(&byte));
        (is_octal && word.bytes().any(|byte| byte % 2 == 1))
            || (word.contains(['+', '=']) && word.contains('x'))
    };
    name == "chmod" && statement.arguments().iter().any(gives_execute)
}

fn starts_shell(word: &str) -> bool {
    matches!(word, "-e" | "-c" | "--exec" | "--sh-exec")
        || (word.starts_with('-')
            && !word.starts_with("--")
            && word.ends_with('e')
            && word.len() <= 6)
        || word.to_ascii_lowercase().starts_with("exec:")
}

fn names_miner_or_scanner(command: &str) -> bool {
    command
        .split(|c: char| !c.is_ascii_alphanumeric())
        .any(|word| (4..=12).contains(&word.len()) && is_miner_or_scanner(word))
}
