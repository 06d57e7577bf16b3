//! What messages came with, from the moment they are received until they are processed.
//!
//! A message of the SDK has no place for it that its receiver would not see, so it waits here, under the
//! message's receipt, which is another one at each delivery. A message that nobody processes with us is
//! forgotten when [`CAPACITY`] others have come.

use std::collections::{HashMap, VecDeque};
use std::sync::{LazyLock, Mutex, PoisonError};

use super::sqs::Hidden;

/// A hundred answers' worth of messages.
const CAPACITY: usize = 1000;

static PENDING: LazyLock<Mutex<Pending>> = LazyLock::new(Mutex::default);

/// By receipt, and the receipts in the order they came.
#[derive(Debug, Default)]
struct Pending {
    held: HashMap<String, Hidden>,
    order: VecDeque<String>,
}

pub(super) fn keep(receipt: String, hidden: Hidden) {
    PENDING.lock().unwrap_or_else(PoisonError::into_inner).keep(receipt, hidden);
}

pub(super) fn take(receipt: &str) -> Option<Hidden> {
    PENDING.lock().unwrap_or_else(PoisonError::into_inner).held.remove(receipt)
}

impl Pending {
    fn keep(&mut self, receipt: String, hidden: Hidden) {
        self.held.insert(receipt.clone(), hidden);
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
    }
}
