//! The [hidden](super::hidden) attributes of received messages, until the messages are processed.
//!
//! The message type of the SDK has no place hidden from the caller. The attributes wait here instead, under the receipt
//! handle of the message. Each delivery has a new receipt handle. An entry stays after processing, because a program
//! may try again, and is evicted after [`CAPACITY`] newer entries. [`Hidden::take_from`] bounds the size of an entry.
//! Entries evicted unread are counted.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

use super::hidden::Hidden;

/// Messages of a hundred responses.
const CAPACITY: usize = 1000;

static CACHE: LazyLock<Mutex<Cache>> = LazyLock::new(Mutex::default);

/// Entries by receipt handle, and the handles from the oldest to the newest.
#[derive(Debug, Default)]
struct Cache {
    held: HashMap<String, Held>,
    order: VecDeque<String>,
    /// Number of entries with a context evicted unread, since the last [`take_evicted`].
    evicted: u64,
}

#[derive(Debug)]
struct Held {
    hidden: Arc<Hidden>,
    read: bool,
}

/// Keeps the attributes of a message.
pub(super) fn keep(receipt: String, hidden: Hidden) {
    cache().keep(receipt, hidden);
}

/// Returns the attributes of a message, and marks the entry as read.
pub(super) fn get(receipt: &str) -> Option<Arc<Hidden>> {
    cache().read(receipt)
}

/// Returns the number of entries evicted unread, and counts from zero again.
pub(super) fn take_evicted() -> u64 {
    std::mem::take(&mut cache().evicted)
}

fn cache() -> MutexGuard<'static, Cache> {
    CACHE.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Cache {
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
        let mut cache = Cache::default();
        (0..=CAPACITY).for_each(|n| cache.keep(n.to_string(), Hidden::default()));
        assert_eq!((cache.held.len(), cache.order.len()), (CAPACITY, CAPACITY));
        assert!(!cache.held.contains_key("0") && cache.held.contains_key("1"));
        cache.keep("1".to_owned(), Hidden::default());
        assert_eq!((cache.held.len(), cache.order.len()), (CAPACITY, CAPACITY), "none is held twice");
    }

    #[test]
    fn what_goes_unread_is_counted() {
        let mut cache = Cache::default();
        for receipt in ["read", "unread", "of no sender", "unread as well"] {
            let hidden = if receipt == "of no sender" { Hidden::default() } else { Hidden::of_trace("Root=1") };
            cache.keep(receipt.to_owned(), hidden);
        }
        assert!(cache.read("read").is_some() && cache.read("another").is_none());
        (4..CAPACITY).for_each(|n| cache.keep(n.to_string(), Hidden::default()));
        let counts = ["a", "b", "c", "d", "e"].map(|receipt| {
            cache.keep(receipt.to_owned(), Hidden::default());
            cache.evicted
        });
        assert_eq!(counts, [0, 1, 1, 2, 2]);
    }
}
