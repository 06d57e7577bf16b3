//! An exporter for tests.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use super::{Batch, Export, ExportFuture};
use crate::{SpanData, tree};

/// Keeps all spans in memory. Clones share the spans.
///
/// # Examples
///
/// ```
/// use thundra_core::export::MemoryExporter;
/// use thundra_core::{Scope, Telemetry};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let exporter = MemoryExporter::new();
/// thundra_core::install(Telemetry::builder().exporter(exporter.clone()));
///
/// let scope = Scope::builder("checkout").begin();
/// scope.enter(|| tracing::info_span!("charge", amount = 12).in_scope(|| {}));
/// thundra_core::flush(scope.finish(), None).await;
/// assert_eq!(exporter.tree(), "checkout thundra.parent.source=none\n└ charge amount=12\n");
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct MemoryExporter {
    spans: Arc<Mutex<Vec<SpanData>>>,
}

impl MemoryExporter {
    /// Makes an empty exporter.
    pub fn new() -> Self {
        MemoryExporter::default()
    }

    /// Returns the exported spans in order.
    pub fn spans(&self) -> Vec<SpanData> {
        self.spans.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Returns the exported spans as a tree without times and ids, for comparison in a test.
    pub fn tree(&self) -> String {
        tree::print(self.spans(), tree::Show::Shape)
    }

    /// Removes all spans.
    pub fn clear(&self) {
        self.spans.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

impl Export for MemoryExporter {
    fn export<'a>(&'a self, batch: &'a Batch, _: Instant) -> ExportFuture<'a> {
        self.spans.lock().unwrap_or_else(PoisonError::into_inner).extend(batch.spans());
        Box::pin(std::future::ready(Ok(())))
    }
}
