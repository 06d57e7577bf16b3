//! The outcome of work: success or failure, by the returned value.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::convert::Infallible;
use std::ffi::OsString;
use std::fmt::Display;
use std::path::PathBuf;
use std::process::ExitCode;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use thundra_core::ScopeRef;
use thundra_core::exception::Exception;

/// The value returned by the work of a [`scope`](crate::scope()), recorded on the scope as a success or a failure.
///
/// `Err` is a failure, recorded with the messages of the sources. Every [`ExitCode`] but [`ExitCode::SUCCESS`] is a
/// failure too. Any other value is a success, also an `Option` or a collection.
///
/// # Examples
///
/// A type of your own is a success without a method. `record` may say otherwise:
///
/// ```
/// use thundra_http::{Outcome, ScopeRef};
///
/// struct Report {
///     rejected: u32,
/// }
///
/// impl Outcome for Report {
///     fn record(&self, scope: &ScopeRef) {
///         if self.rejected > 0 {
///             scope.set_error("rejected", format!("{} lines are rejected", self.rejected));
///         }
///     }
/// }
///
/// let report = thundra_http::sync_scope("import", || Report { rejected: 2 });
/// assert_eq!(report.rejected, 2);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say whether the work of a scope succeeded",
    label = "returned by the work",
    note = "return `Ok::<_, std::convert::Infallible>(value)`, or `Err` with an error that implements `Display`",
    note = "for a type of your own, write `impl thundra_http::Outcome for {Self} {{}}`"
)]
pub trait Outcome {
    /// Records a failure on the scope. Does nothing by default: the work succeeded.
    fn record(&self, scope: &ScopeRef) {
        let _ = scope;
    }
}

impl<T, E: Display + 'static> Outcome for Result<T, E> {
    fn record(&self, scope: &ScopeRef) {
        if let Err(error) = self {
            scope.fail(&Exception::of_value(error));
        }
    }
}

impl Outcome for ExitCode {
    fn record(&self, scope: &ScopeRef) {
        // The standard library does not compare exit codes. Only `Debug` shows the value.
        if format!("{self:?}") != format!("{:?}", ExitCode::SUCCESS) {
            scope.set_error("exit_code", "the program failed by its exit code");
        }
    }
}

/// Implements [`Outcome`] for types whose values are all successes.
macro_rules! successes {
    ($([$($generics:tt)*] $type:ty;)*) => {
        $(impl<$($generics)*> Outcome for $type {})*
    };
}

successes! {
    [] ();
    [] Infallible;
    [] bool;
    [] char;
    [] u8;
    [] u16;
    [] u32;
    [] u64;
    [] u128;
    [] usize;
    [] i8;
    [] i16;
    [] i32;
    [] i64;
    [] i128;
    [] isize;
    [] f32;
    [] f64;
    [] Duration;
    [] Instant;
    [] SystemTime;
    [] String;
    [] OsString;
    [] PathBuf;
    [] Bytes;
    [B: ToOwned + ?Sized] Cow<'_, B>;
    [T: ?Sized] &T;
    [T] Option<T>;
    [T] Vec<T>;
    [T] VecDeque<T>;
    [T] BTreeSet<T>;
    [K, V] BTreeMap<K, V>;
    [T, S] HashSet<T, S>;
    [K, V, S] HashMap<K, V, S>;
    [T: ?Sized] Box<T>;
    [T: ?Sized] Rc<T>;
    [T: ?Sized] Arc<T>;
    [T, const N: usize] [T; N];
    [A] (A,);
    [A, B] (A, B);
    [A, B, C] (A, B, C);
    [A, B, C, D] (A, B, C, D);
}
