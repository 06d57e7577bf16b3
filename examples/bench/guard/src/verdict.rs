//! Counts compared with the bounds.

use crate::bounds::Bounds;
use crate::cost::{Cost, FIGURES};
use crate::table::{self, number};

/// The share of the bound below which a figure has improved, and the bound should follow.
const LOOSE: f64 = 0.90;
/// The tolerance. Smaller differences come from the table's rounding, or from the allocator, whose path depends on the
/// addresses of blocks.
const ROUNDING: f64 = 0.05;

/// The relation of a figure to the bound, from good to bad.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Verdict {
    Within,
    Loose,
    Exceeded,
}

impl Verdict {
    /// Returns the verdict on a figure. A figure without a bound counts as exceeded.
    fn of(found: f64, bound: Option<f64>) -> Self {
        match bound {
            Some(bound) if found < bound * LOOSE - ROUNDING => Verdict::Loose,
            Some(bound) if found <= bound + ROUNDING => Verdict::Within,
            _ => Verdict::Exceeded,
        }
    }

    const fn as_str(self) -> &'static str {
        match self {
            Verdict::Within => "within",
            Verdict::Loose => "lower the bound",
            Verdict::Exceeded => "EXCEEDED",
        }
    }
}

/// Prints each figure beside the bound. Returns `true` if no bound is exceeded.
pub(crate) fn check(costs: &[Cost], bounds: &Bounds) -> bool {
    let head = ["found / bound", "unit"].into_iter().chain(FIGURES).chain(["verdict"]).map(str::to_owned).collect();
    let (mut rows, mut remarks, mut worst) = (vec![head], Vec::new(), Verdict::Within);
    for cost in costs {
        let (mut row, mut verdict) = (vec![cost.name.clone(), cost.unit.clone()], Verdict::Within);
        for (at, figure) in cost.figures.iter().enumerate() {
            let bound = bounds.get(&cost.name).and_then(|bounds| bounds.figures[at]);
            row.push(figure.map(|found| found_and_bound(found, bound)).unwrap_or_default());
            let Some(found) = *figure else { continue };
            let figure = Verdict::of(found, bound);
            if figure != Verdict::Within {
                let of = found_and_bound(found, bound);
                remarks.push(format!("{}: {of} {} a {}: {}", cost.name, FIGURES[at], cost.unit, figure.as_str()));
            }
            verdict = verdict.max(figure);
        }
        row.push(verdict.as_str().to_owned());
        rows.push(row);
        worst = worst.max(verdict);
    }
    table::print(&rows, &remarks);
    worst != Verdict::Exceeded
}

fn found_and_bound(found: f64, bound: Option<f64>) -> String {
    format!("{} / {}", number(found), bound.map_or("none".to_owned(), number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_is_kept_missed_or_loose() {
        for (found, bound, verdict) in [
            (17.0, Some(17.0), Verdict::Within),
            (17.04, Some(17.0), Verdict::Within),
            (17.1, Some(17.0), Verdict::Exceeded),
            (0.0, Some(0.0), Verdict::Within),
            (91.0, Some(100.0), Verdict::Within),
            (89.0, Some(100.0), Verdict::Loose),
            (0.0, None, Verdict::Exceeded),
        ] {
            assert_eq!(Verdict::of(found, bound), verdict, "{found} of {bound:?}");
        }
    }
}
