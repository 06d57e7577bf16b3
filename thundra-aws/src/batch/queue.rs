//! The order of the records of a batch.

use std::collections::{HashMap, VecDeque};

use super::{BatchEvent, BatchSource};

/// The waiting records, in ordered groups.
pub(super) struct Queue<E: BatchEvent> {
    source: BatchSource<E>,
    groups: Vec<VecDeque<Waiting<E::Record>>>,
    /// The groups with a record ready to run.
    ready: VecDeque<usize>,
    /// The failed and skipped records, by number in the batch.
    failures: Vec<(usize, String)>,
}

struct Waiting<R> {
    number: usize,
    record: R,
}

/// The position of a record in the batch, and the identifier in the response.
pub(super) struct Position {
    number: usize,
    group: usize,
    identifier: String,
}

impl<E: BatchEvent> Queue<E> {
    pub(super) fn new(source: BatchSource<E>, records: Vec<E::Record>) -> Self {
        let mut groups: Vec<VecDeque<_>> = Vec::new();
        let mut known: HashMap<String, usize> = HashMap::new();
        for (number, record) in records.into_iter().enumerate() {
            let key = (source.group)(&record);
            let group = key.map_or(groups.len(), |key| *known.entry(key).or_insert(groups.len()));
            let waiting = Waiting { number, record };
            match groups.get_mut(group) {
                Some(group) => group.push_back(waiting),
                None => groups.push(VecDeque::from([waiting])),
            }
        }
        Queue { source, ready: (0..groups.len()).collect(), groups, failures: Vec::new() }
    }

    /// Returns the next record to run.
    pub(super) fn next(&mut self) -> Option<(Position, E::Record)> {
        let group = self.ready.pop_front()?;
        let Waiting { number, record } = self.groups.get_mut(group)?.pop_front()?;
        Some((Position { number, group, identifier: (self.source.identifier)(&record) }, record))
    }

    /// Ends a record. After a success the next record of the group may run. After a failure the rest of the group is
    /// skipped.
    pub(super) fn done(&mut self, position: Position, failed: bool) {
        let Some(group) = self.groups.get_mut(position.group) else { return };
        if failed {
            let skipped = std::mem::take(group).into_iter().filter(|_| self.source.reports_skipped);
            self.failures.push((position.number, position.identifier));
            let identifier = self.source.identifier;
            self.failures.extend(skipped.map(|waiting| (waiting.number, identifier(&waiting.record))));
        } else if !group.is_empty() {
            self.ready.push_back(position.group);
        }
    }

    /// Returns the failed records, by number and identifier, in the order of the batch.
    pub(super) fn into_failures(mut self) -> Vec<(usize, String)> {
        self.failures.sort_unstable();
        self.failures
    }
}
