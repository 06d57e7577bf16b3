//! Tokio for the rare work of exporters. Tokio's own functions are generic, and give each kind of future a copy of the
//! runtime's loop or of the task's states. Boxed futures share one copy.

use std::future::Future;
use std::io;
use std::pin::Pin;

use tokio::runtime::{Builder, Runtime};

/// A Tokio runtime for the work of one thread.
#[doc(hidden)]
#[derive(Debug)]
pub struct ThreadRuntime(Runtime);

impl ThreadRuntime {
    /// Makes a runtime.
    ///
    /// # Errors
    ///
    /// The system has no more files, for example.
    pub fn new() -> io::Result<Self> {
        Builder::new_current_thread().enable_all().build().map(ThreadRuntime)
    }

    /// Waits for a future. Blocking tasks, such as the lookup of a host, may still run afterwards.
    #[inline(never)]
    pub fn run(self, future: Pin<Box<dyn Future<Output = ()> + '_>>) {
        self.0.block_on(future);
        // Dropping the runtime would wait for blocking tasks.
        self.0.shutdown_background();
    }
}

/// Spawns a task on the current runtime.
#[doc(hidden)]
#[inline(never)]
pub fn spawn_boxed(task: Pin<Box<dyn Future<Output = ()> + Send>>) {
    tokio::spawn(task);
}
