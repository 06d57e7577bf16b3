//! What messages came with, from the moment they are received until they are processed.
//!
//! A message of the SDK has no place for it that its receiver would not see, so it waits here, under the
//! message's receipt, which is another one at each delivery. It stays when the message is processed, since who
//! fails may try again; it is forgotten when [`CAPACITY`] others have come. What one holds is bounded by what
//! [`hide`](super::sqs) keeps. What is forgotten before its message was ever processed is counted and said.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

use thundra_core::diagnostics;

use super::sqs::Hidden;

/// A hundred answers' worth of messages.
const CAPACITY: usize = 1000;

static PENDING: LazyLock<Mutex<Pending>> = LazyLock::new(Mutex::default);

/// By receipt, and the receipts in the order they came.
#[derive(Debug, Default)]
struct Pending {
    held: HashMap<String, Held>,
    order: VecDeque<String>,
    /// How many had a context that nobody has read, since that was last asked.
    forgotten: u64,
}

#[derive(Debug)]
struct Held {
    hidden: Arc<Hidden>,
    read: bool,
}

pub(super) fn keep(receipt: String, hidden: Hidden) {
    let forgets = pending().keep(receipt, hidden);
    if forgets {
        diagnostics::once(
            "receive.forgotten",
            format_args!(
                "more than {CAPACITY} SQS messages were received before thundra_aws::sqs::process had the first of \
                 them: it is worked on without its trace and its correlation ids, as are those after it (said once)"
            ),
        );
    }
}

pub(super) fn get(receipt: &str) -> Option<Arc<Hidden>> {
    pending().read(receipt)
}

/// How many were forgotten before anybody read them, each told of once.
pub(super) fn forgotten() -> u64 {
    std::mem::take(&mut pending().forgotten)
}

fn pending() -> MutexGuard<'static, Pending> {
    PENDING.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Pending {
    /// Whether another one is lost for it.
    fn keep(&mut self, receipt: String, hidden: Hidden) -> bool {
        let held = Held { hidden: Arc::new(hidden), read: false };
        if self.held.insert(receipt.clone(), held).is_some() {
            return false;
        }
        self.order.push_back(receipt);
        if self.order.len() <= CAPACITY {
            return false;
        }
        let oldest = self.order.pop_front().and_then(|oldest| self.held.remove(&oldest));
        let is_lost = oldest.is_some_and(|oldest| !oldest.read && oldest.hidden.has_context());
        self.forgotten += u64::from(is_lost);
        is_lost
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
        (0..=CAPACITY).for_each(|n| _ = pending.keep(n.to_string(), Hidden::default()));
        assert_eq!((pending.held.len(), pending.order.len()), (CAPACITY, CAPACITY));
        assert!(!pending.held.contains_key("0") && pending.held.contains_key("1"));
        pending.keep("1".to_owned(), Hidden::default());
        assert_eq!((pending.held.len(), pending.order.len()), (CAPACITY, CAPACITY), "none is held twice");
    }

    #[test]
    fn what_is_forgotten_unread_is_counted() {
        let mut pending = Pending::default();
        for receipt in ["read", "unread", "of no sender", "unread as well"] {
            let hidden = if receipt == "of no sender" { Hidden::default() } else { Hidden::of_trace("Root=1") };
            assert!(!pending.keep(receipt.to_owned(), hidden));
        }
        assert!(pending.read("read").is_some() && pending.read("another").is_none());
        (4..CAPACITY).for_each(|n| assert!(!pending.keep(n.to_string(), Hidden::default())));
        let lost = ["a", "b", "c", "d", "e"].map(|receipt| pending.keep(receipt.to_owned(), Hidden::default()));
        assert_eq!((lost, pending.forgotten), ([false, true, false, true, false], 2));
    }
}
