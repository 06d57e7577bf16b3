//! [SnapStart]: Lambda takes a snapshot of the initialised process, and restores the snapshot as often as it needs
//! environments.
//!
//! Before the snapshot, all waiting records are exported: each copy would export the records again. After the restore,
//! a copy renews the shared seeds and connections of all copies, and then runs the hooks of the program.
//!
//! [SnapStart]: https://docs.aws.amazon.com/lambda/latest/dg/snapstart.html

use std::panic::resume_unwind;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use lambda_runtime::{BoxFuture, Error, Runtime, SnapStartResource};
use thundra_core::exception::Exception;
use thundra_core::{Config, Scope, ScopeFlags, diagnostics, flush_last, flushes_itself, forget_unexported, semconv};
use tokio::time::timeout_at;

use super::{environment, initialisation, usage};
use crate::panics::catch_panic_in;

/// `false` in a build without the feature `snapstart`. The compiler then drops the hooks, and the first invocation
/// after a restore renews what copies must not share.
const HAS_HOOKS: bool = cfg!(feature = "snapstart");

static RESOURCES: Mutex<Resources> = Mutex::new(Resources { waiting: Vec::new(), is_running: false });

struct Resources {
    /// In the order of their registration.
    waiting: Vec<Arc<dyn SnapStartResource>>,
    /// `true` once a runtime has taken the resources.
    is_running: bool,
}

/// Registers a resource whose hooks run before a SnapStart snapshot and after each restore, as
/// [`Runtime::register_snapstart_resource`] does. Without SnapStart the hooks never run.
///
/// Register resources before [`run`](crate::run), for example in the init function of [`#[handler(init =
/// …)]`](macro@crate::handler), and foundations first: the hooks before the snapshot run in reverse order. The hooks
/// after a restore are recorded in the trace `restore`, and the first invocation links to the trace. A failed hook ends
/// the program, as without this crate.
///
/// [`Runtime::register_snapstart_resource`]: lambda_runtime::Runtime::register_snapstart_resource
///
/// # Examples
///
/// ```no_run
/// use std::sync::Arc;
/// use thundra_aws::{BoxFuture, Error, LambdaEvent, SnapStartResource};
///
/// struct Database;
///
/// impl SnapStartResource for Database {
///     fn after_restore(&self) -> BoxFuture<'_, Result<(), Error>> {
///         Box::pin(async { Ok(()) }) // connects anew
///     }
/// }
///
/// async fn connect() -> Arc<Database> {
///     let database = Arc::new(Database);
///     thundra_aws::register_snapstart_resource(database.clone());
///     database
/// }
///
/// #[thundra_aws::handler(init = connect)]
/// async fn main(event: LambdaEvent<String>, database: &Arc<Database>) -> Result<String, Error> {
///     Ok(event.payload)
/// }
/// ```
pub fn register_snapstart_resource(resource: Arc<dyn SnapStartResource>) {
    if !HAS_HOOKS {
        diagnostics::once(
            "snapstart.feature",
            "a SnapStart resource takes the feature `snapstart` of thundra-aws, so its hooks do not run",
        );
        return;
    }
    let mut resources = resources();
    if resources.is_running {
        diagnostics::once(
            "snapstart",
            "a SnapStart resource was registered after the start of the runtime, so its hooks do not run: call \
             register_snapstart_resource before thundra_aws::run, or in the init function",
        );
    }
    resources.waiting.push(resource);
}

fn resources() -> MutexGuard<'static, Resources> {
    RESOURCES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Registers the hooks with the runtime of the program.
pub(super) fn register<S>(runtime: Runtime<S>, config: &'static Config) -> Runtime<S> {
    if HAS_HOOKS { runtime.register_snapstart_resource(Hooks::new(config)) } else { runtime }
}

/// The hooks of this crate around the hooks of the program.
pub(super) struct Hooks {
    config: &'static Config,
    resources: Vec<Arc<dyn SnapStartResource>>,
}

impl Hooks {
    /// Takes the resources of the program.
    pub(super) fn new(config: &'static Config) -> Arc<Self> {
        let mut resources = resources();
        resources.is_running = true;
        Arc::new(Hooks { config, resources: std::mem::take(&mut resources.waiting) })
    }

    async fn before(&self) -> Result<(), Error> {
        for resource in self.resources.iter().rev() {
            resource.before_snapshot().await?;
        }
        Ok(())
    }

    async fn after(&self) -> Result<(), Error> {
        for resource in &self.resources {
            resource.after_restore().await?;
        }
        Ok(())
    }

    /// Exports all waiting records. Unexported records are lost and reported now, since each copy would report the loss
    /// again.
    async fn export(&self) {
        let deadline = Instant::now() + self.config.otlp.flush_limit();
        let _ = timeout_at(deadline.into(), flush_last(deadline)).await;
        flushes_itself();
        for (index, lost) in forget_unexported().into_iter().enumerate().filter(|(_, lost)| lost.has_records()) {
            diagnostics::once(
                &format!("snapstart.lost.{index}"),
                format_args!("lost {lost} that could not be exported before the snapshot"),
            );
        }
        thundra_core::renew();
    }

    /// Runs the hooks of the program after a restore, in a new trace.
    async fn restore(&self) -> Result<(), Error> {
        let scope = Scope::builder("restore").begin_with(self.config);
        scope.set_flags(ScopeFlags::COLD_START);
        let context = scope.context();
        let restored = catch_panic_in(&scope, self.after()).await;
        if let Ok(Err(error)) = &restored {
            scope.fail(&Exception::of_static(&**error));
            scope.set_attribute(semconv::ERROR_TYPE, "restore_failed");
        }
        let records = scope.finish();
        match restored {
            Ok(Ok(())) => {
                initialisation::keep(context, records);
                Ok(())
            }
            // No invocation will follow and export the trace.
            Ok(Err(error)) => {
                super::layer::export_last(records, self.config).await;
                Err(error)
            }
            Err(panic) => {
                super::layer::export_last(records, self.config).await;
                resume_unwind(panic)
            }
        }
    }
}

impl SnapStartResource for Hooks {
    fn before_snapshot(&self) -> BoxFuture<'_, Result<(), Error>> {
        Box::pin(async move {
            let prepared = self.before().await;
            self.export().await;
            prepared
        })
    }

    fn after_restore(&self) -> BoxFuture<'_, Result<(), Error>> {
        Box::pin(async move {
            let began = Instant::now();
            environment::renew(self.config);
            let restored = if self.resources.is_empty() { Ok(()) } else { self.restore().await };
            usage::restored(self.config, began);
            environment::is_ready();
            restored
        })
    }
}
