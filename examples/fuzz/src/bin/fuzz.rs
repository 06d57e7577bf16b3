//! Runs all targets side by side for a while, beginning with the corpus.
//!
//! ```text
//! cargo build --release --bins
//! cargo run --release                            # a minute
//! cargo run --release -- --seconds 600 --keep    # and keep what reached new code
//! ```
//!
//! The output names the file of a failing input. `cargo run --release --bin strip -- FILE` runs the input again.

use std::env;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;

use libfuzzer_sys as _; // has the functions that the coverage of this program calls
use thundra_fuzz::corpus::{pack, unpack};

const TARGETS: [&str; 4] = ["recognise", "envelopes", "strip", "splice"];

/// The longest input. Longer inputs show nothing beyond grown inputs.
const MAX_BYTES: &str = "-max_len=2048";

/// An error that passes from a thread to the program.
type Failure = Box<dyn Error + Send + Sync>;

fn main() -> Result<(), Failure> {
    let arguments: Vec<_> = env::args().skip(1).collect();
    let seconds = arguments.iter().position(|argument| argument == "--seconds").and_then(|at| arguments.get(at + 1));
    let seconds = seconds.map_or("60", String::as_str);
    let keep = arguments.iter().any(|argument| argument == "--keep");

    let programs = env::current_exe()?.parent().ok_or("no folder of programs")?.to_owned();
    let work = |target: &str| {
        let fuzz = Fuzz::new(&programs, target)?;
        println!("{target}: {}", fuzz.run(&[&format!("-max_total_time={seconds}")])?);
        if keep { fuzz.keep() } else { Ok(()) }
    };
    thread::scope(|scope| {
        let running = TARGETS.map(|target| scope.spawn(move || work(target)));
        running.into_iter().try_for_each(|target| target.join().map_err(|_| "a thread panicked")?)
    })?;
    println!("{} passed, 0 failed", TARGETS.len());
    Ok(())
}

/// A target with all files.
struct Fuzz {
    program: PathBuf,
    /// The inputs for libFuzzer, which adds new inputs.
    folder: PathBuf,
    corpus: PathBuf,
}

impl Fuzz {
    fn new(programs: &Path, target: &str) -> Result<Self, Failure> {
        let folder = programs.join("fuzz-inputs").join(target);
        let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(format!("{target}.txt"));
        unpack(&corpus, &folder)?;
        Ok(Self { program: programs.join(target), folder, corpus })
    }

    /// Runs the target, and returns the last line of the output.
    fn run(&self, arguments: &[&str]) -> Result<String, Failure> {
        let artifacts = format!("-artifact_prefix={}-", self.folder.display());
        let mut command = Command::new(&self.program);
        let output = command.args([MAX_BYTES, &artifacts]).args(arguments).arg(&self.folder).output()?;
        let log = String::from_utf8_lossy(&output.stderr);
        if output.status.success() {
            return Ok(log.lines().last().unwrap_or_default().to_owned());
        }
        let panic = log.lines().skip_while(|line| !line.contains("panicked") && !line.contains("ERROR"));
        let panic = panic.collect::<Vec<_>>().join("\n");
        Err(format!("{}: {}\n{panic}", self.program.display(), output.status).into())
    }

    /// Rewrites the corpus with the shortest inputs that reach the same code.
    fn keep(&self) -> Result<(), Failure> {
        let kept = self.folder.with_extension("kept");
        if kept.exists() {
            fs::remove_dir_all(&kept)?;
        }
        fs::create_dir_all(&kept)?;
        self.run(&["-merge=1", "-use_counters=0", &kept.display().to_string()])?;
        Ok(pack(&kept, &self.corpus)?)
    }
}
