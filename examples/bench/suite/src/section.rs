//! Sections: a section is a table with variants as rows and figures as columns.

use crate::Result;
use crate::bench::{Bench, Samples};

/// One table of the report.
pub(crate) struct Section {
    /// The name for `--only`.
    pub(crate) id: &'static str,
    pub(crate) title: &'static str,
    /// One paragraph: the work, and the units of the figures.
    pub(crate) note: &'static str,
    pub(crate) variants: Vec<Variant>,
    pub(crate) columns: Vec<Column>,
    /// The maximum number of rounds, for slow or constant work.
    pub(crate) max_rounds: usize,
    /// The preparation before the first round, such as building programs.
    pub(crate) prepare: fn() -> Result<()>,
}

impl Section {
    pub(crate) fn new(id: &'static str, title: &'static str, note: &'static str) -> Self {
        let (variants, columns) = (Vec::new(), Vec::new());
        Section { id, title, note, variants, columns, max_rounds: usize::MAX, prepare: || Ok(()) }
    }

    /// Adds rows.
    pub(crate) fn variants(mut self, variants: impl IntoIterator<Item = Variant>) -> Self {
        self.variants.extend(variants);
        self
    }

    /// Adds columns.
    pub(crate) fn columns(mut self, columns: impl IntoIterator<Item = Column>) -> Self {
        self.columns.extend(columns);
        self
    }

    /// Limits the number of rounds.
    pub(crate) fn max_rounds(mut self, rounds: usize) -> Self {
        self.max_rounds = rounds;
        self
    }

    /// Sets the preparation before the first round.
    pub(crate) fn prepare(mut self, prepare: fn() -> Result<()>) -> Self {
        self.prepare = prepare;
        self
    }

    /// Returns the variant called `name`.
    pub(crate) fn variant(&self, name: &str) -> Result<&Variant> {
        let found = self.variants.iter().find(|variant| variant.name == name);
        found.ok_or_else(|| format!("{} has no variant {name}", self.id).into())
    }
}

/// A row: thundra, a peer, or the floor of both.
pub(crate) struct Variant {
    /// The name of the row, unique in the section.
    pub(crate) name: &'static str,
    /// A description of a few words.
    pub(crate) about: &'static str,
    pub(crate) run: Run,
    pub(crate) counted: Option<Counted>,
    /// `true` if the standard error of the variant is discarded.
    pub(crate) silent: bool,
    /// The program of the variant.
    pub(crate) program: Program,
}

/// The programs of the suite.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Program {
    /// The suite's main program.
    Suite,
    /// The program with fastrace linked in.
    WithFastrace,
}

type Measure = dyn Fn(&mut Bench) -> Result<()>;

/// The measurement of a variant.
pub(crate) enum Run {
    /// A separate process: the suite starts itself again, with an empty environment.
    Within(Box<Measure>),
    /// Other programs, which the suite starts ([`clean`](crate::process::clean)) and times. The argument is `true` in a
    /// quick run.
    Outside(Box<dyn Fn(bool) -> Result<Samples>>),
}

/// The same work without clocks, for callgrind. The argument is the number of repetitions.
pub(crate) struct Counted {
    /// The units (spans) of one repetition.
    pub(crate) units: u64,
    pub(crate) run: Box<dyn Fn(u64) -> Result<()>>,
}

/// The figures of counted variants.
pub(crate) mod counts {
    pub(crate) const INSTRUCTIONS: &str = "instructions";
    pub(crate) const LOCKED: &str = "locked";
    pub(crate) const ALLOCATIONS: &str = "allocations";
}

impl Variant {
    /// Returns a variant that runs in a separate process.
    pub(crate) fn within(
        name: &'static str,
        about: &'static str,
        run: impl Fn(&mut Bench) -> Result<()> + 'static,
    ) -> Self {
        Variant { name, about, run: Run::Within(Box::new(run)), counted: None, silent: false, program: Program::Suite }
    }

    /// Returns a variant that consists of other programs.
    pub(crate) fn outside(
        name: &'static str,
        about: &'static str,
        run: impl Fn(bool) -> Result<Samples> + 'static,
    ) -> Self {
        Variant { name, about, run: Run::Outside(Box::new(run)), counted: None, silent: false, program: Program::Suite }
    }

    /// Adds counts of instructions, locked instructions and allocations of each unit, if valgrind is installed.
    pub(crate) fn counted(mut self, units: u64, run: impl Fn(u64) -> Result<()> + 'static) -> Self {
        self.counted = Some(Counted { units, run: Box::new(run) });
        self
    }

    /// Moves the variant to the program with fastrace.
    pub(crate) fn with_fastrace(mut self) -> Self {
        self.program = Program::WithFastrace;
        self
    }

    /// Sends the standard error of the variant to `/dev/null`, like the standard output of every variant.
    pub(crate) fn silent(mut self) -> Self {
        self.silent = true;
        self
    }
}

/// A column: a figure, alone or relative to another row.
pub(crate) struct Column {
    pub(crate) figure: String,
    pub(crate) title: String,
    pub(crate) show: Show,
}

/// The content of a cell, from the medians of the rounds.
pub(crate) enum Show {
    /// The median of the rounds.
    Median,
    /// The median and the range of the rounds.
    Spread,
    /// The median, divided by the median of another row.
    Ratio(&'static str),
    /// The median minus the median of another row.
    Over(&'static str),
}

impl Column {
    /// Returns a column with the median of a figure.
    pub(crate) fn median(figure: impl Into<String>, title: impl Into<String>) -> Self {
        Column { figure: figure.into(), title: title.into(), show: Show::Median }
    }

    /// Returns a column with the median and the range of a figure.
    pub(crate) fn spread(figure: impl Into<String>, title: impl Into<String>) -> Self {
        Column { show: Show::Spread, ..Column::median(figure, title) }
    }

    /// Returns a column with the ratio of a figure to another row's.
    pub(crate) fn ratio(figure: impl Into<String>, title: impl Into<String>, to: &'static str) -> Self {
        Column { show: Show::Ratio(to), ..Column::median(figure, title) }
    }

    /// Returns a column with the difference of a figure to another row's.
    pub(crate) fn over(figure: impl Into<String>, title: impl Into<String>, row: &'static str) -> Self {
        Column { show: Show::Over(row), ..Column::median(figure, title) }
    }
}
