//! The committed bounds.

use std::io;

use crate::cost::{Cost, FIGURES};
use crate::is_counted;
use crate::table::{self, number};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/bounds.md");
/// The compiler of the guard. The compiler's choices affect every count.
const COMPILER: &str = env!("RUSTC_VERSION");
/// The margin of a written bound above the count: instructions and bytes change a little with each version of a
/// dependency. Locked instructions and allocations have no margin.
const SLACK: [f64; FIGURES.len()] = [1.03, 1.0, 1.0, 1.03];

/// The bounds of each path.
#[derive(Debug, PartialEq)]
pub(crate) struct Bounds {
    compiler: String,
    costs: Vec<Cost>,
}

impl Bounds {
    /// Returns bounds for `costs`.
    pub(crate) fn of(mut costs: Vec<Cost>) -> Self {
        // Large figures have no fraction.
        let whole = |figure: f64| if figure >= 100.0 { figure.ceil() } else { figure };
        let bound = |(figure, slack): (&mut Option<f64>, f64)| {
            *figure = figure.map(|found| if slack > 1.0 { (found * slack).ceil() } else { whole(found) });
        };
        costs.iter_mut().for_each(|cost| cost.figures.iter_mut().zip(SLACK).for_each(bound));
        Bounds { compiler: COMPILER.to_owned(), costs }
    }

    /// Keeps the bounds of paths outside of the current build, in order.
    pub(crate) fn keep(&mut self, earlier: Bounds) {
        for (at, cost) in earlier.costs.into_iter().enumerate().filter(|(_, cost)| !is_counted(&cost.name)) {
            self.costs.insert(at.min(self.costs.len()), cost);
        }
    }

    pub(crate) fn read() -> io::Result<Self> {
        match std::fs::read_to_string(FILE) {
            Ok(text) => Ok(Self::parse(&text)),
            Err(error) => Err(io::Error::new(error.kind(), format!("{FILE}: {error}; --write makes it"))),
        }
    }

    pub(crate) fn write(&self) -> io::Result<()> {
        std::fs::write(FILE, self.text())
    }

    /// Returns the bound of a path.
    pub(crate) fn get(&self, name: &str) -> Option<&Cost> {
        self.costs.iter().find(|cost| cost.name == name)
    }

    /// Reports bounds of another compiler.
    pub(crate) fn say_compiler(&self) {
        if self.compiler != COMPILER {
            println!("The bounds were made with {}; this is {COMPILER}, so expect differences.\n", self.compiler);
        }
    }

    fn text(&self) -> String {
        let head = ["path", "unit"].into_iter().chain(FIGURES).map(str::to_owned).collect();
        let row = |cost: &Cost| {
            let figures = cost.figures.iter().map(|figure| figure.map(number).unwrap_or_default());
            [cost.name.clone(), cost.unit.clone()].into_iter().chain(figures).collect()
        };
        let rows: Vec<_> = [head].into_iter().chain(self.costs.iter().map(row)).collect();
        format!(
            "# What the hot paths may cost\n\nMade with {}.\n\n`--write` rewrites this file: instructions and bytes 3 % \
             above the counts, locked instructions and allocations exactly.\n\n{}",
            self.compiler,
            table::aligned(&rows)
        )
    }

    fn parse(text: &str) -> Self {
        let compiler = text.lines().find_map(|line| line.strip_prefix("Made with ")?.strip_suffix('.'));
        let cost = |line: &str| {
            let mut cells = line.strip_prefix('|')?.split('|').map(str::trim);
            let (name, unit) = (cells.next()?.to_owned(), cells.next()?.to_owned());
            let figures = std::array::from_fn(|_| cells.next()?.parse().ok());
            Some(Cost { name, unit, figures })
        };
        // The head and the dashes of the table name no path.
        let costs = text.lines().filter_map(cost).skip(2).collect();
        Bounds { compiler: compiler.unwrap_or_default().to_owned(), costs }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let figures = [Some(2_900.4), Some(17.25), Some(0.0), None];
        let bounds = Bounds::of(vec![Cost { name: "a: b".to_owned(), unit: "span".to_owned(), figures }]);
        assert_eq!(bounds.costs[0].figures, [Some(2_988.0), Some(17.25), Some(0.0), None]);
        assert_eq!(Bounds::parse(&bounds.text()), bounds);
    }

    #[test]
    fn what_another_build_counts_stays() {
        let bounds = |rows: &[(&str, f64)]| {
            let cost = |&(name, found): &(&str, f64)| Cost {
                name: name.to_owned(),
                unit: "span".to_owned(),
                figures: [None, Some(found), None, None],
            };
            Bounds::of(rows.iter().map(cost).collect())
        };
        let here = |n: usize| if cfg!(feature = "otel-spans") { format!("{n}, otel-spans") } else { n.to_string() };
        let there = |n: usize| if cfg!(feature = "otel-spans") { n.to_string() } else { format!("{n}, otel-spans") };
        let mut now = bounds(&[(&here(1), 10.0), (&here(3), 30.0)]);
        now.keep(bounds(&[(&here(1), 1.0), (&there(2), 2.0), (&here(4), 4.0), (&there(5), 5.0)]));
        let expected = bounds(&[(&here(1), 10.0), (&there(2), 2.0), (&here(3), 30.0), (&there(5), 5.0)]);
        assert_eq!(now, expected);
    }
}
