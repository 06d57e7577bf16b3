//! The command line.

use crate::Result;
use crate::section::Section;

/// The options of the command line.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    /// `true` for fewer and shorter rounds, to try the suite.
    pub(crate) quick: bool,
    /// The number of rounds.
    pub(crate) rounds: usize,
    /// The sections to run; empty for all.
    pub(crate) only: Vec<String>,
}

const FULL_ROUNDS: usize = 7;
const QUICK_ROUNDS: usize = 3;

impl Options {
    /// Reads `[--quick] [--rounds N] [--only ID,…]`. Cargo adds `--bench`.
    pub(crate) fn parse(arguments: &[String], sections: &[Section]) -> Result<Self> {
        let mut options = Options { quick: false, rounds: 0, only: Vec::new() };
        let mut words = arguments.iter().map(String::as_str);
        while let Some(word) = words.next() {
            match word {
                "--bench" => {}
                "--quick" => options.quick = true,
                "--rounds" => options.rounds = words.next().ok_or("--rounds takes a number")?.parse()?,
                "--only" => options.only = words.next().unwrap_or_default().split(',').map(str::to_owned).collect(),
                other => return Err(format!("{other}: takes [--quick] [--rounds N] [--only ID,…]").into()),
            }
        }
        if options.rounds == 0 {
            options.rounds = if options.quick { QUICK_ROUNDS } else { FULL_ROUNDS };
        }
        for id in &options.only {
            if !sections.iter().any(|section| section.id == id) {
                let ids: Vec<_> = sections.iter().map(|section| section.id).collect();
                return Err(format!("--only {id}: the sections are {}", ids.join(", ")).into());
            }
        }
        Ok(options)
    }

    /// Returns `true` if a section is to run.
    pub(crate) fn takes(&self, section: &Section) -> bool {
        self.only.is_empty() || self.only.iter().any(|id| id == section.id)
    }
}
