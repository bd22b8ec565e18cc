//! Daily files, a part of them compressed, with a little damage among the lines.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use bzip2::write::BzEncoder;
use chrono::{DateTime, NaiveDate, Utc};
use flate2::write::GzEncoder;
use rand::{RngExt as _, SeedableRng as _};
use rand_pcg::Pcg64Mcg;

use crate::corpus::event::{What, sensor_name};
use crate::corpus::{Size, Truth};

/// The logs of all honeypots.
pub(crate) struct Logs<'a> {
    size: &'a Size,
    folders: Vec<PathBuf>,
    open: Vec<Option<Daily>>,
    truth: Truth,
    rng: Pcg64Mcg,
}

struct Daily {
    day: NaiveDate,
    path: PathBuf,
    to: Output,
}

/// A file, and how it is compressed.
enum Output {
    Plain(BufWriter<File>),
    Gzip(GzEncoder<BufWriter<File>>),
    Bzip2(BzEncoder<BufWriter<File>>),
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(to) => to.write(bytes),
            Self::Gzip(to) => to.write(bytes),
            Self::Bzip2(to) => to.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(to) => to.flush(),
            Self::Gzip(to) => to.flush(),
            Self::Bzip2(to) => to.flush(),
        }
    }
}

impl Output {
    fn finish(self) -> io::Result<()> {
        let mut file = match self {
            Self::Plain(to) => to,
            Self::Gzip(to) => to.finish()?,
            Self::Bzip2(to) => to.finish()?,
        };
        file.flush()
    }
}

impl<'a> Logs<'a> {
    pub(crate) fn new(folder: &Path, size: &'a Size) -> Result<Self> {
        let sensors = 0..size.sensors.max(1) as usize;
        let folders: Vec<PathBuf> = sensors.map(|at| folder.join(sensor_name(at))).collect();
        for folder in &folders {
            fs::create_dir_all(folder)
                .with_context(|| format!("failed to make `{}`", folder.display()))?;
        }
        let open = folders.iter().map(|_| None).collect();
        let rng = Pcg64Mcg::seed_from_u64(size.seed ^ 0x0066_696c_6573);
        Ok(Self { size, folders, open, truth: Truth::default(), rng })
    }

    pub(crate) fn write(
        &mut self,
        at: DateTime<Utc>,
        sensor: usize,
        line: &str,
        what: &What,
    ) -> Result<()> {
        let day = at.date_naive();
        if self.open[sensor].as_ref().is_none_or(|daily| daily.day != day) {
            self.rotate(sensor, Some(day))?;
        }
        self.put(sensor, line.as_bytes())?;
        self.count(line, what);
        if self.rng.random_ratio(self.size.doubled_per_million, 1_000_000) {
            self.put(sensor, line.as_bytes())?;
            self.truth.doubled += 1;
        }
        if self.rng.random_ratio(self.size.damage_per_million, 1_000_000) {
            let damage = self.damage(line);
            self.put(sensor, &damage)?;
            self.truth.damaged += 1;
        }
        Ok(())
    }

    /// A line that is no event, in one of the ways in which logs are damaged.
    fn damage(&mut self, line: &str) -> Vec<u8> {
        match self.rng.random_range(0..3) {
            0 => line.as_bytes().iter().take(line.len() / 2).copied().collect(),
            1 => b"Traceback (most recent call last):".to_vec(),
            _ => b"\xff\xfe{\"eventid\": \"cowrie.".to_vec(),
        }
    }

    fn put(&mut self, sensor: usize, line: &[u8]) -> Result<()> {
        let Some(daily) = &mut self.open[sensor] else { return Ok(()) };
        let written = daily.to.write_all(line).and_then(|()| daily.to.write_all(b"\n"));
        self.truth.bytes += line.len() as u64 + 1;
        written.with_context(|| format!("failed to write `{}`", daily.path.display()))
    }

    fn count(&mut self, line: &str, what: &What) {
        let truth = &mut self.truth;
        truth.events += 1;
        match what {
            What::Connect => truth.sessions += 1,
            What::Login { .. } => truth.logins += 1,
            What::Command(_) => truth.commands += 1,
            What::Download { .. } | What::Upload { .. } => truth.files_brought += 1,
            _ => {}
        }
        let kind = line.split('"').nth(3).unwrap_or_default();
        match truth.kinds.get_mut(kind) {
            Some(count) => *count += 1,
            None => _ = truth.kinds.insert(kind.to_owned(), 1),
        }
    }

    /// Ends the file of a honeypot, and begins that of a day.
    fn rotate(&mut self, sensor: usize, day: Option<NaiveDate>) -> Result<()> {
        if let Some(ended) = self.open[sensor].take() {
            let done = ended.to.finish().and_then(|()| fs::metadata(&ended.path));
            let metadata =
                done.with_context(|| format!("failed to end `{}`", ended.path.display()))?;
            self.truth.bytes_on_disk += metadata.len();
            self.truth.files += 1;
        }
        if let Some(day) = day {
            self.open[sensor] = Some(self.begin(sensor, day)?);
        }
        Ok(())
    }

    fn begin(&mut self, sensor: usize, day: NaiveDate) -> Result<Daily> {
        let Size { gzip_percent, bzip2_percent, .. } = *self.size;
        let share = self.rng.random_range(0..100);
        let name = format!("cowrie.json.{day}");
        let is_gzip = share < gzip_percent;
        let is_bzip2 = !is_gzip && share < gzip_percent + bzip2_percent;
        let name = match (is_gzip, is_bzip2) {
            (true, _) => format!("{name}.gz"),
            (_, true) => format!("{name}.bz2"),
            _ => name,
        };
        let path = self.folders[sensor].join(name);
        let file =
            File::create(&path).with_context(|| format!("failed to make `{}`", path.display()))?;
        let file = BufWriter::with_capacity(1 << 18, file);
        let to = if is_gzip {
            Output::Gzip(GzEncoder::new(file, flate2::Compression::default()))
        } else if is_bzip2 {
            Output::Bzip2(BzEncoder::new(file, bzip2::Compression::best()))
        } else {
            Output::Plain(file)
        };
        Ok(Daily { day, path, to })
    }

    pub(crate) fn finish(mut self) -> Result<Truth> {
        for sensor in 0..self.open.len() {
            self.rotate(sensor, None)?;
        }
        self.truth.addresses = u64::from(self.size.addresses.min(self.size.sessions));
        Ok(self.truth)
    }
}
