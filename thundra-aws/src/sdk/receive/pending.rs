//! What messages came with, from the moment they are received until they are processed.
//!
//! A message of the SDK has no place for it that its receiver would not see, so it waits here, under the
//! message's receipt, which is another one at each delivery. It stays when the message is processed, since who
//! fails may try again; it is forgotten when [`CAPACITY`] others have come. What one holds is bounded by what
//! [`hide`](super::sqs) keeps.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use super::sqs::Hidden;

/// A hundred answers' worth of messages.
const CAPACITY: usize = 1000;

static PENDING: LazyLock<Mutex<Pending>> = LazyLock::new(Mutex::default);

/// By receipt, and the receipts in the order they came.
#[derive(Debug, Default)]
struct Pending {
    held: HashMap<String, Arc<Hidden>>,
    order: VecDeque<String>,
}

pub(super) fn keep(receipt: String, hidden: Hidden) {
    PENDING.lock().unwrap_or_else(PoisonError::into_inner).keep(receipt, hidden);
}

pub(super) fn get(receipt: &str) -> Option<Arc<Hidden>> {
    PENDING.lock().unwrap_or_else(PoisonError::into_inner).held.get(receipt).cloned()
}

impl Pending {
    fn keep(&mut self, receipt: String, hidden: Hidden) {
        if self.held.insert(receipt.clone(), Arc::new(hidden)).is_some() {
            return;
        }
        self.order.push_back(receipt);
        if self.order.len() > CAPACITY
            && let Some(oldest) = self.order.pop_front()
        {
            self.held.remove(&oldest);
        }
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
}
