//! Unknown variables and the nearest known names.

use super::{ConfigProblem, Variable};
use crate::Env;

/// The prefix of the variables reserved for the Thundra crates.
const PREFIX: &str = "THUNDRA_";

/// The largest edit distance of a mistyped name.
const MAX_EDITS: usize = 3;

/// Returns a problem for each `THUNDRA_*` variable of the environment outside of `lists`, with the nearest known name.
///
/// Incomplete lists lack the variables of some crates of the program. With incomplete lists, only mistyped names of
/// known variables are reported, because any other name may belong to a missing list.
pub(super) fn problems(env: &Env, lists: &[&[Variable]], complete: bool) -> Vec<ConfigProblem> {
    let known =
        || lists.iter().copied().flatten().map(|variable| variable.name).filter(|name| name.starts_with(PREFIX));
    let problem = |name: String| {
        let nearest = known().min_by_key(|known| distance(known, &name))?;
        let edits = distance(nearest, &name);
        (edits > 0 && (complete || edits <= MAX_EDITS)).then(|| ConfigProblem::unknown(name, nearest))
    };
    env.names_with_prefix(PREFIX).into_iter().filter_map(problem).collect()
}

/// Returns the edit distance of two names.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let (mut diagonal, mut left) = (i, i + 1);
        if let Some(first) = row.first_mut() {
            *first = left;
        }
        for (y, cell) in b.bytes().zip(row.iter_mut().skip(1)) {
            let next = (diagonal + usize::from(x != y)).min(left + 1).min(*cell + 1);
            diagonal = std::mem::replace(cell, next);
            left = next;
        }
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: &[Variable] = &[Variable::new("THUNDRA_SPANS", "", "", ""), Variable::new("OTEL_SPAN", "", "", "")];
    const OTHERS: &[Variable] = &[Variable::new("THUNDRA_PROPAGATE_HOSTS", "", "", "")];

    fn problems(name: &str, lists: &[&[Variable]], complete: bool) -> Vec<String> {
        let env = Env::from_pairs([(name, "1")]);
        super::problems(&env, lists, complete).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn an_unknown_name_is_reported_with_the_nearest_of_all_lists() {
        for (name, nearest) in [
            ("THUNDRA_SPAN", Some("THUNDRA_SPANS")),
            ("THUNDRA_PROPAGATE_HOST", Some("THUNDRA_PROPAGATE_HOSTS")),
            ("THUNDRA_APIKEY", Some("THUNDRA_SPANS")),
            ("THUNDRA_SPANS", None),
            ("OTEL_SPANS", None),
            ("PATH", None),
        ] {
            let line = nearest.map(|nearest| format!("{name} is not a variable of thundra; the nearest is {nearest}"));
            assert_eq!(problems(name, &[KNOWN, OTHERS], true), Vec::from_iter(line), "{name}");
        }
    }

    #[test]
    fn a_name_that_may_be_of_another_crate_is_left_alone() {
        for (name, count) in
            [("THUNDRA_SPAN", 1), ("THUNDRA_SPANNER", 1), ("THUNDRA_SPANNING", 0), ("THUNDRA_PROPAGATE_HOSTS", 0)]
        {
            assert_eq!(problems(name, &[KNOWN], false).len(), count, "{name}");
        }
    }

    #[test]
    fn a_distance_counts_edits() {
        for (a, b, edits) in
            [("", "", 0), ("a", "", 1), ("SPAN", "SPANS", 1), ("SPNA", "SPAN", 2), ("kitten", "sitting", 3)]
        {
            assert_eq!((distance(a, b), distance(b, a)), (edits, edits), "{a} {b}");
        }
    }
}
