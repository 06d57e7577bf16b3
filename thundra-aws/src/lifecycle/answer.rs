//! Invocations that are answered without the handler.
//!
//! The runtime reads the event and calls the service of the handler in one go, each by way of a type of this crate. An
//! answer set meanwhile takes the place of the event, and the event is then not read as the handler's type.

use std::cell::RefCell;
use std::time::Duration;

use futures_util::future::BoxFuture;
use serde::Serialize;
use thundra_core::exception::Exception;

use super::durable_status::FailedExecution;

thread_local! {
    static ANSWER: RefCell<Option<Answer>> = const { RefCell::new(None) };
}

/// The answer to an invocation in place of the handler's.
#[derive(Debug)]
pub enum Answer {
    /// `null`, after a wait.
    Nothing { wait: Duration },
    /// An error.
    Error(Exception),
    /// The failure of a durable execution. Lambda would retry an invocation with an error until the execution times
    /// out.
    FailedExecution(Exception),
}

/// The response in place of the handler's. A general value of JSON would bring a reader and a map to a program with
/// neither.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum Given {
    /// `null`.
    Nothing,
    FailedExecution(FailedExecution),
}

impl Answer {
    /// Runs a closure that reads the event and calls the handler, with the answer, if any, in place of the handler's
    /// response.
    pub(crate) fn in_place_of_handler<R>(answer: Option<Answer>, call: impl FnOnce() -> R) -> R {
        let Some(answer) = answer else { return call() };
        let _reset = Reset;
        ANSWER.set(Some(answer));
        call()
    }

    /// Waits as the answer asks, and returns the response or the error to answer with.
    pub(crate) fn given(self) -> BoxFuture<'static, Result<Given, Exception>> {
        Box::pin(async {
            match self {
                Answer::Nothing { wait } if wait.is_zero() => Ok(Given::Nothing),
                Answer::Nothing { wait } => {
                    tokio::time::sleep(wait).await;
                    Ok(Given::Nothing)
                }
                Answer::Error(exception) => Err(exception),
                Answer::FailedExecution(exception) => Ok(Given::FailedExecution(FailedExecution::of(&exception))),
            }
        })
    }

    /// Takes the answer of the invocation, while the runtime reads the event.
    pub(crate) fn take() -> Option<Answer> {
        ANSWER.take()
    }
}

/// Removes an untaken answer, after a panic too.
struct Reset;

impl Drop for Reset {
    fn drop(&mut self) {
        ANSWER.take();
    }
}
