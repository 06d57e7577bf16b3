//! The rounds: the variants of a section run in turn, several times, each in a fresh process.

use std::path::Path;
use std::time::Instant;

use crate::machine::{Machine, today};
use crate::options::Options;
use crate::process::Programs;
use crate::results::Results;
use crate::section::Section;
use crate::{Result, report};

pub(crate) fn run(sections: &[Section], options: &Options, with_fastrace: &Path) -> Result<()> {
    let programs = Programs { suite: std::env::current_exe()?, with_fastrace: with_fastrace.to_owned() };
    let machine = Machine::here()?;
    for section in sections.iter().filter(|section| options.takes(section)) {
        let started = Instant::now();
        let results = measure(section, options, &machine, &programs)?;
        eprintln!("{}: {} s", section.id, started.elapsed().as_secs());
        results.save(section)?;
        println!("{}", report::section(section, &results));
    }
    report::write(sections, &machine)
}

fn measure(section: &Section, options: &Options, machine: &Machine, programs: &Programs) -> Result<Results> {
    (section.prepare)()?;
    let rounds = options.rounds.min(section.max_rounds);
    let mut results = Results::new(today(), machine.clone(), options.quick, rounds);
    for round in 1..=rounds {
        // Variants run in turn, so that background load affects all variants equally.
        for variant in &section.variants {
            eprintln!("{}: round {round}/{rounds}: {}", section.id, variant.name);
            results.add(variant.name, &programs.run(section, variant, options.quick)?);
        }
    }
    for variant in &section.variants {
        if let Some(counted) = &variant.counted {
            eprintln!("{}: counting: {}", section.id, variant.name);
            results.add(variant.name, &programs.count(section, variant, counted)?);
        }
    }
    Ok(results)
}
