//! Events as Cowrie 2.x writes them, one JSON object a line.

use std::fmt::Write as _;
use std::net::IpAddr;

use chrono::{DateTime, Utc};
use serde::Serialize;

/// What all events of a session share.
#[derive(Clone, Debug)]
pub(crate) struct Origin {
    pub(crate) session: String,
    pub(crate) source_ip: IpAddr,
    pub(crate) source_port: u16,
    pub(crate) is_telnet: bool,
    pub(crate) sensor: usize,
}

impl Origin {
    pub(crate) fn protocol(&self) -> &'static str {
        if self.is_telnet { "telnet" } else { "ssh" }
    }

    fn port(&self) -> u16 {
        if self.is_telnet { 2223 } else { 2222 }
    }
}

/// The name that a sensor gives itself.
pub(crate) fn sensor_name(sensor: usize) -> String {
    format!("honeypot-{:02}", sensor + 1)
}

/// What tells its installation from others.
fn sensor_uuid(sensor: usize) -> String {
    format!("5f2c1d3a-{sensor:04x}-11ef-9c41-0242ac110002")
}

/// What happened.
#[derive(Clone, Debug)]
pub(crate) enum What {
    Connect,
    Version(&'static str),
    Kex(usize),
    Login { username: String, password: String, is_let_in: bool },
    Params(&'static str),
    Size(u16, u16),
    Command(String),
    CommandFailed(String),
    Download { url: String, shasum: String },
    Upload { filename: String, shasum: String },
    Forward { host: &'static str, port: u16 },
    LogClosed { shasum: String, size: u32, seconds: f64 },
    Closed { seconds: f64 },
}

/// An object under construction.
struct Object(String);

impl Object {
    fn of(eventid: &str) -> Self {
        let mut object = Self(String::with_capacity(448));
        object.0.push('{');
        object.add("eventid", eventid);
        object
    }

    fn add<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) {
        if self.0.len() > 1 {
            self.0.push(',');
        }
        let value = serde_json::to_string(value).unwrap_or_else(|_| "null".to_owned());
        // A `String` takes whatever is written.
        let _written = write!(self.0, "\"{name}\":{value}");
    }
}

/// The line of an event, without its newline.
pub(crate) fn line(what: &What, origin: &Origin, at: DateTime<Utc>) -> String {
    let (mut object, message) = body(what, origin);
    object.add("message", &message);
    object.add("sensor", &sensor_name(origin.sensor));
    object.add("uuid", &sensor_uuid(origin.sensor));
    object.add("timestamp", &at.format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string());
    object.add("src_ip", &origin.source_ip);
    object.add("session", &origin.session);
    object.add("protocol", origin.protocol());
    object.0.push('}');
    object.0
}

/// What an event of its kind says, and its message.
fn body(what: &What, origin: &Origin) -> (Object, String) {
    match what {
        What::Connect | What::Closed { .. } => connection(what, origin),
        What::Version(version) => {
            let mut object = Object::of("cowrie.client.version");
            object.add("version", version);
            (object, format!("Remote SSH version: {version}"))
        }
        What::Kex(client) => key_exchange(*client),
        What::Login { username, password, is_let_in } => {
            let kind = if *is_let_in { "cowrie.login.success" } else { "cowrie.login.failed" };
            let mut object = Object::of(kind);
            object.add("username", username);
            object.add("password", password);
            let outcome = if *is_let_in { "succeeded" } else { "failed" };
            (object, format!("login attempt [{username}/{password}] {outcome}"))
        }
        What::Command(_) | What::CommandFailed(_) | What::Params(_) | What::Size(..) => shell(what),
        What::Download { .. } | What::Upload { .. } | What::LogClosed { .. } => file(what),
        What::Forward { host, port } => {
            let mut object = Object::of("cowrie.direct-tcpip.request");
            object.add("dst_ip", host);
            object.add("dst_port", port);
            object.add("src_port", &origin.source_port);
            let from = (origin.source_ip, origin.source_port);
            let message = format!(
                "direct-tcp connection request to {host}:{port} from {}:{}",
                from.0, from.1
            );
            (object, message)
        }
    }
}

fn connection(what: &What, origin: &Origin) -> (Object, String) {
    if let What::Closed { seconds } = what {
        let mut object = Object::of("cowrie.session.closed");
        object.add("duration", seconds);
        return (object, format!("Connection lost after {seconds:.0} seconds"));
    }
    let Origin { session, source_ip, source_port, .. } = origin;
    let mut object = Object::of("cowrie.session.connect");
    object.add("src_port", source_port);
    object.add("dst_ip", "10.0.0.5");
    object.add("dst_port", &origin.port());
    let port = origin.port();
    let message =
        format!("New connection: {source_ip}:{source_port} (10.0.0.5:{port}) [session: {session}]");
    (object, message)
}

fn shell(what: &What) -> (Object, String) {
    match what {
        What::Command(input) => {
            let mut object = Object::of("cowrie.command.input");
            object.add("input", input);
            (object, format!("CMD: {input}"))
        }
        What::CommandFailed(input) => {
            let mut object = Object::of("cowrie.command.failed");
            object.add("input", input);
            (object, format!("Command not found: {input}"))
        }
        What::Size(width, height) => {
            let mut object = Object::of("cowrie.client.size");
            object.add("width", width);
            object.add("height", height);
            (object, format!("Terminal Size: {width} {height}"))
        }
        What::Params(arch) => {
            let mut object = Object::of("cowrie.session.params");
            object.add("arch", arch);
            (object, String::new())
        }
        _ => unreachable!("what a shell says"),
    }
}

fn file(what: &What) -> (Object, String) {
    match what {
        What::Download { url, shasum } => {
            let mut object = Object::of("cowrie.session.file_download");
            let outfile = format!("var/lib/cowrie/downloads/{shasum}");
            object.add("url", url);
            object.add("outfile", &outfile);
            object.add("shasum", shasum);
            (object, format!("Downloaded URL ({url}) with SHA-256 {shasum} to {outfile}"))
        }
        What::Upload { filename, shasum } => {
            let mut object = Object::of("cowrie.session.file_upload");
            let outfile = format!("var/lib/cowrie/downloads/{shasum}");
            object.add("filename", filename);
            object.add("outfile", &outfile);
            object.add("shasum", shasum);
            (object, format!("SFTP Uploaded file \"{filename}\" to {outfile}"))
        }
        What::LogClosed { shasum, size, seconds } => {
            let mut object = Object::of("cowrie.log.closed");
            let ttylog = format!("var/lib/cowrie/tty/{shasum}");
            object.add("ttylog", &ttylog);
            object.add("size", size);
            object.add("shasum", shasum);
            object.add("duplicate", &true);
            object.add("duration", seconds);
            (object, format!("Closing TTY Log: {ttylog} after {seconds:.0} seconds"))
        }
        _ => unreachable!("what is said of a file"),
    }
}

/// What SSH clients call themselves.
pub(crate) const CLIENTS: [&str; 12] = [
    "SSH-2.0-Go",
    "SSH-2.0-libssh2_1.4.3",
    "SSH-2.0-libssh-0.6.3",
    "SSH-2.0-libssh_0.9.6",
    "SSH-2.0-PUTTY",
    "SSH-2.0-paramiko_2.8.1",
    "SSH-2.0-JSCH-0.1.54",
    "SSH-2.0-OpenSSH_7.4",
    "SSH-2.0-OpenSSH_8.9p1 Ubuntu-3ubuntu0.6",
    "SSH-2.0-Nmap-SSH2-Hostkey",
    "SSH-2.0-ZGrab ZGrab SSH Survey",
    "SSH-2.0-AsyncSSH_2.1.0",
];

const KEX: [&str; 8] = [
    "curve25519-sha256",
    "curve25519-sha256@libssh.org",
    "ecdh-sha2-nistp256",
    "ecdh-sha2-nistp384",
    "ecdh-sha2-nistp521",
    "diffie-hellman-group14-sha256",
    "diffie-hellman-group14-sha1",
    "diffie-hellman-group1-sha1",
];
const KEYS: [&str; 6] = [
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "rsa-sha2-512",
    "rsa-sha2-256",
    "ssh-rsa",
];
const CIPHERS: [&str; 7] = [
    "aes128-gcm@openssh.com",
    "chacha20-poly1305@openssh.com",
    "aes128-ctr",
    "aes192-ctr",
    "aes256-ctr",
    "aes128-cbc",
    "3des-cbc",
];
const MACS: [&str; 5] =
    ["hmac-sha2-256-etm@openssh.com", "hmac-sha2-256", "hmac-sha2-512", "hmac-sha1", "hmac-md5"];

/// The offer of a client, cut from the lists at a place of its own.
fn key_exchange(client: usize) -> (Object, String) {
    let offered = |all: &[&'static str], fewest: usize| -> Vec<&'static str> {
        let from = client % (all.len() - fewest + 1);
        all.iter().skip(from).take(fewest + client % 3).copied().collect()
    };
    let kex = offered(&KEX, 4);
    let (keys, ciphers, macs) = (offered(&KEYS, 3), offered(&CIPHERS, 4), offered(&MACS, 2));
    let all = [&kex, &ciphers, &macs].map(|list| list.join(",")).join(";");
    let hassh =
        format!("{:032x}", 0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835_u128 / (3 + client as u128));
    let mut object = Object::of("cowrie.client.kex");
    object.add("hassh", &hassh);
    object.add("hasshAlgorithms", &format!("{all};none"));
    object.add("kexAlgs", &kex);
    object.add("keyAlgs", &keys);
    object.add("encCS", &ciphers);
    object.add("macCS", &macs);
    object.add("compCS", &["none"]);
    object.add("langCS", &[""]);
    (object, format!("SSH client hassh fingerprint: {hassh}"))
}
