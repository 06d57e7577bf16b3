//! What is measured: a section is a table, its variants the rows, its figures the columns.

use crate::Result;
use crate::bench::{Bench, Samples};

/// One table of the report.
pub(crate) struct Section {
    /// What `--only` takes.
    pub(crate) id: &'static str,
    pub(crate) title: &'static str,
    /// One paragraph: what is done, and in which units the figures are.
    pub(crate) note: &'static str,
    pub(crate) variants: Vec<Variant>,
    pub(crate) columns: Vec<Column>,
    /// At most so many rounds, for what takes long or does not vary.
    pub(crate) max_rounds: usize,
    /// Runs once before the first round: builds what the variants start, for example.
    pub(crate) prepare: fn() -> Result<()>,
}

impl Section {
    pub(crate) fn new(id: &'static str, title: &'static str, note: &'static str) -> Self {
        let (variants, columns) = (Vec::new(), Vec::new());
        Section { id, title, note, variants, columns, max_rounds: usize::MAX, prepare: || Ok(()) }
    }

    /// The rows.
    pub(crate) fn variants(mut self, variants: impl IntoIterator<Item = Variant>) -> Self {
        self.variants.extend(variants);
        self
    }

    /// The columns.
    pub(crate) fn columns(mut self, columns: impl IntoIterator<Item = Column>) -> Self {
        self.columns.extend(columns);
        self
    }

    /// Bounds the rounds.
    pub(crate) fn max_rounds(mut self, rounds: usize) -> Self {
        self.max_rounds = rounds;
        self
    }

    /// What runs once before the first round.
    pub(crate) fn prepare(mut self, prepare: fn() -> Result<()>) -> Self {
        self.prepare = prepare;
        self
    }

    /// The variant of this name.
    pub(crate) fn variant(&self, name: &str) -> Result<&Variant> {
        let found = self.variants.iter().find(|variant| variant.name == name);
        found.ok_or_else(|| format!("{} has no variant {name}", self.id).into())
    }
}

/// One row: ours, or a peer, or what they stand on.
pub(crate) struct Variant {
    /// The row's name, unique in its section.
    pub(crate) name: &'static str,
    /// What it is, in a few words.
    pub(crate) about: &'static str,
    pub(crate) run: Run,
    pub(crate) counted: Option<Counted>,
    /// Whether it writes to standard error what nobody wants to see.
    pub(crate) silent: bool,
    /// Which program it is a part of.
    pub(crate) program: Program,
}

/// The programs of the suite.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Program {
    /// This one.
    Suite,
    /// The one that fastrace is linked into.
    WithFastrace,
}

type Measure = dyn Fn(&mut Bench) -> Result<()>;

/// How a variant is measured.
pub(crate) enum Run {
    /// In a process of its own: the suite starts itself again, with nothing in its environment.
    Within(Box<Measure>),
    /// By the suite, which starts other programs ([`clean`](crate::process::clean)) and times them. Told whether the run is a quick one.
    Outside(Box<dyn Fn(bool) -> Result<Samples>>),
}

/// The same work without clocks, for callgrind: it runs so many repetitions.
pub(crate) struct Counted {
    /// Units (spans) of one repetition.
    pub(crate) units: u64,
    pub(crate) run: Box<dyn Fn(u64) -> Result<()>>,
}

/// The figures that counting adds to a variant.
pub(crate) mod counts {
    pub(crate) const INSTRUCTIONS: &str = "instructions";
    pub(crate) const LOCKED: &str = "locked";
    pub(crate) const ALLOCATIONS: &str = "allocations";
}

impl Variant {
    /// A variant that runs in a process of its own.
    pub(crate) fn within(
        name: &'static str,
        about: &'static str,
        run: impl Fn(&mut Bench) -> Result<()> + 'static,
    ) -> Self {
        Variant { name, about, run: Run::Within(Box::new(run)), counted: None, silent: false, program: Program::Suite }
    }

    /// A variant that consists of other programs.
    pub(crate) fn outside(
        name: &'static str,
        about: &'static str,
        run: impl Fn(bool) -> Result<Samples> + 'static,
    ) -> Self {
        Variant { name, about, run: Run::Outside(Box::new(run)), counted: None, silent: false, program: Program::Suite }
    }

    /// Counts instructions, locked instructions and allocations of each unit as well, where valgrind is present.
    pub(crate) fn counted(mut self, units: u64, run: impl Fn(u64) -> Result<()> + 'static) -> Self {
        self.counted = Some(Counted { units, run: Box::new(run) });
        self
    }

    /// Makes it a part of the program that fastrace is linked into.
    pub(crate) fn with_fastrace(mut self) -> Self {
        self.program = Program::WithFastrace;
        self
    }

    /// Sends its standard error to `/dev/null` (its standard output always goes there).
    pub(crate) fn silent(mut self) -> Self {
        self.silent = true;
        self
    }
}

/// One column: a figure, by itself or beside the same figure of another row.
pub(crate) struct Column {
    pub(crate) figure: String,
    pub(crate) title: String,
    pub(crate) show: Show,
}

/// What a cell says. Every round gives a median; a cell is made of these medians.
pub(crate) enum Show {
    /// Their median.
    Median,
    /// Their median, and from where to where they go.
    Spread,
    /// Their median, divided by that of this row.
    Ratio(&'static str),
    /// Their median, less that of this row.
    Over(&'static str),
}

impl Column {
    /// The median of a figure.
    pub(crate) fn median(figure: impl Into<String>, title: impl Into<String>) -> Self {
        Column { figure: figure.into(), title: title.into(), show: Show::Median }
    }

    /// The median of a figure, and its range.
    pub(crate) fn spread(figure: impl Into<String>, title: impl Into<String>) -> Self {
        Column { show: Show::Spread, ..Column::median(figure, title) }
    }

    /// A figure as a multiple of another row's.
    pub(crate) fn ratio(figure: impl Into<String>, title: impl Into<String>, to: &'static str) -> Self {
        Column { show: Show::Ratio(to), ..Column::median(figure, title) }
    }

    /// What a figure adds to another row's.
    pub(crate) fn over(figure: impl Into<String>, title: impl Into<String>, row: &'static str) -> Self {
        Column { show: Show::Over(row), ..Column::median(figure, title) }
    }
}
