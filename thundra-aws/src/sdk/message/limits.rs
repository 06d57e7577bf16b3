//! Size limits of single targets, learned from refused messages.
//!
//! A topic, a queue or a stream may have a special size limit. No request shows the limit, and our context may push a
//! message over. After the first refusal the process remembers the target and the limit. Later messages to the target
//! keep within the limit.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

/// Most remembered targets, because a program may create queues without end.
const MAX_TARGETS: usize = 1024;

/// Largest sizes for a target, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limits {
    /// Largest size of a single message.
    pub(crate) message: usize,
    /// Largest size of all messages of a request together.
    pub(crate) request: usize,
}

impl Limits {
    /// Limits of a target without a refusal.
    pub(crate) const UNKNOWN: Limits = Limits { message: usize::MAX, request: usize::MAX };

    fn keep_within(&mut self, other: Limits) {
        self.message = self.message.min(other.message);
        self.request = self.request.min(other.request);
    }
}

/// Destination of the messages of a call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Target<'a> {
    service: &'a str,
    region: &'a str,
    /// Queue URL, ARN or name. Empty if the limit is the same for all targets.
    pub(crate) name: &'a str,
}

impl<'a> Target<'a> {
    pub(crate) fn new(service: &'a str, region: Option<&'a str>, name: &'a str) -> Self {
        Target { service, region: region.unwrap_or_default(), name }
    }

    /// Returns a text unique to the target.
    pub(crate) fn key(&self) -> String {
        format!("{} {} {}", self.service, self.region, self.name)
    }
}

/// The targets with a refusal, and the limits.
#[derive(Debug)]
pub(crate) struct LearnedLimits {
    /// `true` if any target is known. A call usually reads nothing else.
    any: AtomicBool,
    targets: Mutex<Option<HashMap<String, Limits>>>,
}

/// The targets of this process.
pub(crate) static LEARNED: LearnedLimits = LearnedLimits::new();

impl LearnedLimits {
    const fn new() -> Self {
        LearnedLimits { any: AtomicBool::new(false), targets: Mutex::new(None) }
    }

    /// Returns the limits of a target. `target` is called only if any are known.
    pub(crate) fn of<'a>(&self, target: impl FnOnce() -> Option<Target<'a>>) -> Limits {
        if self.any.load(Ordering::Acquire) { self.look_up(target()) } else { Limits::UNKNOWN }
    }

    #[cold]
    fn look_up(&self, target: Option<Target<'_>>) -> Limits {
        let Some(target) = target else { return Limits::UNKNOWN };
        let targets = self.targets.lock().unwrap_or_else(PoisonError::into_inner);
        targets.as_ref().and_then(|targets| targets.get(&target.key()).copied()).unwrap_or(Limits::UNKNOWN)
    }

    /// Remembers the limits of a target. A limit is never raised again.
    #[cold]
    pub(crate) fn learn(&self, target: Target<'_>, limits: Limits) {
        let mut targets = self.targets.lock().unwrap_or_else(PoisonError::into_inner);
        let targets = targets.get_or_insert_with(HashMap::new);
        let key = target.key();
        // A target that is forgotten is learned again from one more refusal.
        if targets.len() >= MAX_TARGETS
            && !targets.contains_key(&key)
            && let Some(other) = targets.keys().next().cloned()
        {
            targets.remove(&other);
        }
        targets.entry(key).or_insert(Limits::UNKNOWN).keep_within(limits);
        self.any.store(true, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queue(name: &str) -> Target<'_> {
        Target { service: "SQS", region: "eu-west-1", name }
    }

    fn message(bytes: usize) -> Limits {
        Limits { message: bytes, ..Limits::UNKNOWN }
    }

    #[test]
    fn a_limit_is_that_of_one_target_and_only_shrinks() {
        let known = LearnedLimits::new();
        assert_eq!(known.of(|| panic!("nobody asks for the target")), Limits::UNKNOWN);
        known.learn(queue("a"), message(2048));
        known.learn(queue("a"), message(4096));
        assert_eq!(known.of(|| Some(queue("a"))), message(2048));
        known.learn(queue("a"), Limits { request: 1500, ..Limits::UNKNOWN });
        assert_eq!(known.of(|| Some(queue("a"))), Limits { message: 2048, request: 1500 });
        assert_eq!(known.of(|| Some(queue("b"))), Limits::UNKNOWN);
        assert_eq!(known.of(|| Some(Target { service: "SNS", ..queue("a") })), Limits::UNKNOWN);
        assert_eq!(known.of(|| Some(Target { region: "eu-north-1", ..queue("a") })), Limits::UNKNOWN);
        assert_eq!(known.of(|| None), Limits::UNKNOWN);
    }

    #[test]
    fn only_so_many_targets_are_known() {
        let known = LearnedLimits::new();
        let names: Vec<_> = (0..MAX_TARGETS + 9).map(|n| n.to_string()).collect();
        names.iter().for_each(|name| known.learn(queue(name), message(1024)));
        let remembered = names.iter().filter(|name| known.of(|| Some(queue(name))) == message(1024)).count();
        assert_eq!(remembered, MAX_TARGETS);
        assert_eq!(known.of(|| Some(queue(&names[MAX_TARGETS + 8]))), message(1024), "the last one is");
    }

    #[test]
    fn threads_learn_at_once() {
        let known = LearnedLimits::new();
        std::thread::scope(|scope| {
            for n in 0..8 {
                let known = &known;
                scope.spawn(move || (0..500).for_each(|m| known.learn(queue("a"), message(1024 + 8 * m + n))));
            }
        });
        assert_eq!(known.of(|| Some(queue("a"))), message(1024));
    }
}
