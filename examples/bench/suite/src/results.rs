//! Results are kept between runs, so a section can be measured again without the others.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::Result;
use crate::bench::{Samples, median};
use crate::machine::Machine;
use crate::section::Section;

/// The results of a section.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Results {
    pub(crate) date: String,
    pub(crate) machine: Machine,
    pub(crate) quick: bool,
    pub(crate) rounds: usize,
    /// Row, figure, and the median of each round.
    rows: BTreeMap<String, BTreeMap<String, Vec<f64>>>,
}

impl Results {
    pub(crate) fn new(date: String, machine: Machine, quick: bool, rounds: usize) -> Self {
        Results { date, machine, quick, rounds, rows: BTreeMap::new() }
    }

    /// Adds a round of a variant.
    pub(crate) fn add(&mut self, variant: &str, samples: &Samples) {
        let row = self.rows.entry(variant.to_owned()).or_default();
        for (figure, median) in samples.medians() {
            row.entry(figure.to_owned()).or_default().push(median);
        }
    }

    /// Returns the medians of a figure's rounds.
    pub(crate) fn figure(&self, variant: &str, figure: &str) -> Option<&[f64]> {
        Some(self.rows.get(variant)?.get(figure)?)
    }

    /// Returns the median of a figure's rounds.
    pub(crate) fn median(&self, variant: &str, figure: &str) -> Option<f64> {
        median(self.figure(variant, figure)?)
    }

    /// Loads the results of a section; `None` without results for the current machine and compiler.
    pub(crate) fn load(section: &Section, machine: &Machine) -> Result<Option<Self>> {
        let Ok(text) = fs::read_to_string(file(section)?) else { return Ok(None) };
        // The results of an older suite may have another form, and are then ignored.
        Ok(serde_json::from_str(&text).ok().filter(|results: &Results| results.machine == *machine))
    }

    pub(crate) fn save(&self, section: &Section) -> Result<()> {
        Ok(fs::write(file(section)?, serde_json::to_string_pretty(self)?)?)
    }
}

fn file(section: &Section) -> Result<PathBuf> {
    Ok(directory()?.join(format!("{}.json", section.id)))
}

/// Returns `bench-results` in the target directory of the suite.
pub(crate) fn directory() -> Result<PathBuf> {
    let program = std::env::current_exe()?;
    let profile = program.ancestors().find(|directory| directory.ends_with("release"));
    let target = profile.and_then(|profile| profile.parent()).ok_or("the suite does not lie in a target directory")?;
    let directory = target.join("bench-results");
    fs::create_dir_all(&directory)?;
    Ok(directory)
}
