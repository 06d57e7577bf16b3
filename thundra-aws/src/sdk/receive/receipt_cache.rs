//! What messages came with, from the moment they are received until they are processed.
//!
//! A message of the SDK has no place for it that its receiver would not see, so it waits here, under the
//! message's receipt, which is another one at each delivery. It stays when the message is processed, since who
//! fails may try again; it is evicted when [`CAPACITY`] others have come. What one holds is bounded by what
//! [`hide`](super::sqs) keeps. What goes before its message was ever processed is counted.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

use super::sqs::Hidden;

/// A hundred answers' worth of messages.
const CAPACITY: usize = 1000;

static PENDING: LazyLock<Mutex<Pending>> = LazyLock::new(Mutex::default);

/// By receipt, and the receipts in the order they came.
#[derive(Debug, Default)]
struct Pending {
    held: HashMap<String, Held>,
    order: VecDeque<String>,
    /// How many went with a context that nobody had read, since that was last asked.
    evicted: u64,
}

#[derive(Debug)]
struct Held {
    hidden: Arc<Hidden>,
    read: bool,
}

pub(super) fn keep(receipt: String, hidden: Hidden) {
    pending().keep(receipt, hidden);
}

pub(super) fn get(receipt: &str) -> Option<Arc<Hidden>> {
    pending().read(receipt)
}

/// How many went before anybody read them, each told of once.
pub(super) fn evicted() -> u64 {
    std::mem::take(&mut pending().evicted)
}

fn pending() -> MutexGuard<'static, Pending> {
    PENDING.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Pending {
    fn keep(&mut self, receipt: String, hidden: Hidden) {
        let held = Held { hidden: Arc::new(hidden), read: false };
        if self.held.insert(receipt.clone(), held).is_some() {
            return;
        }
        self.order.push_back(receipt);
        if self.order.len() <= CAPACITY {
            return;
        }
        let oldest = self.order.pop_front().and_then(|oldest| self.held.remove(&oldest));
        let is_lost = oldest.is_some_and(|oldest| !oldest.read && oldest.hidden.has_context());
        self.evicted += u64::from(is_lost);
    }

    fn read(&mut self, receipt: &str) -> Option<Arc<Hidden>> {
        let held = self.held.get_mut(receipt)?;
        held.read = true;
        Some(held.hidden.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_goes_first() {
        let mut pending = Pending::default();
        (0..=CAPACITY).for_each(|n| pending.keep(n.to_string(), Hidden::default()));
        assert_eq!((pending.held.len(), pending.order.len()), (CAPACITY, CAPACITY));
        assert!(!pending.held.contains_key("0") && pending.held.contains_key("1"));
        pending.keep("1".to_owned(), Hidden::default());
        assert_eq!((pending.held.len(), pending.order.len()), (CAPACITY, CAPACITY), "none is held twice");
    }

    #[test]
    fn what_goes_unread_is_counted() {
        let mut pending = Pending::default();
        for receipt in ["read", "unread", "of no sender", "unread as well"] {
            let hidden = if receipt == "of no sender" { Hidden::default() } else { Hidden::of_trace("Root=1") };
            pending.keep(receipt.to_owned(), hidden);
        }
        assert!(pending.read("read").is_some() && pending.read("another").is_none());
        (4..CAPACITY).for_each(|n| pending.keep(n.to_string(), Hidden::default()));
        let counts = ["a", "b", "c", "d", "e"].map(|receipt| {
            pending.keep(receipt.to_owned(), Hidden::default());
            pending.evicted
        });
        assert_eq!(counts, [0, 1, 1, 2, 2]);
    }
}
