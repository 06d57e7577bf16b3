//! A handle to a scope, without ownership.

use std::any::Any;
use std::borrow::Cow;
use std::error::Error;
use std::iter::successors;
use std::sync::Arc;
use std::time::SystemTime;

use tracing::Level;

use super::flags::ScopeFlags;
use crate::carrier::CorrelationIds;
use crate::exception::Exception;
use crate::metrics::{Instrument, Number};
use crate::pipeline::{Losses, backlog};
use crate::recorder::description::Description;
use crate::recorder::entered::Entered;
use crate::recorder::otel_context::OtelContext;
#[cfg(feature = "testing")]
use crate::recorder::receiver::Receiver;
use crate::recorder::slab::SCOPES;
use crate::recorder::slot::{SlotKind, SpanSlot};
use crate::recorder::unfinished::Unfinished;
use crate::recorder::{current, edit, kept_writer};
use crate::{Config, Records, Status, TraceContext, Value, log, metrics};

/// A handle to a scope, open or finished, without ownership. The methods do nothing after the scope is gone.
///
/// The methods change the root span of the scope. [`SpanExt`](crate::SpanExt) changes local spans.
///
/// # Examples
///
/// ```
/// use thundra_core::{NO_ATTRIBUTES, Scope, ScopeRef};
///
/// fn charge(card: &str) -> std::io::Result<()> {
///     let scope = ScopeRef::current();
///     scope.inspect(|scope| scope.set_attribute("card.network", "visa"));
///     Err(std::io::Error::other("declined")).inspect_err(|error| {
///         scope.inspect(|scope| scope.record_error(error));
///     })
/// }
///
/// let (earlier, scope) = (Scope::builder("reserve").begin(), Scope::builder("charge").begin());
/// scope.add_link(&earlier.context().unwrap(), NO_ATTRIBUTES);
/// assert!(scope.enter(|| charge("4111")).is_err());
/// let span = scope.finish().spans().next().unwrap();
/// assert!(span.status.is_error() && span.links.len() == 1);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScopeRef {
    root: SpanSlot,
}

impl ScopeRef {
    pub(super) const fn new(root: SpanSlot) -> Self {
        ScopeRef { root }
    }

    pub(super) const fn root(&self) -> SpanSlot {
        self.root
    }

    /// Returns the current scope; `None` outside of any scope.
    ///
    /// # Examples
    ///
    /// ```
    /// use thundra_core::{Scope, ScopeRef};
    ///
    /// let scope = Scope::builder("checkout").begin();
    /// assert_eq!(scope.enter(ScopeRef::current), Some(*scope));
    /// assert_eq!(ScopeRef::current(), None);
    /// ```
    pub fn current() -> Option<Self> {
        Some(ScopeRef { root: current::slot()?.root() })
    }

    /// Returns the outermost of the scopes around this one, or this one.
    #[doc(hidden)]
    #[must_use]
    pub fn outermost(&self) -> Self {
        let outer = |scope: &Self| {
            let outer = SCOPES.lock_as_is(scope.root.scope)?.outer?;
            // A nested scope keeps the decision of the outer one.
            Some(ScopeRef { root: SpanSlot::root_of(outer, self.recorded()) })
        };
        successors(Some(*self), outer).last().unwrap_or(*self)
    }

    /// Runs a closure in the scope, without the `tracing` span of the scope: for work run by others than the owner of
    /// the scope.
    #[doc(hidden)]
    pub fn enter<R>(&self, f: impl FnOnce() -> R) -> R {
        let _current = Entered::new(self.root);
        let otel_context = OtelContext::of(self.root);
        let _attached = otel_context.attach();
        f()
    }

    /// Sets the receiver of the data of the scope, and of scopes nested in the scope later.
    #[cfg(feature = "testing")]
    pub(crate) fn set_receiver(&self, receiver: Receiver) {
        if let Some(mut state) = SCOPES.lock(self.root.scope) {
            state.receiver = receiver;
        }
    }

    /// Returns `true` if the owner has finished the scope, or if the scope is gone.
    pub fn is_finished(&self) -> bool {
        SCOPES.lock_as_is(self.root.scope).is_none_or(|state| state.sealed)
    }

    /// Returns `true` if the spans of the scope are recorded. With [`Config::keep`](crate::Config::keep), the spans of
    /// an unsampled scope are recorded too, and the end of the scope decides on their export.
    pub fn recorded(&self) -> bool {
        self.root.kind() == SlotKind::Root
    }

    /// Returns `true` if the head sampler took the scope. Calls carry the decision to other programs.
    pub fn sampled(&self) -> bool {
        SCOPES.lock(self.root.scope).is_some_and(|state| state.sampled)
    }

    /// Returns the trace context of the root span.
    pub fn context(&self) -> Option<TraceContext> {
        SCOPES.lock(self.root.scope)?.context(0)
    }

    /// Sets an attribute of the root span, in place of an earlier value of the key.
    pub fn set_attribute(&self, key: impl AsRef<str>, value: impl Into<Value>) {
        edit::set_attribute(self.root, key.as_ref(), value.into());
    }

    /// Sets attributes of ours of the root span, in place of earlier values of the keys. The scope is locked once, and
    /// the built-in list of masked keys has none of the keys.
    #[doc(hidden)]
    pub fn set_attributes(&self, attributes: &[(&'static str, Value)]) {
        edit::set_own_attributes(self.root, attributes);
    }

    /// Sets several attributes of the root span from borrowed texts.
    #[doc(hidden)]
    pub fn describe(&self, describe: impl FnOnce(&mut Description<'_>)) {
        Description::of(self.root, false, describe);
    }

    /// Sets several attributes of the root span, with other keys than the
    /// [first description](crate::ScopeBuilder::begin_request) has, and different ones.
    #[doc(hidden)]
    pub fn describe_further(&self, describe: impl FnOnce(&mut Description<'_>)) {
        Description::further(self.root, describe);
    }

    /// Adds to a count in an attribute of the root span. The count begins at zero.
    #[doc(hidden)]
    pub fn add_to_attribute(&self, key: &str, count: u64) {
        edit::add_to_attribute(self.root, key, count);
    }

    /// Removes an attribute of the root span.
    #[doc(hidden)]
    pub fn remove_attribute(&self, key: &str) {
        edit::remove_attribute(self.root, key);
    }

    /// Sets the outcome of the root span. `Ok` is final. Credentials and query values in a description are redacted.
    pub fn set_status(&self, status: Status) {
        if status.is_error() {
            self.write_kept_lines();
        }
        edit::set_status(self.root, status);
    }

    /// Marks the root span as failed, with the attribute `error.type` and the message as the status description.
    /// Credentials and query values in both are redacted.
    ///
    /// # Examples
    ///
    /// ```
    /// use thundra_core::{Scope, Status};
    ///
    /// let scope = Scope::builder("charge").begin();
    /// scope.set_error("card_declined", "GET https://bank.example/charge?card=4111 failed");
    /// let span = scope.finish().spans().next().unwrap();
    /// assert_eq!(span.attribute("error.type"), Some(&"card_declined".into()));
    /// assert!(matches!(span.status, Status::Error { description, .. } if !description.contains("4111")));
    /// ```
    pub fn set_error(&self, error_type: impl Into<Cow<'static, str>>, message: impl Into<Cow<'static, str>>) {
        self.write_kept_lines();
        edit::set_error(self.root, error_type.into(), message.into());
    }

    /// Records an exception event on the root span and marks the span as failed, as
    /// [`SpanExt::record_error`](crate::SpanExt::record_error) does.
    ///
    /// # Examples
    ///
    /// ```
    /// use thundra_core::Scope;
    ///
    /// let scope = Scope::builder("charge").begin();
    /// scope.record_error(&std::io::Error::other("declined"));
    /// let span = scope.finish().spans().next().unwrap();
    /// assert_eq!(span.events[0].name, "exception");
    /// assert!(span.status.is_error());
    /// ```
    pub fn record_error(&self, error: &dyn Error) {
        self.write_kept_lines();
        edit::record_error(self.root, error);
    }

    /// Records an exception event on the root span and marks the span as failed, with the attribute `error.type`: the
    /// type of the exception.
    #[doc(hidden)]
    pub fn fail(&self, exception: &Exception) {
        self.write_kept_lines();
        edit::fail(self.root, exception);
    }

    /// Writes the [kept log lines](crate#kept-log-lines) of a failed scope, and further lines without delay.
    #[doc(hidden)]
    pub fn write_kept_lines(&self) {
        kept_writer::come_out(self.root.scope);
    }

    /// Writes the kept log lines of a scope that perhaps never ends, and of the nested scopes.
    #[doc(hidden)]
    pub fn write_all_kept_lines(&self) {
        kept_writer::all_come_out(self.root.scope);
    }

    /// Renames the root span.
    pub fn rename(&self, name: &str) {
        SCOPES.edit(self.root, |span, _| span.rename(name));
    }

    /// Links the root span to another span.
    pub fn add_link(
        &self,
        to: &TraceContext,
        attributes: impl IntoIterator<Item = (impl Into<Cow<'static, str>>, impl Into<Value>)>,
    ) {
        edit::add_link(self.root, to, attributes);
    }

    /// Returns the outcome of an open scope that was [exported before the end](Self::take_unfinished), as set before
    /// and after the export. `None` if the root span was not exported.
    #[doc(hidden)]
    pub fn status_despite_export(&self) -> Option<Status> {
        SCOPES.edit(self.root, |span, _| span.is_filled().then(|| span.status())).flatten()
    }

    /// Takes the spans of an open scope for an export before the end: the finished spans, and a provisional ending of
    /// each open span. Nested scopes are included. No span is exported again, and changes of an exported span are
    /// dropped and counted.
    ///
    /// Returns nothing after the end of the scope.
    #[doc(hidden)]
    pub fn take_unfinished(&self, ending: &Unfinished<'_>) -> Records {
        ending.take(self.root.scope)
    }

    /// Returns a copy of the correlation ids; `None` when the scope is gone.
    pub fn correlation(&self) -> Option<CorrelationIds> {
        Some(SCOPES.lock(self.root.scope)?.correlation.clone())
    }

    /// Returns the number of programs in the chain of calls, including the running program; `None` when the scope is
    /// gone.
    #[doc(hidden)]
    pub fn chain_length(&self) -> Option<u32> {
        self.with_correlation(CorrelationIds::chain_length)
    }

    /// Counts the running program in another received chain of calls too, and keeps the longer length.
    #[doc(hidden)]
    pub fn continue_chain(&self, received: &CorrelationIds) {
        self.change_correlation(|ids| ids.continue_chain(received));
    }

    /// Returns the text of the received `__context__` object.
    #[doc(hidden)]
    pub fn received_context(&self) -> Option<Arc<str>> {
        SCOPES.lock(self.root.scope)?.received_context.clone()
    }

    /// Counts messages sent without the full context of the scope. The count becomes an attribute of the root span, or
    /// of the next recorded root span.
    #[doc(hidden)]
    pub fn count_incomplete_messages(&self, messages: u64) {
        match SCOPES.lock(self.root.scope).filter(|state| !state.sealed) {
            Some(mut state) => state.incomplete_messages += messages,
            None => backlog::count(Losses::incomplete_messages(messages)),
        }
    }

    /// Records a measurement in the scope, or for the process after the end of the scope. Does nothing where nobody
    /// wants metrics.
    #[doc(hidden)]
    pub fn record(
        &self,
        instrument: &'static Instrument,
        value: impl Into<Number>,
        attributes: &[(&'static str, Value)],
    ) {
        if metrics::are_wanted() {
            metrics::record_in(Some(self.root.scope), instrument, value.into(), attributes);
        }
    }

    /// Adds flags, for the crates around the scope.
    #[doc(hidden)]
    pub fn set_flags(&self, flags: ScopeFlags) {
        if let Some(mut state) = SCOPES.lock(self.root.scope) {
            state.flags |= flags.bits();
        }
    }

    /// Returns the flags added so far.
    #[doc(hidden)]
    pub fn flags(&self) -> ScopeFlags {
        SCOPES.lock(self.root.scope).map_or(ScopeFlags::NONE, |state| ScopeFlags::from_bits(state.flags))
    }

    /// Returns `true` if the origin `name` triggered the work of the scope or of a surrounding scope.
    #[doc(hidden)]
    pub fn has_origin(&self, name: &str) -> bool {
        let mut next = Some(self.root.scope);
        while let Some(state) = next.and_then(|scope| SCOPES.lock(scope)) {
            if state.names.as_ref().is_some_and(|names| names.has_origin(name)) {
                return true;
            }
            next = state.outer;
        }
        false
    }

    /// Sets the names of the origins that triggered the work.
    #[doc(hidden)]
    pub fn set_origins(&self, names: Vec<String>) {
        if let Some(mut state) = SCOPES.lock(self.root.scope) {
            Arc::make_mut(state.names.get_or_insert_default()).origins = names;
        }
    }

    /// Returns the deadline of the work of the scope.
    #[doc(hidden)]
    pub fn deadline(&self) -> Option<SystemTime> {
        SCOPES.lock(self.root.scope)?.deadline
    }

    /// Attaches data of the owner to the open scope.
    #[doc(hidden)]
    pub fn attach<T: Any + Send + Sync>(&self, data: Arc<T>) {
        if let Some(mut state) = SCOPES.lock(self.root.scope) {
            state.attached = Some(data);
        }
    }

    /// Returns the attached data, if the data are of the type `T`.
    #[doc(hidden)]
    pub fn attached<T: Any + Send + Sync>(&self) -> Option<Arc<T>> {
        let attached = SCOPES.lock(self.root.scope)?.attached.clone()?;
        attached.downcast().ok()
    }

    /// Removes the attached data, because late spans of the scope would keep the data alive.
    #[doc(hidden)]
    pub fn detach(&self) {
        let attached = SCOPES.lock(self.root.scope).and_then(|mut state| state.attached.take());
        // Dropped after the lock.
        drop(attached);
    }

    /// Returns the status of the root span; unset for an unrecorded scope.
    #[doc(hidden)]
    pub fn status(&self) -> Status {
        SCOPES.edit(self.root, |span, _| span.status()).unwrap_or_default()
    }

    /// Returns the keys of the log lines of the scope, with a level, a message and the time: members of a JSON object,
    /// each after a comma. The line's `own` keys follow. A key appended by the program is left out if the key is among
    /// the `own` keys.
    #[doc(hidden)]
    pub fn line_head(&self, level: Level, message: &str, own: &[&str], config: &Config) -> Vec<u8> {
        log::head(level, message, own, config, self.root)
    }

    pub(crate) fn with_correlation<R>(&self, f: impl FnOnce(&CorrelationIds) -> R) -> Option<R> {
        Some(f(&SCOPES.lock(self.root.scope)?.correlation))
    }

    /// Changes the correlation ids, and thereby the log lines of the scope.
    pub(crate) fn change_correlation<R>(&self, f: impl FnOnce(&mut CorrelationIds) -> R) -> Option<R> {
        let mut state = SCOPES.lock(self.root.scope)?;
        state.log.changed();
        Some(f(&mut state.correlation))
    }
}
