//! Paths that tell what is done to them.

use cowrie_shell::unquote;

/// Where bash finds the network.
pub(crate) fn is_network_device(word: &str) -> bool {
    word.contains("/dev/tcp/") || word.contains("/dev/udp/")
}

/// A path whose removal destroys the system, somebody's data, or traces.
pub(crate) fn is_vital_path(word: &str) -> bool {
    let path = unquote(word);
    let bare = path.trim_end_matches(['*', '/']);
    matches!(
        bare,
        "" | "/bin"
            | "/boot"
            | "/etc"
            | "/home"
            | "/lib"
            | "/root"
            | "/sbin"
            | "/usr"
            | "/var"
            | "/var/log"
    ) && path.starts_with('/')
        || path == "~"
        || is_trace(&path)
}

/// Logs and histories.
pub(crate) fn is_trace(path: &str) -> bool {
    path.starts_with("/var/log")
        || path.ends_with("_history")
        || path.ends_with("/wtmp")
        || path.ends_with("/utmp")
        || path.ends_with("/btmp")
}

/// Disks and memory.
pub(crate) fn is_disk(path: &str) -> bool {
    [
        "/dev/sd",
        "/dev/hd",
        "/dev/vd",
        "/dev/xvd",
        "/dev/nvme",
        "/dev/mmcblk",
        "/dev/mtd",
        "/dev/mem",
    ]
    .iter()
    .any(|disk| path.starts_with(disk))
}

/// Files that hold secrets.
pub(crate) fn is_secret_file(word: &str) -> bool {
    if word.starts_with('-') || !word.bytes().any(|byte| matches!(byte, b'/' | b'_' | b'.')) {
        return false;
    }
    ["/etc/shadow", "id_rsa", "id_ed25519", "id_ecdsa", "wallet.dat", ".aws/credentials"]
        .iter()
        .any(|secret| word.contains(secret))
        || word.split('/').any(|part| part == "tdata")
}

/// Files that are read at start-up, at log-in or by the clock, and the lists of accounts.
pub(crate) fn starts_at_boot(path: &str) -> bool {
    const PLACES: [&str; 18] = [
        "/etc/rc",
        "/etc/cron",
        "/var/spool/cron",
        "/etc/init",
        "/etc/systemd",
        "/lib/systemd",
        "/etc/profile",
        "/etc/ld.so.preload",
        "/etc/passwd",
        "/etc/shadow",
        "/etc/sudoers",
        "/etc/ssh/",
        ".bashrc",
        ".bash_profile",
        ".profile",
        ".zshrc",
        "authorized_keys",
        "/etc/inittab",
    ];
    !path.starts_with("/tmp/") && PLACES.iter().any(|place| path.contains(place))
}
