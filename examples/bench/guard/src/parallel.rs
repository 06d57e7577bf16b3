//! Counting concurrently: a busy machine does not change counts.

use std::num::NonZero;
use std::sync::{Mutex, PoisonError};
use std::{io, thread};

/// Runs a closure for each item, one on each processor. Results keep their order, and the first error ends the run.
pub(crate) fn each<T: Sync, R: Send>(all: &[&T], work: impl Fn(&T) -> io::Result<R> + Sync) -> io::Result<Vec<R>> {
    let (queue, done) = (Mutex::new(all.iter().enumerate()), Mutex::new(Vec::with_capacity(all.len())));
    let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).next();
    thread::scope(|scope| {
        let worker = || {
            while let Some((at, item)) = next() {
                let result = work(item).map(|result| (at, result));
                done.lock().unwrap_or_else(PoisonError::into_inner).push(result);
            }
        };
        let processors = thread::available_parallelism().map_or(1, NonZero::get);
        (0..processors).for_each(|_| drop(scope.spawn(worker)));
    });
    let done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    let mut done = done.into_iter().collect::<io::Result<Vec<_>>>()?;
    done.sort_by_key(|(at, _)| *at);
    Ok(done.into_iter().map(|(_, result)| result).collect())
}
