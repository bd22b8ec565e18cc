//! The programs under test, built once by each test process.

use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

/// A program under test.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Program {
    /// `cowrie-loader`.
    Loader,
    /// `cowrie-db`.
    Db,
    /// `cowrie-enrich`.
    Enrich,
}

impl Program {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Loader, Self::Db, Self::Enrich];

    /// What it is called.
    pub fn name(self) -> &'static str {
        match self {
            Self::Loader => "cowrie-loader",
            Self::Db => "cowrie-db",
            Self::Enrich => "cowrie-enrich",
        }
    }

    /// The executable file, built from the sources as they are now.
    ///
    /// The first call of a process runs `cargo build` with the profile and into the folder of the
    /// test that calls: nothing to do when the program is fresh, and never a stale one. Cargo's
    /// own lock keeps test processes that run at the same time apart.
    pub fn path(self) -> PathBuf {
        static BUILT: OnceLock<Built> = OnceLock::new();
        let Built { folder, is_done, said } = BUILT.get_or_init(build);
        assert!(is_done, "the programs under test do not build:\n{said}");
        folder.join(self.name())
    }
}

/// What came of building all programs; it is tried once, since every test would fail alike.
struct Built {
    folder: PathBuf,
    is_done: bool,
    said: String,
}

fn build() -> Built {
    // A test is `<target folder>/<profile>/deps/<test>-<hash>`.
    let test = std::env::current_exe().expect("a test knows its own file");
    let deps = test.parent().expect("a file is in a folder");
    let profile_folder = deps.parent().expect("the folder `deps` is in that of the profile");
    let target_folder = profile_folder.parent().expect("a profile is in the target folder");
    let profile = match profile_folder.file_name().and_then(|name| name.to_str()) {
        Some("debug") | None => "dev",
        Some(name) => name,
    };
    // Cargo says at run time where the sources are now; a test that is started by hand knows only
    // where they were when it was built.
    let told = |name| std::env::var_os(name).map(PathBuf::from);
    let sources = told("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    let mut cargo = Command::new(told("CARGO").unwrap_or_else(|| env!("CARGO").into()));
    cargo.current_dir(sources);
    // Named like this the dependencies have the features that `cargo test --workspace` gave them.
    cargo.args(["build", "--quiet", "--locked", "--workspace", "--bins", "--tests"]);
    cargo.args(["--profile", profile, "--target-dir"]).arg(target_folder);
    let output = cargo.output().expect("could not start cargo");
    Built {
        folder: profile_folder.to_owned(),
        is_done: output.status.success(),
        said: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}
