//! Counting the spans inside and outside of a selection, by every value of every attribute.

use std::collections::HashMap;

use rusqlite::{Connection, params_from_iter};

use super::super::heatmap::Whole;
use super::super::{Failure, Parameters};
use crate::store;

/// The spans that are counted. Of more, each has the same chance.
const MAX_COUNTED: i64 = 400_000;

/// The different values that are kept apart for an attribute. One with more is an id.
const MAX_DIFFERENT: usize = 2000;

/// A rectangle, a strip or a band of the heat map.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Selection {
    from: Option<i64>,
    to: Option<i64>,
    min: Option<i64>,
    max: Option<i64>,
}

impl Selection {
    pub(super) fn read(parameters: &Parameters) -> Result<Self, Failure> {
        let selection = Selection {
            from: parameters.nanos("sel_from")?,
            to: parameters.nanos("sel_to")?,
            min: parameters.nanos("sel_min")?,
            max: parameters.nanos("sel_max")?,
        };
        let bounds = [selection.from, selection.to, selection.min, selection.max];
        if bounds.iter().all(Option::is_none) {
            return Err(Failure::Parameter(
                "sel_from and sel_to, sel_min and sel_max, or all four: a selection".to_owned(),
            ));
        }
        Ok(selection)
    }

    fn has(&self, start: i64, duration: i64) -> bool {
        self.from.is_none_or(|from| start >= from)
            && self.to.is_none_or(|to| start < to)
            && self.min.is_none_or(|min| duration >= min)
            && self.max.is_none_or(|max| duration < max)
    }
}

/// Counts inside and outside.
pub(super) type Pair = [u64; 2];

/// The values of a key.
#[derive(Default)]
pub(super) struct Values {
    /// By the hash or the code of a value: the counts, and a row that has it.
    pub(super) counts: HashMap<u64, (Pair, i64)>,
    pub(super) total: Pair,
    is_id: bool,
}

impl Values {
    fn add(&mut self, value: u64, row: i64, side: usize, count: u64) {
        if let Some(total) = self.total.get_mut(side) {
            *total += count;
        }
        if self.is_id {
            return;
        }
        let (counts, _) = self.counts.entry(value).or_insert(([0; 2], row));
        if let Some(counted) = counts.get_mut(side) {
            *counted += count;
        }
        if self.counts.len() > MAX_DIFFERENT {
            (self.is_id, self.counts) = (true, HashMap::new());
        }
    }

    /// Half the sum of the differences of shares; spans without the key are a value too.
    pub(super) fn score(&self, sides: Pair) -> f64 {
        let [inside, outside] = sides.map(|count| (count as f64).max(1.0));
        let difference = |counts: Pair| (counts[0] as f64 / inside - counts[1] as f64 / outside).abs();
        let absent = [sides[0].saturating_sub(self.total[0]), sides[1].saturating_sub(self.total[1])];
        (self.counts.values().map(|(counts, _)| difference(*counts)).sum::<f64>() + difference(absent)) / 2.0
    }

    /// Returns `true` for an id: nearly all values are different, of the spans inside or of all. Of those outside,
    /// every `nth` was counted.
    pub(super) fn is_unique(&self, nth: u64) -> bool {
        let inside = || self.counts.values().map(|([inside, _], _)| *inside).filter(|spans| *spans > 0);
        // A value on many of the few spans inside is what the comparison looks for.
        let is_spread = inside().all(|spans| spans <= MAX_SPANS_OF_ID);
        self.is_id
            || (is_spread && are_ids(inside().count() as u64, self.total[0]))
            || are_ids(self.counts.len() as u64, self.total[0] + self.total[1] / nth)
    }
}

/// The most spans of an id: those of a message that was delivered again.
const MAX_SPANS_OF_ID: u64 = 3;

/// Returns `true` if so many different values on so many spans are ids. An id may be on [some](MAX_SPANS_OF_ID) spans.
/// Few spans prove little.
fn are_ids(different: u64, spans: u64) -> bool {
    (different > 4 && different * 2 >= spans) || (different > 20 && different * MAX_SPANS_OF_ID >= spans)
}

/// A key of what is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Key {
    Attribute(u16),
    ResourceAttribute(u16),
    Operation,
    Status,
}

/// What was counted.
#[derive(Default)]
pub(super) struct Counted {
    pub(super) sides: Pair,
    pub(super) keys: HashMap<Key, Values>,
    /// Spans inside, by duration: some of them.
    pub(super) examples: Vec<(i64, i64)>,
    /// Of the spans outside, every so many was counted.
    pub(super) nth: u64,
}

pub(super) fn count(db: &Connection, whole: &Whole, selection: Selection) -> Result<Counted, store::Error> {
    let (from, to) = whole.times(db)?;
    let condition = whole.condition(db, from, to)?;
    let table = whole.table(db, from, to)?;
    let all: i64 = db.query_row("SELECT coalesce(sum(spans), 0) FROM request", [], |row| row.get(0))?;
    // Rows are numbered as they come in, so every nth row is a fair sample.
    let nth = (all / MAX_COUNTED).max(1);
    let mut counted = Counted { nth: nth as u64, ..Counted::default() };
    let sql = format!(
        "SELECT s.id, s.start, s.duration, s.operation, s.status, s.resource, s.attributes FROM {table} WHERE {}",
        condition.sql()
    );
    let mut statement = db.prepare(&sql)?;
    let mut rows = statement.query(params_from_iter(&condition.values))?;
    let mut resources: HashMap<i64, [u64; 2]> = HashMap::new();
    let mut samples: HashMap<i64, i64> = HashMap::new();
    while let Some(row) = rows.next()? {
        let (id, start, duration): (i64, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let is_inside = selection.has(start, duration);
        // Selections are small: all of one is counted.
        let weight = if is_inside { 1 } else { nth as u64 };
        if !is_inside && id % nth != 0 {
            continue;
        }
        let side = usize::from(!is_inside);
        if let Some(count) = counted.sides.get_mut(side) {
            *count += weight;
        }
        let (operation, status, resource): (i64, i64, i64) = (row.get(3)?, row.get(4)?, row.get(5)?);
        counted.keys.entry(Key::Operation).or_default().add(operation as u64, id, side, weight);
        counted.keys.entry(Key::Status).or_default().add(status as u64, id, side, weight);
        let of_resource = resources.entry(resource).or_default();
        if let Some(count) = of_resource.get_mut(side) {
            *count += weight;
        }
        samples.entry(resource).or_insert(id);
        for entry in row.get_ref(6)?.as_blob().unwrap_or_default().as_chunks::<8>().0 {
            let entry = u64::from_be_bytes(*entry);
            let key = Key::Attribute((entry >> 48) as u16);
            counted.keys.entry(key).or_default().add(entry << 16, id, side, weight);
        }
        if is_inside && counted.examples.len() < 10_000 {
            counted.examples.push((duration, id));
        }
    }
    for (resource, counts) in resources {
        let attributes: Vec<u8> = db
            .prepare_cached("SELECT attributes FROM resource WHERE id = ?")?
            .query_row([resource], |row| row.get(0))?;
        let sample = samples.get(&resource).copied().unwrap_or(0);
        for entry in attributes.as_chunks::<8>().0 {
            let entry = u64::from_be_bytes(*entry);
            let values = counted.keys.entry(Key::ResourceAttribute((entry >> 48) as u16)).or_default();
            for (side, count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
                values.add(entry << 16, sample, side, *count);
            }
        }
    }
    Ok(counted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_told_from_names() {
        // Values inside and outside, the spans of each, and every which span outside was counted.
        for (inside, outside, nth, expected, why) in [
            ((4, 1), (36, 1), 1, true, "an id of every span"),
            ((2, 2), (18, 2), 1, true, "an id of two spans each"),
            ((30, 1), (300, 3), 1, true, "an id of three spans each, one of them slow"),
            ((500, 1), (1500, 20), 20, true, "an id, of a sample"),
            ((1, 4), (3, 12), 1, false, "a tenant"),
            ((1, 50), (400, 4), 1, false, "a tenant among many"),
            ((3, 1), (1, 20), 1, false, "a value each, of few"),
        ] {
            let mut values = Values::default();
            let mut value = 0;
            for (side, (different, spans)) in [inside, outside].into_iter().enumerate() {
                for _ in 0..different {
                    value += 1;
                    values.add(value, 0, side, spans);
                }
            }
            assert_eq!(values.is_unique(nth), expected, "{why}");
        }
    }

    #[test]
    fn a_value_on_half_of_the_spans_inside_is_no_id() {
        let mut values = Values::default();
        (0..400).for_each(|tenant| values.add(tenant, 0, 1, 10));
        (0..5).for_each(|tenant| values.add(tenant, 0, 0, 1));
        assert!(values.is_unique(1), "one span of each of five");
        values.add(0, 0, 0, 3);
        assert!(!values.is_unique(1), "four of eight");
    }
}
