//! A directory that is written, rotated, copied and cut at random while it is loaded: in the end
//! the tables are those of one load of every line that was ever written.

use std::fs::{self, File, OpenOptions};
use std::future::poll_fn;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use cowrie_core::{Clock as _, SystemClock};
use cowrie_enrichment::{Disabled, SourceName};
use cowrie_ingest::{
    LoadOptions, NetNew, PlanOptions, ReadOptions, Verified, VerifyOptions, load, plan_new,
    plan_whole, verify,
};
use cowrie_logfile::Limits;
use cowrie_logfind::{FindOptions, find};
use cowrie_schema::dead_letter_events;
use cowrie_store::Store;
use cowrie_testdb::{Engine, TestDb};
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _};
use tokio_util::sync::CancellationToken;

use crate::dump::{assert_same, dump};
use crate::site::{How, PLAIN, Silent, fixed_clock, load_into};

/// Numbers that follow from a seed: Steele, Lea and Flood's `SplitMix64` (2014).
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % most as u64).unwrap()
    }
}

fn line(number: usize) -> String {
    let session = 0xabc_0000 + number / 3;
    let kind = ["session.connect", "login.failed", "session.closed"][number % 3];
    let (day, hour) = (1 + number / 86_400, number / 3600 % 24);
    let (minute, second) = (number / 60 % 60, number % 60);
    format!(
        r#"{{"eventid":"cowrie.{kind}","message":"line {number}","session":"{session:012x}","src_ip":"1.128.3.{}","sensor":"s","timestamp":"2026-04-{day:02}T{hour:02}:{minute:02}:{second:02}Z"}}"#,
        number / 3 % 250
    ) + "\n"
}

/// The directory, and what was ever written into it.
struct World {
    folder: tempfile::TempDir,
    dice: Dice,
    n_lines: usize,
    /// Every line that was begun.
    all: String,
    /// The rest of a line of which the beginning is written.
    rest: String,
    n_names: usize,
    rotated: Vec<PathBuf>,
    steps: Vec<&'static str>,
}

impl World {
    fn new(seed: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        File::create(folder.path().join("cowrie.json")).unwrap();
        Self {
            folder,
            dice: Dice(seed),
            n_lines: 0,
            all: String::new(),
            rest: String::new(),
            n_names: 0,
            rotated: Vec::new(),
            steps: Vec::new(),
        }
    }

    fn live(&self) -> PathBuf {
        self.folder.path().join("cowrie.json")
    }

    fn name(&mut self) -> PathBuf {
        self.n_names += 1;
        self.folder.path().join(format!("cowrie.json.{}", self.n_names))
    }

    fn append(&self, text: &str) {
        let file = OpenOptions::new().append(true).create(true).open(self.live());
        file.unwrap().write_all(text.as_bytes()).unwrap();
    }

    fn next_line(&mut self) -> String {
        let text = line(self.n_lines);
        self.n_lines += 1;
        self.all += &text;
        text
    }

    fn write_lines(&mut self, count: usize) {
        let mut text = std::mem::take(&mut self.rest);
        for _ in 0..count {
            text += &self.next_line();
        }
        self.append(&text);
    }

    /// Writes the beginning of a line, behind a whole one: by its time the halves are found.
    fn write_part(&mut self) {
        self.write_lines(1);
        let text = self.next_line();
        let cut = 1 + self.dice.below(text.len() - 1);
        let (begun, rest) = text.split_at(cut);
        self.append(begun);
        rest.clone_into(&mut self.rest);
    }

    /// Goes on after a rotation, as far as the line that it may have torn and one more. The next
    /// one comes ten minutes later.
    fn go_on(&mut self) {
        self.write_lines(1);
        self.n_lines += 600;
    }

    fn rotate(&mut self) {
        let name = self.name();
        fs::rename(self.live(), &name).unwrap();
        self.rotated.push(name);
        self.go_on();
    }

    fn copy_and_truncate(&mut self) {
        let name = self.name();
        fs::copy(self.live(), &name).unwrap();
        OpenOptions::new().write(true).truncate(true).open(self.live()).unwrap();
        self.rotated.push(name);
        self.go_on();
    }

    /// One of the rotated files that is no archive yet.
    fn any_rotated(&mut self) -> Option<usize> {
        let count = self.rotated.len();
        (count > 0).then(|| self.dice.below(count))
    }

    fn compress(&mut self) {
        let Some(at) = self.any_rotated() else { return };
        let from = self.rotated.swap_remove(at);
        let to = format!("{}.gz", from.display());
        let level = flate2::Compression::fast();
        let mut encoder = flate2::write::GzEncoder::new(File::create(to).unwrap(), level);
        encoder.write_all(&fs::read(&from).unwrap()).unwrap();
        encoder.finish().unwrap();
        fs::remove_file(from).unwrap();
    }

    fn rename(&mut self) {
        let Some(at) = self.any_rotated() else { return };
        let name = self.name();
        fs::rename(&self.rotated[at], &name).unwrap();
        self.rotated[at] = name;
    }

    fn duplicate(&mut self) {
        let Some(at) = self.any_rotated() else { return };
        let name = self.name();
        fs::copy(&self.rotated[at], name).unwrap();
    }

    async fn step(&mut self, db: &TestDb) {
        let name = match self.dice.below(13) {
            0..=2 => {
                let count = 1 + self.dice.below(20);
                self.write_lines(count);
                "write"
            }
            3 | 4 if self.rest.is_empty() => {
                self.write_part();
                "write a part"
            }
            5 => {
                self.rotate();
                "rotate"
            }
            6 => {
                self.copy_and_truncate();
                "copy and truncate"
            }
            7 => {
                self.compress();
                "compress"
            }
            8 if self.rest.is_empty() => {
                // What was not read before is gone.
                pass(db, self.folder.path(), Duration::from_hours(1)).await;
                if self.dice.below(2) == 0 {
                    fs::remove_file(self.live()).unwrap();
                    File::create(self.live()).unwrap();
                } else {
                    OpenOptions::new().write(true).truncate(true).open(self.live()).unwrap();
                }
                self.go_on();
                "delete or empty"
            }
            9 => {
                self.rename();
                self.duplicate();
                "rename and duplicate"
            }
            10 => {
                let settle = Duration::from_hours(1);
                let folder = self.folder.path();
                tokio::join!(pass(db, folder, settle), pass(db, folder, settle));
                "load twice at once"
            }
            11 => {
                let polls = self.dice.below(60);
                killed(pass(db, self.folder.path(), Duration::from_hours(1)), polls).await;
                "load and kill"
            }
            _ => {
                pass(db, self.folder.path(), Duration::from_hours(1)).await;
                "load"
            }
        };
        self.steps.push(name);
    }
}

/// One run of a loader, which knows nothing of the runs before.
async fn pass(db: &TestDb, folder: &Path, settle: Duration) {
    let store = Store::over(db.connection().clone()).await.unwrap();
    let inputs = [folder.to_string_lossy().into_owned()];
    let sources = find(&inputs, FindOptions { ignore_missing: true }).unwrap().sources;
    let options = PlanOptions { now: SystemClock.now(), settle, limits: Limits::STANDARD };
    let plan = plan_new(sources, &store.cursors().await.unwrap(), options);
    let source = Disabled::not_configured(SourceName::MaxMind);
    let net_new = NetNew { source: &source, is_wanted: &|_| true };
    let read = ReadOptions { batch_events: 13, ..ReadOptions::STANDARD };
    let options =
        LoadOptions { ingest_id: "model".to_owned(), dry_run: false, read, transaction_events: 30 };
    let stop = CancellationToken::new();
    let clock = fixed_clock();
    let done = load(&store, plan, &net_new, &options, &clock, &stop, &Silent).await;
    done.unwrap();
}

/// A loader that is killed: it is dropped after so many steps, in a transaction or between two.
async fn killed(pass: impl Future<Output = ()>, polls: usize) {
    let mut pass = pin!(pass);
    let mut left = polls;
    poll_fn(|context| match left.checked_sub(1) {
        Some(fewer) => {
            left = fewer;
            pass.as_mut().poll(context)
        }
        None => Poll::Ready(()),
    })
    .await;
}

/// Every byte in the directory is in the database, by its own account.
async fn verified(db: &TestDb, folder: &Path) -> Verified {
    let store = Store::over(db.connection().clone()).await.unwrap();
    let inputs = [folder.to_string_lossy().into_owned()];
    let sources = find(&inputs, FindOptions { ignore_missing: false }).unwrap().sources;
    let plan = plan_whole(sources, &store.cursors().await.unwrap());
    let read = ReadOptions { batch_events: 17, ..ReadOptions::STANDARD };
    let options = VerifyOptions { read, most_listed: 3 };
    verify(&store, plan, options, &CancellationToken::new(), &Silent).await.unwrap()
}

async fn run(engine: Engine, seed: u64) {
    let mut world = World::new(seed);
    let db = TestDb::migrated(engine).await;
    for _ in 0..25 {
        world.step(&db).await;
    }
    world.write_lines(1);
    for _ in 0..2 {
        pass(&db, world.folder.path(), Duration::ZERO).await;
    }
    let told = format!("{engine:?}, seed {seed}: {:?}", world.steps);
    let verified = verified(&db, world.folder.path()).await;
    assert!(verified.is_proven() && verified.waiting == 0, "{verified:?}; {told}");

    let clean = TestDb::migrated(engine).await;
    let path = world.folder.path().join("all.json");
    fs::write(&path, &world.all).unwrap();
    let how = How { with_mmdb: false, ..PLAIN };
    load_into(&clean, &[path.to_string_lossy().into_owned()], how).await;

    let open = open_letters(&db).await;
    let (mut expected, mut found) = (dump(clean.connection()).await, dump(db.connection()).await);
    expected.remove("dead_letter_events");
    found.remove("dead_letter_events");
    let same = std::panic::catch_unwind(|| assert_same(&expected, &found));
    assert!(same.is_ok() && open.is_empty(), "open letters: {open:?}; {told}");
}

/// The dead letters that are not settled.
async fn open_letters(db: &TestDb) -> Vec<String> {
    let letters = dead_letter_events::Entity::find()
        .filter(dead_letter_events::Column::Resolved.eq(false))
        .all(db.connection())
        .await;
    let shown = |letter: &dead_letter_events::Model| {
        let payload = String::from_utf8_lossy(&letter.payload).into_owned();
        let (source, at) = (&letter.source, letter.source_offset);
        format!("{} {source}:{at} beside {:?}: {payload}", letter.reason, letter.beside_at)
    };
    letters.unwrap().iter().map(shown).collect()
}

/// The first seed; another run of the tests may begin elsewhere.
fn first_seed() -> u64 {
    std::env::var_os("COWRIE_MODEL_SEED").and_then(|seed| seed.to_str()?.parse().ok()).unwrap_or(1)
}

#[tokio::test]
async fn a_random_directory_is_loaded_exactly_into_sqlite() {
    for seed in first_seed()..first_seed() + 200 {
        run(Engine::Sqlite, seed).await;
    }
}

#[tokio::test]
async fn a_random_directory_is_loaded_exactly_into_postgres() {
    for seed in first_seed()..first_seed() + 40 {
        run(Engine::Postgres, seed).await;
    }
}
