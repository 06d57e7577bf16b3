//! A separate process for each run of a variant.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{BufReader, ErrorKind};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use thundra_bench_work::callgrind;

use crate::Result;
use crate::bench::{Bench, Samples};
use crate::results;
use crate::section::{Counted, Program, Run, Section, Variant, counts};

/// The role of a process of the suite.
pub(crate) enum Role<'a> {
    /// `variant SECTION VARIANT full|quick [FILE]`: measures, and writes the samples to the file or standard output.
    Variant { section: &'a str, variant: &'a str, quick: bool, file: Option<&'a str> },
    /// `repeat SECTION VARIANT N`: does the work N times, for callgrind.
    Repeat { section: &'a str, variant: &'a str, times: u64 },
}

impl<'a> Role<'a> {
    pub(crate) fn of(arguments: &'a [String]) -> Option<Self> {
        let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
        match *words.as_slice() {
            ["variant", section, variant, mode, ref file @ ..] => {
                Some(Role::Variant { section, variant, quick: mode == "quick", file: file.first().copied() })
            }
            ["repeat", section, variant, times] => Some(Role::Repeat { section, variant, times: times.parse().ok()? }),
            _ => None,
        }
    }

    pub(crate) fn play(self, sections: &[Section]) -> Result<()> {
        let find = |section, variant| -> Result<&Variant> {
            let found = sections.iter().find(|known| known.id == section);
            found.ok_or_else(|| format!("there is no section {section}"))?.variant(variant)
        };
        match self {
            Role::Variant { section, variant, quick, file } => {
                let samples = match &find(section, variant)?.run {
                    Run::Outside(run) => run(quick)?,
                    Run::Within(run) => {
                        let mut bench = Bench::new(quick);
                        run(&mut bench)?;
                        bench.samples
                    }
                };
                match file {
                    Some(file) => serde_json::to_writer(File::create(file)?, &samples)?,
                    None => println!("{}", serde_json::to_string(&samples)?),
                }
            }
            Role::Repeat { section, variant, times } => {
                let counted = find(section, variant)?.counted.as_ref();
                (counted.ok_or("nothing is counted here")?.run)(times)?;
            }
        }
        // Not joined: a peer's worker may wait for spans for ever.
        std::process::exit(0)
    }
}

/// Returns a command with an empty environment, no input, and no output.
pub(crate) fn clean(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.env_clear().stdin(Stdio::null()).stdout(Stdio::null());
    command
}

/// The paths of the suite's programs.
pub(crate) struct Programs {
    pub(crate) suite: PathBuf,
    pub(crate) with_fastrace: PathBuf,
}

impl Programs {
    fn of(&self, variant: &Variant) -> &Path {
        match variant.program {
            Program::Suite => &self.suite,
            Program::WithFastrace => &self.with_fastrace,
        }
    }

    /// Runs a variant and returns the samples.
    pub(crate) fn run(&self, section: &Section, variant: &Variant, quick: bool) -> Result<Samples> {
        if let Run::Outside(run) = &variant.run {
            return run(quick);
        }
        // Standard output belongs to the variant: some exporters write to standard output.
        let file = results::directory()?.join("samples.json");
        let mut command = clean(self.of(variant));
        command.args(["variant", section.id, variant.name, if quick { "quick" } else { "full" }]).arg(&file);
        if variant.silent {
            command.stderr(Stdio::null());
        }
        let status = command.status()?;
        if !status.success() {
            return Err(format!("{} of {}: {status}", variant.name, section.id).into());
        }
        let samples = serde_json::from_reader(BufReader::new(File::open(&file)?))?;
        std::fs::remove_file(&file)?;
        Ok(samples)
    }

    /// Counts one unit of a variant's work with callgrind. Returns no samples without valgrind.
    pub(crate) fn count(&self, section: &Section, variant: &Variant, counted: &Counted) -> Result<Samples> {
        let program = self.of(variant);
        let count =
            |times: u64| callgrind::count(program, &["repeat", section.id, variant.name, &times.to_string()], &[]);
        let mut samples = Samples::default();
        for _ in 0..COUNTS {
            let short = match count(REPETITIONS.0) {
                Err(missing) if missing.kind() == ErrorKind::NotFound => {
                    eprintln!("{}: not counted: {missing}", section.id);
                    return Ok(samples);
                }
                short => short?,
            };
            let work = count(REPETITIONS.1)? - short;
            let units = (counted.units * (REPETITIONS.1 - REPETITIONS.0)) as f64;
            // The calibration of fastrace's clock varies by more than the work.
            if variant.program == Program::Suite {
                samples.add(counts::INSTRUCTIONS, work.instructions as f64 / units);
            }
            samples.add(counts::ALLOCATIONS, work.allocations as f64 / units);
            if let Some(locked) = work.locked {
                samples.add(counts::LOCKED, locked as f64 / units);
            }
        }
        Ok(samples)
    }
}

/// The number of counts. Hash maps have random seeds, so the cost differs between processes.
const COUNTS: usize = 3;

/// Two run lengths. The difference excludes start and end.
const REPETITIONS: (u64, u64) = (3, 7);

/// Returns the root of the repository.
pub(crate) fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../.."))
}
