//! Masks one run of characters: an option, a path, an address, a name.

use super::{Masker, Previous};
use crate::address::{Blob, blob, has_file_ending, ipv4_length, is_host_name, is_ipv6};
use crate::random_name::{Suspicion, is_random, is_short_hex};

impl Masker<'_, '_> {
    /// Masks a run, part by part where `=` and `@` divide it.
    pub(super) fn value(&mut self, run: &str) {
        let mut rest = run;
        while let Some(behind) = self.front_of_value(rest) {
            rest = behind;
        }
    }

    /// Masks a run up to its first `=` or `@` and returns what is behind, or masks all of it.
    fn front_of_value<'r>(&mut self, run: &'r str) -> Option<&'r str> {
        if run.len() < 4 {
            self.out.push_str(run);
        } else if let Some(blob) = blob(run) {
            self.out.push_str(blob_mask(blob));
        } else if let Some((option, value)) =
            run.split_once('=').filter(|(left, _)| is_identifier(left))
        {
            self.out.push_str(option);
            self.out.push('=');
            return Some(value);
        } else if run.starts_with('-') {
            let path = run.find('/').unwrap_or(run.len());
            self.out.push_str(run.get(..path).unwrap_or_default());
            self.path(run.get(path..).unwrap_or_default());
        } else if let Some((user, host)) = run.split_once('@') {
            self.path(user);
            self.out.push('@');
            return Some(host);
        } else if is_ipv6(run.trim_end_matches([',', '.'])) {
            self.out.push_str("<ip>");
            self.previous = Previous::Address;
        } else if !(self.is_network && self.host(run)) {
            self.path(run);
        }
        None
    }

    /// Masks `example.org` and `example.org/x` where a network tool is meant.
    fn host(&mut self, run: &str) -> bool {
        let (host, path) =
            run.split_once('/').map_or((run, None), |(host, path)| (host, Some(path)));
        if !is_host_name(host) || (path.is_none() && has_file_ending(host)) {
            return false;
        }
        self.out.push_str(if path.is_some() { "<url>" } else { "<host>" });
        self.previous = Previous::Address;
        true
    }

    /// Masks the parts of a path one by one.
    fn path(&mut self, path: &str) {
        let place = Place::of(path);
        let mut done = 0;
        for component in path.split_inclusive('/') {
            let name = component.trim_end_matches('/');
            let is_first = done == 0;
            done += component.len();
            if is_first && self.address(path) {
                return;
            }
            self.component(name, place);
            self.out.push_str(component.get(name.len()..).unwrap_or_default());
        }
    }

    /// Masks a run that begins with an IPv4 address; false when it does not.
    fn address(&mut self, run: &str) -> bool {
        let Some(length) = ipv4_length(run.as_bytes()) else { return false };
        let rest = run.get(length..).unwrap_or_default();
        let digits = rest
            .strip_prefix(':')
            .map_or(0, |port| port.bytes().take_while(u8::is_ascii_digit).count());
        let port_end = if digits > 0 { digits + 1 } else { 0 };
        let behind = rest.get(port_end..).unwrap_or_default();
        let bits = behind.strip_prefix('/').map(|rest| rest.split(',').next().unwrap_or_default());
        let is_network = bits.is_some_and(|bits| bits.len() <= 2 && is_number(bits));
        self.previous = Previous::Address;
        if behind.starts_with('/') && !is_network {
            self.out.push_str("<url>");
            return true;
        }
        self.out.push_str(if port_end > 0 { "<ip>:<port>" } else { "<ip>" });
        if !behind.is_empty() {
            self.value_behind_address(behind);
        }
        true
    }

    /// What follows an address in the same run: `/24`, `,192.0.2.2`, `:/path`.
    fn value_behind_address(&mut self, behind: &str) {
        let separators = behind.bytes().take_while(|byte| !byte.is_ascii_alphanumeric()).count();
        self.out.push_str(behind.get(..separators).unwrap_or_default());
        self.previous = Previous::Other;
        let rest = behind.get(separators..).unwrap_or_default();
        for (index, part) in rest.split(',').enumerate() {
            if index > 0 {
                self.out.push(',');
            }
            if ipv4_length(part.as_bytes()) == Some(part.len()) {
                self.out.push_str("<ip>");
            } else {
                self.component(part, Place::Elsewhere);
            }
        }
    }

    fn component(&mut self, name: &str, place: Place) {
        if place == Place::Network && ipv4_length(name.as_bytes()) == Some(name.len()) {
            self.out.push_str("<ip>");
        } else if place == Place::Network && is_number(name) {
            self.out.push_str("<port>");
        } else if name.len() < 4 {
            self.out.push_str(name);
        } else if place == Place::Temporary {
            self.temporary_name(name);
        } else {
            self.parts(name);
        }
    }

    /// A name in a directory of temporary files is masked whole, except for dots and ending.
    fn temporary_name(&mut self, name: &str) {
        let bare = name.trim_start_matches('.');
        let ending = bare.rfind('.').filter(|dot| bare.len() - dot <= 6 && *dot > 0);
        let (stem, ending) =
            bare.split_at_checked(ending.unwrap_or(bare.len())).unwrap_or((bare, ""));
        let is_part_random = |part: &str| {
            blob(part).is_some()
                || is_short_hex(part)
                || (part.len() > 4 && ends_in_digits(part, 3))
                || (part.len() == 4 && is_number(part))
                || is_random(part, Suspicion::High)
        };
        if stem.split(|c: char| !c.is_ascii_alphanumeric()).any(is_part_random) {
            self.out.push_str(name.get(..name.len() - bare.len()).unwrap_or_default());
            self.out.push_str("<name>");
            self.out.push_str(ending);
        } else {
            self.out.push_str(name);
        }
    }

    /// Any other name is masked part by part.
    fn parts(&mut self, name: &str) {
        for part in name.split_inclusive(|c: char| !c.is_ascii_alphanumeric()) {
            let bare = part.trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
            self.out.push_str(part_mask(bare).unwrap_or(bare));
            self.out.push_str(part.get(bare.len()..).unwrap_or_default());
        }
    }
}

/// Where a path leads.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Place {
    Temporary,
    /// `/dev/tcp` and `/dev/udp`, where bash finds the network.
    Network,
    Elsewhere,
}

impl Place {
    fn of(path: &str) -> Self {
        if path.starts_with("/dev/tcp/") || path.starts_with("/dev/udp/") {
            Self::Network
        } else if path.starts_with("/tmp/")
            || path.starts_with("/var/tmp/")
            || path.starts_with("/dev/shm/")
        {
            Self::Temporary
        } else {
            Self::Elsewhere
        }
    }
}

fn part_mask(part: &str) -> Option<&'static str> {
    if part.len() < 4 {
        None
    } else if let Some(blob) = blob(part) {
        Some(blob_mask(blob))
    } else if is_number(part) {
        (part.len() >= 5).then_some("<n>")
    } else if is_short_hex(part) || is_random(part, Suspicion::Usual) {
        Some("<name>")
    } else {
        None
    }
}

fn blob_mask(blob: Blob) -> &'static str {
    match blob {
        Blob::Hex => "<hex>",
        Blob::Base64 => "<b64>",
    }
}

/// Whether the last `n_digits` characters are digits.
fn ends_in_digits(text: &str, n_digits: usize) -> bool {
    text.bytes().rev().take_while(u8::is_ascii_digit).count() >= n_digits
}

pub(super) fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_identifier(text: &str) -> bool {
    let bare = text.trim_start_matches('-');
    !bare.is_empty()
        && bare.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}

pub(super) fn is_network_tool(name: &str) -> bool {
    matches!(
        name,
        "wget"
            | "curl"
            | "tftp"
            | "ftpget"
            | "ftpput"
            | "ftp"
            | "nc"
            | "ncat"
            | "netcat"
            | "ping"
            | "ssh"
            | "scp"
            | "sftp"
            | "telnet"
            | "rsync"
            | "fetch"
            | "nslookup"
            | "axel"
            | "aria2c"
    )
}
