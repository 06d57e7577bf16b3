//! The order of the records of a batch.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, VecDeque};

use super::source::Outcome;

/// The records held back by a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holds {
    Nothing,
    /// The rest of the group.
    Group,
    /// All records behind the failed record. The records before still run, since AWS would take these records for done.
    Batch,
}

/// The waiting records, in ordered groups. The first record that may run begins first.
pub(super) struct Queue<R> {
    holds: Holds,
    groups: Vec<VecDeque<(usize, R)>>,
    /// The groups with a record ready to run, by the number of the record.
    ready: BinaryHeap<Reverse<(usize, usize)>>,
    /// The number of the first record held back by an earlier failure.
    end: usize,
    held_back: Vec<(usize, R)>,
    is_closed: bool,
}

/// The place of a running record.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    /// The number of the record in the batch.
    pub(super) number: usize,
    group: usize,
}

impl<R> Queue<R> {
    /// Returns the queue of a batch, and the number of the group of each record.
    pub(super) fn new(holds: Holds, records: Vec<R>, group: impl Fn(&R) -> Option<String>) -> (Self, Vec<usize>) {
        let end = records.len();
        let mut groups: Vec<VecDeque<_>> = Vec::new();
        let mut known: HashMap<String, usize> = HashMap::new();
        let mut of_records = Vec::with_capacity(end);
        for (number, record) in records.into_iter().enumerate() {
            let group = match group(&record) {
                Some(key) => *known.entry(key).or_insert(groups.len()),
                None => groups.len(),
            };
            of_records.push(group);
            match groups.get_mut(group) {
                Some(group) => group.push_back((number, record)),
                None => groups.push(VecDeque::from([(number, record)])),
            }
        }
        let first = |(group, records): (usize, &VecDeque<(usize, R)>)| Some(Reverse((records.front()?.0, group)));
        let ready = groups.iter().enumerate().filter_map(first).collect();
        (Queue { holds, groups, ready, end, held_back: Vec::new(), is_closed: false }, of_records)
    }

    /// Returns `true` if a record may begin.
    pub(super) fn has_next(&self) -> bool {
        !self.is_closed && self.ready.peek().is_some_and(|Reverse((number, _))| *number < self.end)
    }

    /// Returns the next record to run.
    pub(super) fn next(&mut self) -> Option<(Place, R)> {
        if !self.has_next() {
            return None;
        }
        let Reverse((_, group)) = self.ready.pop()?;
        let (number, record) = self.groups.get_mut(group)?.pop_front()?;
        Some((Place { number, group }, record))
    }

    /// Ends a record. The next record of the group becomes ready, unless the failure holds it back.
    pub(super) fn done(&mut self, place: Place, failed: bool) {
        let Some(group) = self.groups.get_mut(place.group) else { return };
        match self.holds {
            Holds::Group if failed => self.held_back.extend(std::mem::take(group)),
            Holds::Batch if failed => self.end = self.end.min(place.number),
            _ => self.ready.extend(group.front().map(|(number, _)| Reverse((*number, place.group)))),
        }
    }

    /// Begins no further record.
    pub(super) fn close(&mut self) {
        self.is_closed = true;
    }

    /// Returns the records not begun, by number, with the reason.
    pub(super) fn into_rest<T>(self) -> impl Iterator<Item = (usize, R, Outcome<T>)> {
        let end = self.end;
        let held_back = self.held_back.into_iter().map(|(number, record)| (number, record, Outcome::HeldBack));
        let waiting = self.groups.into_iter().flatten().map(move |(number, record)| {
            let outcome = if number > end { Outcome::HeldBack } else { Outcome::NotBegun };
            (number, record, outcome)
        });
        held_back.chain(waiting)
    }
}
